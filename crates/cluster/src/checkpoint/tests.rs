//! Checkpoints as requests and answers.

use plimsoll_domain::WorkloadKind;

use super::*;
use crate::intern::Intern;
use crate::mock::{Answer, Mock};
use crate::row::controller;
use crate::row::scaled::ScaledRow;
use crate::table::{Change, Key};

fn workload() -> WorkloadId {
    WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: "web".into() }
}

fn checkpoint_of(bytes: usize) -> Checkpoint {
    Checkpoint {
        workload: workload(),
        saved_at: Timestamp::from_seconds(1_800_000_000),
        containers: BTreeMap::from([("app".to_owned(), vec![7; bytes])]),
    }
}

/// An object as the API server gives it.
fn stored(name: &str, containers: &Value) -> Value {
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1", "kind": "HistoryCheckpoint",
        "metadata": {"namespace": "shop", "name": name},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "savedAt": "2027-01-15T08:00:00Z",
            "containers": containers,
        },
    })
}

fn list(items: &[Value], rest: &str) -> Answer {
    Answer::Json(
        200,
        json!({
            "apiVersion": "plimsoll.dev/v1alpha1", "kind": "HistoryCheckpointList",
            "metadata": {"continue": rest}, "items": items,
        }),
    )
}

/// The Deployment `shop/web`, with or without a ScaledWorkload.
fn index(has_object: bool) -> Arc<Index> {
    let deployment = json!({"metadata": {"namespace": "shop", "name": "web", "uid": "u1"}});
    let deployment = serde_json::from_value(deployment).unwrap();
    let row = controller::deployment(&deployment, &Intern::default());
    let index = Index::test();
    index.write(|tables| {
        let table = tables.controllers.get_mut(&WorkloadKind::Deployment).unwrap();
        table.apply(Change::Set(Key::new("shop", "web"), row), |_, _| {});
        if has_object {
            let object = json!({
                "metadata": {"namespace": "shop", "name": "web-deployment", "uid": "u2"},
                "spec": {"targetRef": {
                    "apiVersion": "apps/v1", "kind": "Deployment", "name": "web",
                }},
            });
            let row = ScaledRow::of(&serde_json::from_value(object).unwrap()).unwrap();
            let key = Key::new("shop", "web-deployment");
            tables.scaled.apply(Change::Set(key, row), |_, _| {});
        }
    });
    Arc::new(index)
}

fn checkpoints(mock: &Mock, has_object: bool, lead: Lead) -> Checkpoints {
    Checkpoints::new(mock.client(), index(has_object), lead)
}

#[tokio::test]
async fn it_is_applied_whole_and_goes_with_the_scaled_workload() {
    let mock = Mock::new(vec![Answer::Json(200, stored("web-deployment", &json!({})))]);
    let written = checkpoints(&mock, true, Lead::test()).write(&checkpoint_of(3)).await;
    assert!(written.unwrap());
    let asked = mock.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].method, "PATCH");
    let path = "/apis/plimsoll.dev/v1alpha1/namespaces/shop/historycheckpoints/web-deployment?";
    assert!(asked[0].uri.starts_with(path), "{}", asked[0].uri);
    let mut expect = stored("web-deployment", &json!({"app": "BwcH"}));
    expect["metadata"] = json!({
        "name": "web-deployment",
        "labels": {"app.kubernetes.io/managed-by": "plimsoll"},
        "ownerReferences": [{
            "apiVersion": "plimsoll.dev/v1alpha1", "kind": "ScaledWorkload",
            "name": "web-deployment", "uid": "u2",
        }],
    });
    assert_eq!(asked[0].body, expect);
}

#[tokio::test]
async fn nothing_is_written_without_an_object_or_the_lead_or_room() {
    let mock = Mock::new(Vec::new());
    let without = checkpoints(&mock, false, Lead::test());
    assert!(!without.write(&checkpoint_of(3)).await.unwrap());
    let standby = checkpoints(&mock, true, Lead::default());
    let refused = standby.write(&checkpoint_of(3)).await;
    assert!(matches!(refused, Err(ClusterError::LeadLost { .. })), "{refused:?}");
    let leader = checkpoints(&mock, true, Lead::test());
    let refused = leader.write(&checkpoint_of(CHECKPOINT_BYTES_MAX + 1)).await;
    assert!(matches!(refused, Err(ClusterError::CheckpointTooLarge { .. })), "{refused:?}");
    assert_eq!(mock.requests().len(), 0);
}

#[tokio::test]
async fn what_is_written_is_read_page_by_page() {
    let good = stored("web-deployment", &json!({"app": "BwcH"}));
    let mock = Mock::new(vec![list(&[good], "next"), list(&[], "")]);
    let checkpoints = checkpoints(&mock, false, Lead::default());
    let page = checkpoints.page(None).await.unwrap();
    assert_eq!(page.checkpoints, [checkpoint_of(3)]);
    assert_eq!(page.rest.as_deref(), Some("next"));
    assert_eq!(checkpoints.page(page.rest.as_deref()).await.unwrap().rest, None);
    let asked = mock.requests();
    let path = "/apis/plimsoll.dev/v1alpha1/historycheckpoints?";
    assert!(asked[0].uri.starts_with(path), "{}", asked[0].uri);
    assert!(asked[0].uri.contains("limit=100") && !asked[0].uri.contains("continue"));
    assert!(asked[1].uri.contains("continue=next"), "{}", asked[1].uri);
}

#[tokio::test]
async fn what_is_broken_is_named_and_hides_nothing() {
    let large = ByteString(vec![0; CHECKPOINT_BYTES_MAX + 1]);
    let items = [
        stored("web", &json!({"app": "BwcH"})),
        stored("web-deployment", &json!({"app": "?"})),
        stored("web-deployment", &json!({"app": large})),
        json!({"metadata": {"namespace": "shop", "name": "bare"}}),
        stored("web-deployment", &json!({"app": "BwcH"})),
    ];
    let mock = Mock::new(vec![list(&items, "")]);
    let page = checkpoints(&mock, false, Lead::default()).page(None).await.unwrap();
    assert_eq!(page.checkpoints, [checkpoint_of(3)]);
    let names: Vec<&str> = page.unusable.iter().map(|one| one.object.as_str()).collect();
    assert_eq!(names, ["shop/web", "shop/web-deployment", "shop/web-deployment", "shop/bare"]);
    assert_eq!(page.unusable[0].why, "its name is not that of shop/deployment/web");
    assert_eq!(page.unusable[2].why, "it holds 196609 bytes, more than the 196608 allowed");
}
