//! Reviews through the whole service: who is patched with what, and that whatever goes wrong ends
//! with the pod admitted unchanged.
#![cfg(test)]

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use plimsoll_admission::{
    AdmissionMetrics, Admitted, PATH, PublishedIndex, PublishedLookup, Webhook, router,
};
use plimsoll_domain::{
    Allocation, Amount, Grouping, PerResource, Published, Resources, WorkloadId, WorkloadKind,
};
use serde_json::{Value, json};
use tower::ServiceExt;

fn values(cpu: u32, memory: u32, limit: Option<u32>) -> Resources {
    PerResource {
        cpu: Allocation { request: Some(Amount::from_millicores(cpu)), limit: None },
        memory: Allocation {
            request: Some(Amount::from_mebibytes(memory)),
            limit: limit.map(Amount::from_mebibytes),
        },
    }
}

fn web() -> WorkloadId {
    WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: "web".into() }
}

fn index() -> PublishedIndex {
    let index = PublishedIndex::default();
    let app = ("app".to_owned(), values(220, 451, Some(677)));
    let proxy = ("proxy".to_owned(), values(20, 64, None));
    index.upsert(web(), Published { containers: vec![app, proxy], ..Published::default() });
    index
}

fn pod() -> Value {
    json!({
        "metadata": {
            "generateName": "web-7d4b9c-",
            "labels": {"app": "web", "pod-template-hash": "7d4b9c"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7d4b9c",
                "uid": "u", "controller": true
            }]
        },
        "spec": {
            "initContainers": [
                {"name": "setup", "resources": {"requests": {"cpu": "1"}}},
                {"name": "proxy", "restartPolicy": "Always"}
            ],
            "containers": [{
                "name": "app",
                "resources": {
                    "requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"},
                    "limits": {"cpu": "2", "memory": "1Gi"}
                }
            }]
        }
    })
}

fn review(pod: &Value) -> Value {
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "uid-1",
            "operation": "CREATE",
            "namespace": "shop",
            "object": pod,
            "oldObject": null,
            "dryRun": false
        }
    })
}

struct Answer {
    status: StatusCode,
    review: Option<Value>,
    metrics: Arc<AdmissionMetrics>,
}

async fn post(lookup: impl PublishedLookup + 'static, body: Vec<u8>) -> Answer {
    let metrics = Arc::new(AdmissionMetrics::default());
    let webhook = Webhook {
        lookup: Arc::new(lookup),
        metrics: Arc::clone(&metrics),
        own_namespace: "plimsoll".into(),
    };
    let request = Request::post(PATH).body(Body::from(body)).unwrap();
    let response = router(webhook).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer { status, review: serde_json::from_slice(&bytes).ok(), metrics }
}

/// The pod after the answer's patch.
fn patched(pod: &Value, answer: &Answer) -> Value {
    let review = answer.review.as_ref().expect("a review");
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(review["response"]["uid"], "uid-1");
    assert_eq!(review["response"]["allowed"], true);
    let mut pod = pod.clone();
    if let Some(patch) = review["response"].get("patch") {
        assert_eq!(review["response"]["patchType"], "JSONPatch");
        let bytes: k8s_openapi::ByteString = serde_json::from_value(patch.clone()).unwrap();
        let patch: json_patch::Patch = serde_json::from_slice(&bytes.0).unwrap();
        json_patch::patch(&mut pod, &patch).unwrap();
    }
    pod
}

async fn check(lookup: impl PublishedLookup + 'static, review: Value, expect: (Value, Admitted)) {
    let pod = review["request"]["object"].clone();
    let answer = post(lookup, review.to_string().into_bytes()).await;
    assert_eq!(patched(&pod, &answer), expect.0);
    let counted: Vec<_> =
        answer.metrics.reviews().filter(|(_, count)| *count > 0).map(|(how, _)| how).collect();
    assert_eq!(counted, [expect.1]);
}

/// The pod that must come out as it went in.
async fn check_unchanged(lookup: impl PublishedLookup + 'static, review: Value, why: Admitted) {
    let pod = review["request"]["object"].clone();
    check(lookup, review, (pod, why)).await;
}

