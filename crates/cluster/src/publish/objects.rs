//! Writes the status of objects that people wrote: what became of what they ask for. Only where it
//! says something else than the watch shows, and only so many in a tick.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::{Api, Client};
use plimsoll_api::FIELD_MANAGER;
use serde_json::{Value, json};

use super::CONCURRENCY;
use crate::call::call;
use crate::row::object::ObjectRow;
use crate::table::Key;
use crate::told::Told;
use crate::{ClusterError, Lead};

/// Statuses in one tick. A write takes about 10 ms, 8 at a time: 500 take about 0.6 s of the 20 s
/// that a tick may publish for, and 10,000 targets are told within 20 ticks of a first start.
const PER_TICK: usize = 500;

/// How long one tick may write them. Twice the limit of one call, so that a server that hangs is
/// given up on after it; with the 20 s of workloads' own objects, half of the evaluation interval.
const LIMIT: Duration = Duration::from_secs(10);

/// The status of one object.
#[derive(Clone, Debug)]
pub(crate) struct ObjectStatus {
    /// Its kind.
    pub kind: Told,
    /// Namespace, empty where the kind has none, and name.
    pub key: Key,
    /// An object of the same name that someone makes meanwhile is another.
    uid: Box<str>,
    /// What its status is to say.
    pub wanted: Value,
    /// What it says, as the watch shows it.
    shown: Option<Value>,
}

impl ObjectStatus {
    /// The status of an object, where it is to say something else than it does.
    pub(crate) fn of(
        kind: Told,
        key: &Key,
        row: &ObjectRow,
        status: impl FnOnce(Option<&Value>) -> Value,
    ) -> Option<Self> {
        let shown = row.status();
        let wanted = status(shown.as_ref());
        let is_news = shown.as_ref() != Some(&wanted);
        is_news.then(|| Self { kind, key: key.clone(), uid: row.uid.clone(), wanted, shown })
    }
}

/// Writes statuses.
#[derive(Clone)]
pub(crate) struct ObjectStatuses {
    client: Client,
    lead: Lead,
    /// What was written last, and what was shown then. Both the same again: the watch lags behind,
    /// or another program says more in the same status than this one does.
    tried: BTreeMap<(Told, Key), (Value, Option<Value>)>,
}

impl std::fmt::Debug for ObjectStatuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectStatuses").field("tried", &self.tried.len()).finish_non_exhaustive()
    }
}

impl ObjectStatuses {
    pub(crate) fn new(client: Client, lead: Lead) -> Self {
        Self { client, lead, tried: BTreeMap::new() }
    }

    /// Writes what is news: all objects whose status is to change. How many of them were left for
    /// later, and the first error.
    pub(crate) async fn write(&mut self, news: Vec<ObjectStatus>) -> (usize, Option<ClusterError>) {
        let mut tried = std::mem::take(&mut self.tried);
        let known = news.iter().filter_map(|one| tried.remove_entry(&(one.kind, one.key.clone())));
        self.tried = known.collect();
        let news: Vec<_> = news.into_iter().filter(|one| !self.was_tried(one)).collect();
        let total = news.len();
        let mut done = 0;
        let mut first_error = None;
        let writes = stream::iter(news).take(PER_TICK);
        let writes = writes.map(|one| apply(&self.client, &self.lead, one));
        let mut writes = std::pin::pin!(writes.buffer_unordered(CONCURRENCY));
        let tried = &mut self.tried;
        let all = async {
            while let Some(result) = writes.next().await {
                match result {
                    Ok(ObjectStatus { kind, key, wanted, shown, .. }) => {
                        done += 1;
                        tried.insert((kind, key), (wanted, shown));
                    }
                    Err(error) => {
                        first_error.get_or_insert(error);
                    }
                }
            }
        };
        // What is not done in time is news again at the next tick.
        tokio::time::timeout(LIMIT, all).await.ok();
        (total - done, first_error)
    }

    fn was_tried(&self, one: &ObjectStatus) -> bool {
        let tried = self.tried.get(&(one.kind, one.key.clone()));
        tried.is_some_and(|(wanted, shown)| {
            *shown == one.shown && untimed(wanted) == untimed(&one.wanted)
        })
    }
}

/// A status without times: of what is not shown as it was written, they are always now.
fn untimed(status: &Value) -> Value {
    match status {
        Value::Object(map) => {
            let is_time = |key: &str| matches!(key, "lastTransitionTime" | "start");
            let kept = map.iter().filter(|(key, _)| !is_time(key));
            Value::Object(kept.map(|(key, value)| (key.clone(), untimed(value))).collect())
        }
        Value::Array(values) => values.iter().map(untimed).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => status.clone(),
    }
}

async fn apply(
    client: &Client,
    lead: &Lead,
    one: ObjectStatus,
) -> Result<ObjectStatus, ClusterError> {
    let resource = one.kind.resource();
    let Key { namespace, name } = &one.key;
    let attempt = format!("apply the status of the {} {namespace}/{name}", resource.kind);
    if !lead.holds() {
        return Err(ClusterError::LeadLost { attempt });
    }
    let api: Api<DynamicObject> = if namespace.is_empty() {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::namespaced_with(client.clone(), namespace, &resource)
    };
    let patch = Patch::Apply(json!({
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": &**name, "uid": &*one.uid},
        "status": one.wanted,
    }));
    let params = PatchParams::apply(FIELD_MANAGER).force();
    match call(attempt, api.patch_status(name, &params, &patch)).await {
        // It is gone, or another of that name is there.
        Err(error) if matches!(error.code(), Some(404 | 409)) => Ok(one),
        written => written.map(|_| one),
    }
}
