//! Reviews of settings through the whole service: what is refused with which message, what is
//! admitted with warnings, and that whatever goes wrong ends with the object admitted.
#![cfg(test)]

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use plimsoll_admission::{
    AdmissionMetrics, PublishedIndex, VALIDATE_PATH, Validated, Webhook, router,
};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Answer {
    status: StatusCode,
    review: Option<Value>,
    metrics: Arc<AdmissionMetrics>,
}

impl Answer {
    /// `denied: ...`, `allowed`, or `allowed with ...`.
    fn text(&self) -> String {
        let response = &self.review.as_ref().expect("a review")["response"];
        assert_eq!(response["uid"], "uid-1");
        let warnings: Vec<_> = response["warnings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        match (response["allowed"].as_bool(), warnings.is_empty()) {
            (Some(false), _) => {
                format!("denied: {}", response["status"]["message"].as_str().unwrap())
            }
            (Some(true), true) => "allowed".to_owned(),
            (Some(true), false) => format!("allowed with {}", warnings.join("; ")),
            (None, _) => panic!("{response}"),
        }
    }

    fn counted(&self) -> Vec<Validated> {
        let ended = self.metrics.validations().filter(|(_, count)| *count > 0);
        ended.map(|(how, _)| how).collect()
    }
}

async fn post(body: Vec<u8>) -> Answer {
    let metrics = Arc::new(AdmissionMetrics::default());
    let webhook = Webhook {
        lookup: Arc::new(PublishedIndex::default()),
        metrics: Arc::clone(&metrics),
        own_namespace: "plimsoll".into(),
    };
    let request = Request::post(VALIDATE_PATH).body(Body::from(body)).unwrap();
    let response = router(webhook).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer { status, review: serde_json::from_slice(&bytes).ok(), metrics }
}

fn review(resource: &str, object: &Value) -> Value {
    let (plural, group) = resource.split_once('.').unwrap();
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "uid-1",
            "operation": "CREATE",
            "resource": {"group": group, "version": "v1", "resource": plural},
            "object": object,
            "oldObject": null,
        }
    })
}

/// What is answered contains each of these.
async fn check(review: Value, expect: &[&str], how: Validated) {
    let answer = post(review.to_string().into_bytes()).await;
    let text = answer.text();
    for part in expect {
        assert!(text.contains(part), "{text}\nhas no {part}");
    }
    assert_eq!(answer.counted(), [how], "{text}");
}

const TARGETS: &str = "aiscaletargets.thoras.ai";
const OBJECTS: &str = "scaledworkloads.plimsoll.dev";
const POLICIES: &str = "scalingpolicies.plimsoll.dev";

fn target(vertical: &str, horizontal: &str) -> Value {
    json!({
        "apiVersion": "thoras.ai/v1",
        "kind": "AIScaleTarget",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "model": {"forecast_blocks": "15m", "forecast_interval": "15m"},
            "vertical": {
                "mode": vertical,
                "containers": [{"name": "app", "cpu": {"lowerbound": "20m"}}],
            },
            "horizontal": {"mode": horizontal},
        }
    })
}

fn scaled(name: &str, settings: &Value) -> Value {
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1",
        "kind": "ScaledWorkload",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "settings": settings,
        }
    })
}

#[tokio::test]
async fn a_target_that_scales_both_ways_by_itself_is_refused_with_what_to_write() {
    let both = review(TARGETS, &target("autonomous", "auto"));
    check(both, &["denied", "autonomous"], Validated::Denied).await;
}

#[tokio::test]
async fn a_workloads_object_under_another_name_is_refused_with_the_name_it_has_to_have() {
    let good = review(OBJECTS, &scaled("web-deployment", &json!({})));
    check(good, &["allowed"], Validated::Allowed).await;
    let odd = review(OBJECTS, &scaled("web", &json!({})));
    check(odd, &["denied", "metadata.name: call it web-deployment"], Validated::Denied).await;
}

#[tokio::test]
async fn settings_that_are_refused_later_are_refused_as_they_are_written() {
    let bad = json!({"vertical": {"cpu": {"lookBackPeriod": "1y"}}});
    let object = review(OBJECTS, &scaled("web-deployment", &bad));
    check(object, &["denied", "vertical.cpu.lookBackPeriod"], Validated::Denied).await;
    let policy = json!({"metadata": {"name": "mine"}, "spec": {"settings": bad}});
    let policy = review(POLICIES, &policy);
    check(policy, &["denied", "vertical.cpu.lookBackPeriod"], Validated::Denied).await;
}

