//! Resizes running pods in place: one PATCH of the `resize` subresource for each pod, and no
//! second try in the same tick.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use plimsoll_api::{FIELD_MANAGER, resources_to_k8s};
use plimsoll_domain::{
    Action, ContainerChange, Outcome, OutcomeResult, PerResource, PodChange, Resource, Timestamp,
};
use plimsoll_pipeline::Actuator;
use serde_json::{Map, Value, json};

use crate::call::call;
use crate::table::Key;
use crate::{ClusterError, Index, Lead};

/// The live cluster as what changes pods.
#[derive(Clone)]
pub struct Resizer {
    pub(crate) client: Client,
    pub(crate) index: Arc<Index>,
    /// Nothing is sent.
    pub(crate) dry_run: bool,
    /// Nothing is sent either once it is lost.
    pub(crate) lead: Lead,
    /// The tick in which the API server gave no answer: it is not asked again in that tick, so
    /// that a server that hangs costs one time limit and not one for every pod.
    pub(crate) unanswered_at: Option<Timestamp>,
}

impl std::fmt::Debug for Resizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resizer").field("dry_run", &self.dry_run).finish_non_exhaustive()
    }
}

impl Actuator for Resizer {
    async fn apply(&mut self, action: &Action, now: Timestamp) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(action.changes.len());
        for change in &action.changes {
            let result = self.change(&action.workload.namespace, change, now).await;
            tracing::info!(
                workload = %action.workload,
                pod = change.pod,
                ?result,
                "Pod resize ended",
            );
            outcomes.push(Outcome {
                workload: action.workload.clone(),
                pod: change.pod.clone(),
                at: now,
                result,
            });
        }
        outcomes
    }
}

impl Resizer {
    async fn change(
        &mut self,
        namespace: &str,
        change: &PodChange,
        now: Timestamp,
    ) -> OutcomeResult {
        if self.dry_run {
            return OutcomeResult::DryRun;
        }
        if !self.lead.holds() {
            return OutcomeResult::Failed { message: "this replica leads no more".to_owned() };
        }
        if self.unanswered_at == Some(now) {
            let message = "the API server gave no answer to the change before".to_owned();
            return OutcomeResult::Failed { message };
        }
        let api: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let patch = Patch::Strategic(self.patch(namespace, change));
        let params =
            PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let attempt = format!("resize the pod {namespace}/{}", change.pod);
        match call(attempt, api.patch_resize(&change.pod, &params, &patch)).await {
            Ok(_) => OutcomeResult::Accepted,
            Err(error) => {
                if error.code().is_none() {
                    self.unanswered_at = Some(now);
                }
                outcome(&error)
            }
        }
    }

    /// The patch of one pod. It names the pod's uid: the API server refuses it for another pod
    /// that got the name meanwhile.
    fn patch(&self, namespace: &str, change: &PodChange) -> Value {
        let sidecars = self.index.read(|tables| {
            let row = tables.pods.get(&Key::new(namespace, &change.pod));
            row.map(|row| row.sidecars.clone()).unwrap_or_default()
        });
        let is_sidecar = |c: &&ContainerChange| sidecars.iter().any(|name| **name == c.container);
        let (sidecars, regular): (Vec<_>, Vec<_>) = change.containers.iter().partition(is_sidecar);
        let mut spec = Map::new();
        for (list, changes) in [("containers", regular), ("initContainers", sidecars)] {
            if !changes.is_empty() {
                spec.insert(list.to_owned(), changes.into_iter().map(container).collect());
            }
        }
        json!({"metadata": {"uid": &*change.uid}, "spec": spec})
    }
}

/// A container of the patch. A value that is to go is written as `null`: left out, it would stay.
fn container(change: &ContainerChange) -> Value {
    let to = resources_to_k8s(&change.to);
    let had = |of: fn(&plimsoll_domain::Allocation) -> bool| {
        PerResource::from_fn(|resource| of(change.from.get(resource)))
    };
    let requests = values(to.requests.as_ref().map(|map| json!(map)), had(|a| a.request.is_some()));
    let limits = values(to.limits.as_ref().map(|map| json!(map)), had(|a| a.limit.is_some()));
    json!({
        "name": change.container,
        "resources": {"requests": requests, "limits": limits},
    })
}

fn values(to: Option<Value>, had: PerResource<bool>) -> Value {
    let mut values = match to {
        Some(Value::Object(values)) => values,
        _ => Map::new(),
    };
    for resource in Resource::ALL {
        if *had.get(resource) {
            values.entry(resource.name()).or_insert(Value::Null);
        }
    }
    Value::Object(values)
}

