//! Makes evaluations known: one ScaledWorkload for each workload, its status, and events. Written
//! only where there is news; what could not be written is tried again at the next tick.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use plimsoll_api::{
    FIELD_MANAGER, MANAGED_BY_LABEL, ScaledWorkload, ScaledWorkloadStatus, scaled_workload_name,
};
use plimsoll_domain::{Evaluation, WorkloadId};
use plimsoll_pipeline::{EvaluationSink, PortError};
use plimsoll_report::{EvaluationView, EventView, ReasonView, RunningView, event};
use serde_json::{Value, json};

use crate::call::call;
use crate::event::Events;
use crate::reference::Reference;
use crate::row::scaled::ScaledRow;
use crate::status::status;
use crate::written::Written;
use crate::{ClusterError, Index, Lead};

/// Workloads that are written at the same time. A write takes about 10 ms, so that 8 of them make
/// 800 a second: a first tick over 1,000 workloads writes for about 3 s.
const CONCURRENCY: usize = 8;

/// How long one tick may write. A third of the evaluation interval (60 s); enough for 16,000
/// writes, and the end of waiting for an API server that hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// The live cluster as where evaluations go.
#[derive(Clone)]
pub struct StatusSink {
    client: Client,
    index: Arc<Index>,
    events: Events,
    lead: Lead,
    known: BTreeMap<WorkloadId, Known>,
}

/// What this process wrote about a workload. The watch shows it somewhat later.
#[derive(Clone, Debug)]
struct Known {
    written: Written,
    /// Whether the watch has shown the object since. If it then does not, someone deleted it.
    was_seen: bool,
}

/// One workload's news.
struct News {
    id: WorkloadId,
    target: Reference,
    /// Whether the object itself, not only its status, is to be written.
    object: bool,
    status: ScaledWorkloadStatus,
    view: EvaluationView,
    event: Option<EventView>,
    written: Written,
}

impl std::fmt::Debug for StatusSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StatusSink").field("known", &self.known.len()).finish_non_exhaustive()
    }
}

impl EvaluationSink for StatusSink {
    async fn publish(&mut self, evaluations: &[Evaluation]) -> Result<(), PortError> {
        self.events.begin_tick();
        self.forget_all_but(evaluations);
        let news: Vec<_> = evaluations.iter().filter_map(|one| self.news(one)).collect();
        let total = news.len();
        let (done, first_error) = self.write_all(news).await;
        let written = done.len();
        for (id, written) in done {
            self.known.insert(id, Known { written, was_seen: false });
        }
        match first_error {
            None if written == total => Ok(()),
            None => Err(PortError::plain(format!(
                "write the status of {} of {total} workloads: the API server is slow",
                total - written
            ))),
            Some(error) => Err(PortError::new(
                format!("write the status of {} of {total} workloads", total - written),
                error,
            )),
        }
    }
}

impl StatusSink {
    pub(crate) fn new(client: Client, index: Arc<Index>, lead: Lead, instance: &str) -> Self {
        let events = Events::new(client.clone(), instance);
        Self { client, index, events, lead, known: BTreeMap::new() }
    }

    /// Objects of workloads that are gone go by their owner reference.
    fn forget_all_but(&mut self, evaluations: &[Evaluation]) {
        let mut known = std::mem::take(&mut self.known);
        let kept = evaluations.iter().filter_map(|one| known.remove_entry(&one.workload));
        self.known = kept.collect();
    }

    /// What is to be written about an evaluation; none where there is no news, or no workload.
    fn news(&mut self, evaluation: &Evaluation) -> Option<News> {
        let id = &evaluation.workload;
        let row = self.index.read(|tables| tables.scaled_row(id).cloned());
        let before = self.before(id, row.as_ref());
        let view = EvaluationView::from(evaluation);
        let status = status(evaluation, &view, before.as_ref());
        let written = Written::of(&status, &view);
        let target = self.index.read(|tables| tables.reference(id))?;
        let has_owner = |row: &ScaledRow| row.owner_uid.as_deref() == Some(&*target.uid);
        let object = match &row {
            Some(row) => !has_owner(row),
            None => before.is_none(),
        };
        let is_news = before.as_ref().is_none_or(|before| written.is_news_after(before));
        (is_news || object).then(|| News {
            id: id.clone(),
            object,
            event: self.event(before.as_ref(), &view),
            target,
            status,
            view,
            written,
        })
    }