fn expected() -> Value {
    let mut expected = pod();
    expected["metadata"]["annotations"] = json!({
        "plimsoll.dev/published":
            "deployment/web: app cpu 220m, memory 451Mi; proxy cpu 20m, memory 64Mi"
    });
    expected["spec"]["containers"][0]["resources"] = json!({
        "requests": {"cpu": "220m", "memory": "451Mi", "ephemeral-storage": "1Gi"},
        "limits": {"memory": "677Mi"}
    });
    expected["spec"]["initContainers"][1]["resources"] =
        json!({"requests": {"cpu": "20m", "memory": "64Mi"}});
    expected
}

#[tokio::test]
async fn a_new_pod_gets_the_published_values_and_nothing_else_changes() {
    check(index(), review(&pod()), (expected(), Admitted::Patched)).await;
}

#[tokio::test]
async fn annotations_that_are_there_stay() {
    let mut pod = pod();
    pod["metadata"]["annotations"] = json!({"a": "b"});
    let mut expected = expected();
    expected["metadata"]["annotations"]["a"] = json!("b");
    check(index(), review(&pod), (expected, Admitted::Patched)).await;
}

#[tokio::test]
async fn a_pod_seen_a_second_time_is_not_changed_again() {
    check_unchanged(index(), review(&expected()), Admitted::UpToDate).await;
}

