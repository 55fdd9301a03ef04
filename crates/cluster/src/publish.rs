//! Makes evaluations known: one ScaledWorkload for each workload, its status, and events, and what
//! became of the objects that people wrote. Written only where there is news; what could not be
//! written is tried again at the next tick.

mod objects;
mod policies;

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
use plimsoll_domain::{Evaluation, Timestamp, WorkloadId, WorkloadKind};
use plimsoll_pipeline::{EvaluationSink, PortError};
use plimsoll_report::{EvaluationView, EventView, ReasonView, RunningView, event};
use serde_json::{Value, json};

use crate::call::call;
use crate::event::Events;
use crate::reference::Reference;
use crate::row::scaled::ScaledRow;
use crate::status::status;
use crate::thoras::Thoras;
use crate::written::Written;
use crate::{ClusterError, Index, Lead};
use objects::ObjectStatuses;

pub(crate) use objects::ObjectStatus;

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
    thoras: Thoras,
    objects: ObjectStatuses,
}

/// What this process wrote about a workload. The watch shows it somewhat later.
#[derive(Clone, Debug)]
struct Known {
    written: Written,
    /// Whether the watch has shown the object since. If it then does not, someone deleted it.
    was_seen: bool,
    /// The owner that the watch showed when the object itself was written because that owner was not
    /// the right one. Shown again, it is the watch that lags behind, or an owner of someone else's.
    corrected: Option<ShownOwner>,
}

/// One workload's news.
struct News {
    id: WorkloadId,
    target: Reference,
    /// The object itself, where not only its status is to be written.
    object: Option<Value>,
    /// The owner that is corrected, or was.
    corrected: Option<ShownOwner>,
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
    async fn publish(
        &mut self,
        evaluations: &[Evaluation],
        now: Timestamp,
    ) -> Result<(), PortError> {
        let of_workloads = self.publish_workloads(evaluations).await;
        let of_objects = self.publish_objects(evaluations, now).await;
        let of_targets = match self.thoras.make_targets().await {
            Some(error) => Err(PortError::new("make what ClusterAIScaleTemplates ask for", error)),
            None => Ok(()),
        };
        of_workloads.and(of_objects).and(of_targets)
    }
}

impl StatusSink {
    pub(crate) fn new(
        client: Client,
        index: Arc<Index>,
        lead: Lead,
        instance: &str,
        thoras: Thoras,
    ) -> Self {
        let events = Events::new(client.clone(), instance);
        let objects = ObjectStatuses::new(client.clone(), lead.clone());
        Self { client, index, events, lead, known: BTreeMap::new(), thoras, objects }
    }

    async fn publish_workloads(&mut self, evaluations: &[Evaluation]) -> Result<(), PortError> {
        self.events.begin_tick();
        self.forget_all_but(evaluations);
        let news: Vec<_> = evaluations.iter().filter_map(|one| self.news(one)).collect();
        let total = news.len();
        let (done, first_error) = self.write_all(news).await;
        let written = done.len();
        for (id, known) in done {
            self.known.insert(id, known);
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

    async fn publish_objects(
        &mut self,
        evaluations: &[Evaluation],
        now: Timestamp,
    ) -> Result<(), PortError> {
        let Self { index, thoras, .. } = self;
        let news = index.read(|tables| {
            let mut news = policies::statuses(tables, evaluations, now);
            news.extend(thoras.statuses(tables, evaluations, now));
            news
        });
        match self.objects.write(news).await {
            (_, Some(error)) => {
                Err(PortError::new("write the status of policies and targets", error))
            }
            (0, None) => Ok(()),
            (left, None) => {
                // Not a trouble: the budget of a tick, or a server that takes its time.
                tracing::info!(left, "Statuses of policies and targets are left to the next tick");
                Ok(())
            }
        }
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
        let owner = owned(id, row.as_ref()).then_some(&target);
        let shown = row.as_ref().map(|row| row.owner_uid.clone());
        let is_due = match &shown {
            Some(shown) => self.needs_correction(id, shown, owner),
            None => before.is_none(),
        };
        let is_news = before.as_ref().is_none_or(|before| written.is_news_after(before));
        let object = is_due.then(|| object(&scaled_workload_name(id), &target, owner));
        (is_news || is_due).then(|| News {
            id: id.clone(),
            object,
            corrected: if is_due { shown } else { self.corrected(id).cloned() },
            event: self.event(before.as_ref(), &view),
            target,
            status,
            view,
            written,
        })
    }

    /// Whether the object's owner is not the right one, and was not the same when that was corrected.
    fn needs_correction(
        &mut self,
        id: &WorkloadId,
        shown: &ShownOwner,
        owner: Option<&Reference>,
    ) -> bool {
        let is_right = shown.as_deref() == owner.map(|owner| &*owner.uid);
        if is_right && let Some(known) = self.known.get_mut(id) {
            known.corrected = None;
        }
        !is_right && self.corrected(id) != Some(shown)
    }

    fn corrected(&self, id: &WorkloadId) -> Option<&ShownOwner> {
        self.known.get(id)?.corrected.as_ref()
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
    async fn write_all(&self, news: Vec<News>) -> (Vec<(WorkloadId, Known)>, Option<ClusterError>) {
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

    async fn write(&self, news: News) -> Result<(WorkloadId, Known), ClusterError> {
        let api: Api<ScaledWorkload> = Api::namespaced(self.client.clone(), &news.id.namespace);
        let name = scaled_workload_name(&news.id);
        let attempt = format!("apply the ScaledWorkload {}/{name}", news.id.namespace);
        self.still_leads(&attempt)?;
        let params = PatchParams::apply(FIELD_MANAGER).force();
        if let Some(object) = news.object {
            call(attempt, api.patch(&name, &params, &Patch::Apply(object))).await?;
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
        Ok((news.id, Known { written: news.written, was_seen: false, corrected: news.corrected }))
    }
}

/// The uid of an object's owner, as the watch shows it.
type ShownOwner = Option<Box<str>>;

/// Whether a workload's object goes with it.
///
/// One that holds a person's settings stays, as does a custom workload's: its pods come and go, and
/// the next of them get what was learned from those before. Such an object ends when a person deletes
/// it.
fn owned(id: &WorkloadId, row: Option<&ScaledRow>) -> bool {
    let is_custom = matches!(id.kind, WorkloadKind::Custom(_));
    !is_custom && row.is_none_or(|row| row.document.is_none())
}

/// The object as far as this program owns it: target, label, and whose it is. Settings are a
/// person's and never named here, so that they stay as they are.
fn object(name: &str, target: &Reference, owner: Option<&Reference>) -> Value {
    let (label, value) = MANAGED_BY_LABEL;
    let mut object = json!({
        "apiVersion": "plimsoll.dev/v1alpha1",
        "kind": "ScaledWorkload",
        "metadata": {
            "name": name,
            "labels": {label: value},
        },
        "spec": {"targetRef": {
            "apiVersion": target.api_version, "kind": target.kind, "name": target.name,
        }},
    });
    if let Some(owner) = owner {
        object["metadata"]["ownerReferences"] = json!([owner.owner()]);
    }
    object
}

#[cfg(test)]
pub(crate) mod tests;