    /// What is known to be written: by this process, else as the watch shows it.
    fn before(&mut self, id: &WorkloadId, row: Option<&ScaledRow>) -> Option<Written> {
        let Some(known) = self.known.get_mut(id) else {
            return row.and_then(|row| row.written.clone());
        };
        match row {
            Some(_) => known.was_seen = true,
            None if known.was_seen => {
                self.known.remove(id);
                return None;
            }
            None => {}
        }
        Some(known.written.clone())
    }

    fn event(&mut self, before: Option<&Written>, view: &EvaluationView) -> Option<EventView> {
        let previous = before.map(|before| {
            let mut previous = view.clone();
            let reason = ReasonView { code: before.reason.to_string(), message: String::new() };
            previous.decision.running = RunningView::Hold { reason };
            previous
        });
        let event = event(previous.as_ref(), view)?;
        if self.events.admit() {
            return Some(event);
        }
        tracing::info!(reason = event.reason, note = event.note, "Event was left out, too many");
        None
    }

    /// Writes all it can within the limit. What was written, and the first error.
    async fn write_all(
        &self,
        news: Vec<News>,
    ) -> (Vec<(WorkloadId, Written)>, Option<ClusterError>) {
        let mut done = Vec::with_capacity(news.len());
        let mut first_error = None;
        let writes = stream::iter(news).map(|news| self.write(news)).buffer_unordered(CONCURRENCY);
        let mut writes = std::pin::pin!(writes);
        let all = async {
            while let Some(result) = writes.next().await {
                match result {
                    Ok(written) => done.push(written),
                    Err(error) => {
                        first_error.get_or_insert(error);
                    }
                }
            }
        };
        let in_time = tokio::time::timeout(LIMIT, all).await;
        tracing::debug!(in_time = in_time.is_ok(), "Status was written");
        (done, first_error)
    }

    /// Asked before every call: the time between losing the lease and another's taking it covers
    /// one.
    fn still_leads(&self, attempt: &str) -> Result<(), ClusterError> {
        let lost = || ClusterError::LeadLost { attempt: attempt.to_owned() };
        self.lead.holds().then_some(()).ok_or_else(lost)
    }

    async fn write(&self, news: News) -> Result<(WorkloadId, Written), ClusterError> {
        let api: Api<ScaledWorkload> = Api::namespaced(self.client.clone(), &news.id.namespace);
        let name = scaled_workload_name(&news.id);
        let attempt = format!("apply the ScaledWorkload {}/{name}", news.id.namespace);
        self.still_leads(&attempt)?;
        let params = PatchParams::apply(FIELD_MANAGER).force();
        if news.object {
            let patch = Patch::Apply(object(&name, &news.target));
            call(attempt, api.patch(&name, &params, &patch)).await?;
        }
        let mut status = news.status;
        status.evaluation = serde_json::to_value(&news.view).ok();
        let patch = Patch::Apply(json!({
            "apiVersion": "plimsoll.dev/v1alpha1",
            "kind": "ScaledWorkload",
            "metadata": {"name": name},
            "status": status,
        }));
        let attempt =
            format!("apply the status of the ScaledWorkload {}/{name}", news.id.namespace);
        self.still_leads(&attempt)?;
        call(attempt, api.patch_status(&name, &params, &patch)).await?;
        if let Some(event) = news.event {
            // An event that is lost is no reason to write the status again.
            if let Err(error) = self.events.write(&news.target, event).await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(workload = %news.id, error, "Event was not written");
            }
        }
        Ok((news.id, news.written))
    }
}

/// The object as far as this program owns it: target, label, and whose it is.
fn object(name: &str, target: &Reference) -> Value {
    let (label, value) = MANAGED_BY_LABEL;
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1",
        "kind": "ScaledWorkload",
        "metadata": {
            "name": name,
            "labels": {label: value},
            "ownerReferences": [target.owner()],
        },
        "spec": {"targetRef": {
            "apiVersion": target.api_version, "kind": target.kind, "name": target.name,
        }},
    })
}

#[cfg(test)]
mod tests;