#[tokio::test]
async fn a_resource_that_nothing_is_published_for_keeps_its_text() {
    let index = PublishedIndex::default();
    let mut only_cpu = values(220, 1, None);
    only_cpu.memory = Allocation::default();
    index.upsert(
        web(),
        Published { containers: vec![("app".to_owned(), only_cpu)], ..Published::default() },
    );
    let mut expected = pod();
    expected["metadata"]["annotations"] =
        json!({"plimsoll.dev/published": "deployment/web: app cpu 220m"});
    expected["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("220m");
    expected["spec"]["containers"][0]["resources"]["limits"] = json!({"memory": "1Gi"});
    check(index, review(&pod()), (expected, Admitted::Patched)).await;
}

/// An index that knows one custom workload: pods of Jobs labelled `etl`, in which every container
/// whose name contains `task-` counts as `task`.
fn custom() -> PublishedIndex {
    let index = PublishedIndex::default();
    let id = WorkloadId {
        namespace: "shop".into(),
        kind: WorkloadKind::custom("Job"),
        name: "etl".into(),
    };
    let grouping = vec![Grouping { contains: vec!["task-".to_owned()], into: "task".to_owned() }];
    let containers = vec![("task".to_owned(), values(300, 128, None))];
    index.upsert(id, Published { containers, grouping });
    index
}

/// A pod of a Job with these containers, labelled `etl`.
fn job_pod(containers: &[&str]) -> Value {
    let containers: Vec<_> = containers.iter().map(|name| json!({"name": name})).collect();
    json!({
        "metadata": {
            "labels": {"workloads.cast.ai/custom-workload": "etl"},
            "ownerReferences": [{
                "apiVersion": "batch/v1", "kind": "Job", "name": "load", "uid": "u",
                "controller": true
            }]
        },
        "spec": {"containers": containers}
    })
}

#[tokio::test]
async fn a_labelled_pod_gets_what_is_published_for_its_group_of_containers() {
    let pod = job_pod(&["task-7f3", "log", "task"]);
    let mut expected = pod.clone();
    for index in [0, 2] {
        expected["spec"]["containers"][index]["resources"] =
            json!({"requests": {"cpu": "300m", "memory": "128Mi"}});
    }
    expected["metadata"]["annotations"] = json!({
        "plimsoll.dev/published": "custom-job/etl: task-7f3 cpu 300m, memory 128Mi; \
                                   task cpu 300m, memory 128Mi"
    });
    check(custom(), review(&pod), (expected, Admitted::Patched)).await;
}

#[tokio::test]
async fn a_labelled_pod_of_another_kind_of_controller_is_another_workloads() {
    let mut bare = job_pod(&["task-1"]);
    bare["metadata"]["ownerReferences"] = Value::Null;
    check_unchanged(custom(), review(&bare), Admitted::NothingPublished).await;
    let mut ignored = job_pod(&["task-1"]);
    ignored["metadata"]["labels"]["workload-autoscaler.cast.ai/ignore"] = json!("true");
    check_unchanged(custom(), review(&ignored), Admitted::OptedOut).await;
}

#[tokio::test]
async fn a_labelled_pod_of_a_deployment_is_no_more_the_deployments() {
    let mut labelled = pod();
    labelled["metadata"]["labels"]["workloads.cast.ai/custom-workload"] = json!("etl");
    check_unchanged(index(), review(&labelled), Admitted::NothingPublished).await;
}

#[tokio::test]
async fn a_dry_run_is_answered_the_same() {
    let mut review = review(&pod());
    review["request"]["dryRun"] = json!(true);
    check(index(), review, (expected(), Admitted::Patched)).await;
}

#[tokio::test]
async fn pods_that_ask_to_be_left_alone_are() {
    let mut labelled = pod();
    labelled["metadata"]["labels"]["workload-autoscaler.cast.ai/ignore"] = json!("true");
    check_unchanged(index(), review(&labelled), Admitted::OptedOut).await;
    for namespace in ["kube-system", "plimsoll"] {
        let mut protected = review(&pod());
        protected["request"]["namespace"] = json!(namespace);
        check_unchanged(index(), protected, Admitted::OptedOut).await;
    }
    let index = index();
    index.set_namespace_opted_out("shop", true);
    check_unchanged(index, review(&pod()), Admitted::OptedOut).await;
}

#[tokio::test]
async fn nothing_is_changed_while_the_cluster_is_stopped() {
    let index = index();
    index.set_stopped(true);
    check_unchanged(index, review(&pod()), Admitted::Stopped).await;
}

#[tokio::test]
async fn pods_without_published_values_are_not_changed() {
    check_unchanged(PublishedIndex::default(), review(&pod()), Admitted::NothingPublished).await;
    let mut bare = pod();
    bare["metadata"]["ownerReferences"] = Value::Null;
    check_unchanged(index(), review(&bare), Admitted::NothingPublished).await;
    let mut whole = pod();
    whole["spec"]["resources"] = json!({"requests": {"cpu": "100m"}});
    check_unchanged(index(), review(&whole), Admitted::PodLevelResources).await;
    let mut update = review(&pod());
    update["request"]["operation"] = json!("UPDATE");
    check_unchanged(index(), update, Admitted::NotACreation).await;
}

#[tokio::test]
async fn a_malformed_review_admits_the_pod_unchanged() {
    let mut odd = review(&pod());
    odd["request"]["object"]["spec"]["containers"] = json!("none");
    check_unchanged(index(), odd, Admitted::Malformed).await;
    let cut = br#"{"kind":"AdmissionReview","request":{"uid":"uid-1","kind":{"group":"#.to_vec();
    let answer = post(index(), cut).await;
    assert_eq!(patched(&pod(), &answer), pod());
    for nonsense in [&b""[..], b"\xff\xfe", b"null", b"{\"request\":{}}"] {
        let answer = post(index(), nonsense.to_vec()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.metrics.count(Admitted::Malformed), 1);
    }
}

#[tokio::test]
async fn a_review_of_16_mib_admits_the_pod_unchanged() {
    let mut huge = pod();
    huge["metadata"]["annotations"] = json!({"big": "x".repeat(16 * 1024 * 1024)});
    // As the API server writes it: the uid first.
    let text = format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"uid-1","operation":"CREATE","namespace":"shop","object":{huge}}}}}"#
    );
    let answer = post(index(), text.into_bytes()).await;
    assert_eq!(patched(&huge, &answer), huge);
    assert_eq!(answer.metrics.count(Admitted::TooLarge), 1);
    let answer = post(index(), vec![b' '; 16 * 1024 * 1024]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.review.is_none());
}

struct Panics;

impl PublishedLookup for Panics {
    fn find(&self, _: &[WorkloadId]) -> Option<(WorkloadId, Arc<Published>)> {
        panic!("a defect made for this test")
    }

    fn stopped(&self) -> bool {
        false
    }

    fn namespace_opted_out(&self, _: &str) -> bool {
        false
    }
}

#[tokio::test]
async fn a_panic_inside_the_handler_admits_the_pod_unchanged() {
    check_unchanged(Panics, review(&pod()), Admitted::Panicked).await;
}

#[tokio::test(start_paused = true)]
async fn a_review_that_does_not_arrive_in_time_is_answered_with_an_error() {
    let metrics = Arc::new(AdmissionMetrics::default());
    let webhook = Webhook {
        lookup: Arc::new(index()),
        metrics: Arc::clone(&metrics),
        own_namespace: "plimsoll".into(),
    };
    let nothing = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let body = Body::from_stream(nothing);
    let request = Request::post(PATH).body(body).unwrap();
    let response = router(webhook).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(metrics.count(Admitted::Overloaded), 1);
}
