//! Evicts a pod through the Eviction API, which keeps PodDisruptionBudgets.
//!
//! The request is made here and not by `Api::evict`, which (kube 5.0) writes `delete_options` for
//! `deleteOptions`: the API server drops it, and with it the uid.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::Eviction as EvictionBody;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{DeleteOptions, Preconditions};
use kube::api::{ObjectMeta, PostParams};
use kube::core::Status;
use kube::{Api, Client};

use crate::ClusterError;
use crate::call::call;

/// What came of an eviction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// The pod is on its way out.
    Accepted,
    /// A PodDisruptionBudget does not allow it now; in the API server's own words.
    Blocked {
        /// Which budget, and what it needs.
        message: String,
    },
    /// The pod was gone, or another of its name had come.
    Gone,
}

/// Evicts pods. A budget that does not allow it is an answer, and comes at once: the client that
/// is used must not retry by itself.
#[derive(Clone)]
pub struct Evictor {
    client: Client,
}

impl std::fmt::Debug for Evictor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evictor").finish_non_exhaustive()
    }
}

impl Evictor {
    /// Evicts through this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Evicts the pod of this name, if its uid is still the one given.
    pub async fn evict(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
    ) -> Result<Eviction, ClusterError> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let attempt = format!("evict the pod {namespace}/{name}");
        let body = body(namespace, name, uid);
        let params = PostParams::default();
        let created = api.create_subresource::<_, Status>("eviction", name, &params, &body);
        let Err(error) = call(attempt, created).await else {
            return Ok(Eviction::Accepted);
        };
        match error.status() {
            Some(status) if status.code == 429 => {
                Ok(Eviction::Blocked { message: blocked_by(status) })
            }
            Some(status) if matches!(status.code, 404 | 409) => Ok(Eviction::Gone),
            _ => Err(error),
        }
    }
}

fn body(namespace: &str, name: &str, uid: &str) -> EvictionBody {
    EvictionBody {
        metadata: ObjectMeta {
            namespace: Some(namespace.to_owned()),
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        delete_options: Some(DeleteOptions {
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            }),
            ..DeleteOptions::default()
        }),
    }
}

/// The message and its causes, which name the budget.
fn blocked_by(status: &Status) -> String {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let messages = causes.map(|cause| cause.message.as_str());
    let messages = std::iter::once(status.message.as_str()).chain(messages);
    let messages: Vec<_> = messages.filter(|message| !message.is_empty()).collect();
    messages.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Answer, Mock};
    use serde_json::json;

    async fn check(answer: Answer, expect: &Eviction) {
        let mock = Mock::new(vec![answer]);
        let evictor = Evictor::new(mock.client());
        let eviction = evictor.evict("shop", "web-1", "uid").await.unwrap();
        assert_eq!(&eviction, expect);
        assert_eq!(mock.requests().len(), 1, "one request, no retry");
        let options = &mock.requests()[0].body["deleteOptions"];
        assert_eq!(options["preconditions"], json!({"uid": "uid"}));
    }

    #[tokio::test]
    async fn a_budget_that_blocks_is_answered_at_once_with_its_reason() {
        let budget = "The disruption budget web needs 3 healthy pods and has 3 currently";
        let answer = Answer::Status(429, json!({"causes": [{"message": budget}]}));
        let blocked = Eviction::Blocked { message: format!("status 429 {budget}") };
        check(answer, &blocked).await;
    }

    #[tokio::test]
    async fn other_answers() {
        let created = Answer::Json(201, json!({"status": "Success"}));
        check(created, &Eviction::Accepted).await;
        check(Answer::Status(404, json!({})), &Eviction::Gone).await;
        check(Answer::Status(409, json!({})), &Eviction::Gone).await;
    }
}