#[tokio::test]
async fn assignment_rules_that_match_nothing_are_refused() {
    let rule = json!({"namespaces": {"patterns": ["("]}});
    let policy = json!({"metadata": {"name": "mine"}, "spec": {"assignmentRules": [rule]}});
    let expect = ["denied", "assignmentRules[0].namespaces.patterns[0]: is no regular expression"];
    check(review(POLICIES, &policy), &expect, Validated::Denied).await;
}

/// A change from one object to another.
fn change(resource: &str, old: &Value, new: &Value) -> Value {
    let mut review = review(resource, new);
    review["request"]["operation"] = json!("UPDATE");
    review["request"]["oldObject"] = old.clone();
    review
}

#[tokio::test]
async fn an_error_that_was_there_keeps_nobody_from_another_change() {
    let bad = json!({"vertical": {"cpu": {"lookBackPeriod": "1y"}}});
    let mut worse = bad.clone();
    worse["vertical"]["memory"] = json!({"max": "lots"});
    let policy = |order: i32, settings: &Value| json!({"metadata": {"name": "mine"}, "spec": {"order": order, "settings": settings}});
    let known = ["allowed with", "vertical.cpu.lookBackPeriod"];
    let edit = change(POLICIES, &policy(1, &bad), &policy(2, &bad));
    check(edit, &known, Validated::Warned).await;
    let edit = change(POLICIES, &policy(1, &bad), &policy(1, &worse));
    check(edit, &["denied", "vertical.memory.max"], Validated::Denied).await;

    let mut edited = bad.clone();
    edited["vertical"]["mode"] = json!("Recommend");
    let object = |settings: &Value| scaled("web-deployment", settings);
    let edit = change(OBJECTS, &object(&bad), &object(&edited));
    check(edit, &known, Validated::Warned).await;
    let edit = change(OBJECTS, &object(&bad), &object(&worse));
    check(edit, &["denied", "vertical.memory.max"], Validated::Denied).await;
}

#[tokio::test]
async fn fields_that_are_unknown_are_admitted_with_a_warning() {
    let odd = json!({"vertical": {"optimisation": "on"}});
    let object = review(OBJECTS, &scaled("web-deployment", &odd));
    check(object, &["allowed with", "vertical.optimisation"], Validated::Warned).await;
}

#[tokio::test]
async fn an_object_whose_spec_stays_as_it_is_can_be_changed_and_deleted() {
    let bad = target("autonomous", "auto");
    let mut labelled = review(TARGETS, &bad);
    labelled["request"]["operation"] = json!("UPDATE");
    labelled["request"]["oldObject"] = bad.clone();
    check(labelled, &["allowed"], Validated::Allowed).await;
    let mut going = bad.clone();
    going["metadata"]["deletionTimestamp"] = json!("2026-11-23T10:00:00Z");
    check(review(TARGETS, &going), &["allowed"], Validated::Allowed).await;
    let mut status = review(TARGETS, &bad);
    status["request"]["subResource"] = json!("status");
    check(status, &["allowed"], Validated::Allowed).await;
    check(review("widgets.example.com", &bad), &["allowed"], Validated::Allowed).await;
}

#[tokio::test]
async fn a_malformed_review_admits_the_object() {
    let cut = br#"{"kind":"AdmissionReview","request":{"uid":"uid-1","kind":{"group":"#.to_vec();
    let answer = post(cut).await;
    assert_eq!((answer.text().as_str(), answer.counted()), ("allowed", vec![Validated::Malformed]));
    for nonsense in [&b""[..], b"\xff\xfe", b"null", b"{\"request\":{}}"] {
        let answer = post(nonsense.to_vec()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.counted(), [Validated::Malformed]);
    }
}

#[tokio::test]
async fn odd_objects_are_judged_without_a_panic() {
    for object in
        [json!(null), json!(5), json!([]), json!({"spec": 5}), json!({"spec": {"settings": []}})]
    {
        for resource in [TARGETS, OBJECTS, POLICIES, "clusteraiscaletemplates.thoras.ai"] {
            let answer = post(review(resource, &object).to_string().into_bytes()).await;
            assert!(!answer.counted().contains(&Validated::Panicked), "{resource} {object}");
        }
    }
}

#[tokio::test]
async fn a_review_of_16_mib_admits_the_object() {
    let mut huge = target("autonomous", "auto");
    huge["metadata"]["annotations"] = json!({"big": "x".repeat(16 * 1024 * 1024)});
    // As the API server writes it: the uid first.
    let text = format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"uid-1","operation":"CREATE","resource":{{"group":"thoras.ai","resource":"aiscaletargets"}},"object":{huge}}}}}"#
    );
    let answer = post(text.into_bytes()).await;
    assert_eq!((answer.text().as_str(), answer.counted()), ("allowed", vec![Validated::TooLarge]));
}
