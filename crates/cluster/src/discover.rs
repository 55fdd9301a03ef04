//! Asks the cluster now and then what it can do and which optional kinds it has.

use std::time::Duration;

use kube::Client;
use plimsoll_domain::Capabilities;

use crate::ClusterError;
use crate::call::call;
use crate::kinds::Optional;
use crate::watch::{Ended, Watches};

/// How often is asked. A kind installed later is found within this, at one small read a minute for
/// each of five optional kinds and two for what the cluster can do.
const INTERVAL: Duration = Duration::from_mins(1);

/// How soon is asked again after no answer, while nothing is known yet.
const RETRY: Duration = Duration::from_secs(2);

/// Keeps the cluster's capabilities known until told to end.
pub(crate) async fn capabilities(client: Client, watches: Watches) {
    loop {
        let pause = match read_capabilities(&client).await {
            Ok(capabilities) => {
                watches.index.write(|tables| {
                    tables.errors.remove(CAPABILITIES);
                    tables.capabilities = Some(capabilities);
                });
                INTERVAL
            }
            Err(error) => {
                let text = chain(&error);
                watches.index.write(|tables| tables.errors.insert(CAPABILITIES, text));
                RETRY
            }
        };
        tokio::select! {
            () = watches.cancel.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Follows an optional kind whenever the cluster has it, until told to end.
pub(crate) async fn optional(kind: Optional, client: Client, watches: Watches) {
    loop {
        let pause = match has(&client, kind).await {
            Ok(true) => {
                if kind.follow(&watches).await == Ended::Cancelled {
                    return;
                }
                RETRY
            }
            Ok(false) => {
                watches.index.write(|tables| kind.set_absent(tables));
                INTERVAL
            }
            Err(_) => RETRY,
        };
        tokio::select! {
            () = watches.cancel.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The key of this reading among the errors of the watches.
const CAPABILITIES: &str = "capabilities";

async fn read_capabilities(client: &Client) -> Result<Capabilities, ClusterError> {
    let attempt = "ask the API server for its version";
    let version = call(attempt, client.apiserver_version()).await?;
    let attempt = "ask the API server for its resources";
    let resources = call(attempt, client.list_core_api_resources("v1")).await?;
    let mut names = resources.resources.iter().map(|resource| resource.name.as_str());
    Ok(Capabilities {
        resize: names.any(|name| name == "pods/resize"),
        lower_memory_limit: minor(&version.major, &version.minor) >= LOWERS_MEMORY_LIMITS,
    })
}

/// The minor version that began to lower memory limits in place; before it the API server refuses.
const LOWERS_MEMORY_LIMITS: u32 = 34;

/// The minor version of Kubernetes 1; some distributions write `34+`.
fn minor(major: &str, minor: &str) -> u32 {
    let digits: String = minor.chars().take_while(char::is_ascii_digit).collect();
    match major {
        "1" => digits.parse().unwrap_or(0),
        // A Kubernetes 2 would have everything that any 1 had.
        _ => u32::MAX,
    }
}

async fn has(client: &Client, kind: Optional) -> Result<bool, ClusterError> {
    let resource = kind.resource();
    let attempt = format!("ask the API server for {}", resource.api_version);
    let resources = client.list_api_group_resources(&resource.api_version);
    match call(attempt, resources).await {
        Ok(list) => Ok(list.resources.iter().any(|known| known.name == resource.plural)),
        Err(error) if error.code() == Some(404) => Ok(false),
        Err(error) => Err(error),
    }
}

fn chain(error: &ClusterError) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Index;
    use crate::mock::{Answer, Mock};
    use serde_json::json;
    use std::sync::Arc;
    use tokio_util::sync::CancellationToken;

    #[tokio::test(start_paused = true)]
    async fn a_kind_that_is_installed_later_is_found() {
        let resources = json!({
            "kind": "APIResourceList", "groupVersion": "thoras.ai/v1", "resources": [{
                "name": "aiscaletargets", "singularName": "aiscaletarget", "namespaced": true,
                "kind": "AIScaleTarget", "verbs": ["list", "watch"],
            }],
        });
        let target = json!({"type": "ADDED", "object": {
            "apiVersion": "thoras.ai/v1", "kind": "AIScaleTarget",
            "metadata": {"namespace": "shop", "name": "web", "resourceVersion": "5"},
            "spec": "nothing that anyone expects",
        }});
        let end = json!({"type": "BOOKMARK", "object": {
            "apiVersion": "thoras.ai/v1", "kind": "AIScaleTarget",
            "metadata": {
                "resourceVersion": "5", "annotations": {"k8s.io/initial-events-end": "true"},
            },
        }});
        let answers = vec![
            Answer::Status(404, json!({})),
            Answer::Json(200, resources),
            Answer::Lines(vec![target, end]),
            Answer::Never,
        ];
        let mock = Mock::new(answers);
        let watches = Watches {
            client: mock.client(),
            index: Arc::new(Index::test()),
            intern: Arc::default(),
            cancel: CancellationToken::new(),
        };
        let known = || {
            watches
                .index
                .read(|tables| tables.targets.is_listed().then(|| tables.targets.iter().count()))
        };
        let follow = optional(Optional::ScaleTarget, mock.client(), watches.clone());
        let mut follow = std::pin::pin!(follow);
        // Time is paused: a limit is reached at once when nothing else is left to do.
        assert!(tokio::time::timeout(INTERVAL / 2, &mut follow).await.is_err());
        assert_eq!(known(), Some(0), "the group is not there");
        assert!(tokio::time::timeout(INTERVAL, &mut follow).await.is_err());
        assert_eq!(known(), Some(1), "{:?}", mock.requests());
    }

    #[test]
    fn reads_minor_versions_as_distributions_write_them() {
        assert_eq!(minor("1", "34"), 34);
        assert_eq!(minor("1", "33+"), 33);
        assert_eq!(minor("1", ""), 0);
        assert_eq!(minor("2", "0"), u32::MAX);
    }
}