/// What an answer means. 404: the pod is gone. 409, or a 422 that names the uid: another pod has
/// its name. Other answers from 400 to 499 are refusals, except 429, which is haste.
fn outcome(error: &ClusterError) -> OutcomeResult {
    let Some(status) = error.status() else {
        let source = std::error::Error::source(error);
        let message = source.map_or_else(|| error.to_string(), |s| format!("{error}: {s}"));
        return OutcomeResult::Failed { message };
    };
    let message = status.message.clone();
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let is_other_pod = causes.into_iter().any(|cause| cause.field == "metadata.uid");
    match status.code {
        404 | 409 => OutcomeResult::Gone,
        422 if is_other_pod => OutcomeResult::Gone,
        429 => OutcomeResult::Failed { message },
        400..=499 => OutcomeResult::Refused { message },
        _ => OutcomeResult::Failed { message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Answer, Mock};
    use plimsoll_domain::{Allocation, Amount, Resources, WorkloadId, WorkloadKind};

    fn resources(cpu: u32, memory_limit: Option<u32>) -> Resources {
        PerResource {
            cpu: Allocation { request: Some(Amount::from_millicores(cpu)), limit: None },
            memory: Allocation { request: None, limit: memory_limit.map(Amount::from_mebibytes) },
        }
    }

    fn action(pods: &[&str]) -> Action {
        let change = |pod: &&str| PodChange {
            pod: (*pod).to_owned(),
            uid: format!("uid-{pod}").into(),
            containers: vec![ContainerChange {
                container: "app".to_owned(),
                from: resources(1000, Some(64)),
                to: resources(220, Some(128)),
            }],
        };
        Action {
            workload: WorkloadId {
                namespace: "shop".into(),
                kind: WorkloadKind::Deployment,
                name: "web".into(),
            },
            changes: pods.iter().map(change).collect(),
            values: Vec::new(),
            waiting_for_budget: 0,
        }
    }

    fn resizer(mock: &Mock, dry_run: bool) -> Resizer {
        Resizer {
            client: mock.client(),
            index: Arc::new(Index::test()),
            dry_run,
            lead: Lead::test(),
            unanswered_at: None,
        }
    }

    fn word(result: &OutcomeResult) -> &'static str {
        match result {
            OutcomeResult::Accepted => "accepted",
            OutcomeResult::DryRun => "dry run",
            OutcomeResult::Gone => "gone",
            OutcomeResult::Refused { .. } => "refused",
            OutcomeResult::Failed { .. } => "failed",
        }
    }

    async fn check(pods: &[&str], answers: Vec<Answer>, expect: &[&str], calls: usize) {
        let mock = Mock::new(answers);
        let outcomes = resizer(&mock, false).apply(&action(pods), Timestamp::from_seconds(1)).await;
        let words: Vec<_> = outcomes.iter().map(|outcome| word(&outcome.result)).collect();
        assert_eq!(words, expect);
        assert_eq!(mock.requests().len(), calls);
    }

    fn status(code: u16, field: &str) -> Answer {
        Answer::Status(code, json!({"causes": [{"field": field}]}))
    }

    #[tokio::test]
    async fn a_resize_is_one_patch_that_names_the_uid() {
        let mock = Mock::new(vec![Answer::Json(200, json!({"metadata": {}}))]);
        let outcomes =
            resizer(&mock, false).apply(&action(&["a"]), Timestamp::from_seconds(1)).await;
        assert_eq!(outcomes[0].result, OutcomeResult::Accepted);
        let requests = mock.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].method, "PATCH");
        assert!(requests[0].uri.starts_with("/api/v1/namespaces/shop/pods/a/resize?"));
        let expect = json!({
            "metadata": {"uid": "uid-a"},
            "spec": {"containers": [{"name": "app", "resources": {
                "requests": {"cpu": "220m"}, "limits": {"memory": "128Mi"},
            }}]},
        });
        assert_eq!(requests[0].body, expect);
    }

    #[tokio::test]
    async fn answers_become_outcomes() {
        let ok = || Answer::Json(200, json!({"metadata": {}}));
        check(&["a", "b"], vec![ok(), ok()], &["accepted", "accepted"], 2).await;
        check(&["a"], vec![status(404, "")], &["gone"], 1).await;
        check(&["a"], vec![status(409, "")], &["gone"], 1).await;
        check(&["a"], vec![status(422, "metadata.uid")], &["gone"], 1).await;
        check(&["a"], vec![status(422, "spec")], &["refused"], 1).await;
        check(&["a"], vec![status(403, "")], &["refused"], 1).await;
        check(&["a"], vec![status(429, "")], &["failed"], 1).await;
        check(&["a"], vec![status(500, "")], &["failed"], 1).await;
    }

    #[tokio::test]
    async fn a_refusal_does_not_keep_the_next_pod_from_its_change() {
        let answers = vec![status(422, "spec"), Answer::Json(200, json!({"metadata": {}}))];
        check(&["a", "b"], answers, &["refused", "accepted"], 2).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_hangs_is_asked_once_a_tick() {
        check(&["a", "b", "c"], vec![Answer::Never], &["failed"; 3], 1).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_leader_whose_lease_ran_out_sends_nothing() {
        let mock = Mock::new(Vec::new());
        let mut resizer = resizer(&mock, false);
        tokio::time::advance(std::time::Duration::from_hours(1)).await;
        let outcomes = resizer.apply(&action(&["a"]), Timestamp::from_seconds(1)).await;
        assert_eq!(word(&outcomes[0].result), "failed");
        assert!(mock.requests().is_empty());
    }

    #[tokio::test]
    async fn a_dry_run_sends_nothing() {
        let mock = Mock::new(Vec::new());
        let outcomes =
            resizer(&mock, true).apply(&action(&["a"]), Timestamp::from_seconds(1)).await;
        assert_eq!(outcomes[0].result, OutcomeResult::DryRun);
        assert!(mock.requests().is_empty());
    }
}
