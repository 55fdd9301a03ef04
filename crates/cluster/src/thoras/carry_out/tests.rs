//! What is asked of the API server for each step: the answers in, the requests out.

use plimsoll_api::thoras::read_template;
use plimsoll_domain::WorkloadKind;
use serde_json::json;

use super::*;
use crate::mock::{Answer, Mock};

const TARGETS: &str = "/apis/thoras.ai/v1/namespaces/shop/aiscaletargets";

fn workload() -> WorkloadId {
    WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: "web".into() }
}

fn template() -> Template {
    read_template(&json!({
        "metadata": {"name": "all", "uid": "t1"},
        "spec": {"selector": {"matchLabels": {"size": "auto"}}, "template": {"vertical": {"mode": "recommendation"}}},
    }))
}

fn create() -> Order {
    Order::create(&template(), 7, &workload()).unwrap()
}

fn update() -> Order {
    Order::update(&template(), 7, &workload(), (&Key::new("shop", "web"), "u1"), 1).unwrap()
}

fn release() -> Order {
    Order::release(&Key::new("shop", "web"), "u1")
}

/// A target as the API server has it.
fn stored(annotations: &Value, vertical: &str) -> Value {
    json!({
        "apiVersion": "thoras.ai/v1", "kind": "AIScaleTarget",
        "metadata": {
            "namespace": "shop", "name": "web", "uid": "u1", "resourceVersion": "5",
            "labels": {"team": "a"}, "annotations": annotations,
        },
        "spec": {"vertical": {"mode": vertical}},
    })
}

fn made() -> Value {
    stored(
        &json!({TEMPLATE_ANNOTATION: "all", MADE_FROM_ANNOTATION: "0000000000000001"}),
        "autonomous",
    )
}

fn of_a_person() -> Value {
    stored(&json!({"note": "mine"}), "autonomous")
}

/// What is asked, and with which bodies.
async fn carried_out(order: Order, answers: Vec<Answer>) -> (Vec<String>, Vec<Value>) {
    let mock = Mock::new(answers);
    order.carry_out(&mock.client(), &Lead::test()).await.unwrap();
    let requests = mock.requests();
    let said =
        requests.iter().map(|one| format!("{} {}", one.method, one.uri.trim_end_matches('?')));
    let said = said.map(|one| one.replace(TARGETS, "")).collect();
    (said, requests.into_iter().map(|one| one.body).collect())
}

async fn check(order: Order, answers: Vec<Answer>, expect: &[&str]) {
    assert_eq!(carried_out(order, answers).await.0, expect);
}

fn ok(object: &Value) -> Answer {
    Answer::Json(200, object.clone())
}

#[tokio::test]
async fn a_target_is_made_with_the_templates_words_and_goes_with_it() {
    let (asked, bodies) = carried_out(create(), vec![ok(&made())]).await;
    assert_eq!(asked, ["POST "]);
    assert_eq!(bodies[0]["spec"]["vertical"], json!({"mode": "recommendation"}));
    assert_eq!(bodies[0]["spec"]["scaleTargetRef"]["name"], "web");
    assert_eq!(bodies[0]["metadata"]["ownerReferences"][0]["uid"], "t1");
    assert_eq!(bodies[0]["metadata"]["annotations"][TEMPLATE_ANNOTATION], "all");
}

#[tokio::test]
async fn who_was_slower_does_nothing() {
    check(create(), vec![Answer::Status(409, json!({}))], &["POST "]).await;
    check(update(), vec![ok(&made()), Answer::Status(409, json!({}))], &["GET /web", "PUT /web"])
        .await;
    check(release(), vec![Answer::Status(404, json!({}))], &["GET /web"]).await;
    let gone = vec![ok(&made()), Answer::Status(409, json!({}))];
    check(release(), gone, &["GET /web", "DELETE /web"]).await;
}

#[tokio::test]
async fn another_object_of_the_name_is_left_alone() {
    let mut other = made();
    other["metadata"]["uid"] = json!("u2");
    check(update(), vec![ok(&other)], &["GET /web"]).await;
    check(release(), vec![ok(&other)], &["GET /web"]).await;
}

#[tokio::test]
async fn what_was_made_is_changed_over_the_version_that_was_read_and_deleted_so() {
    let (asked, bodies) = carried_out(update(), vec![ok(&made()), ok(&made())]).await;
    assert_eq!(asked, ["GET /web", "PUT /web"]);
    assert_eq!(bodies[1]["spec"]["vertical"]["mode"], "recommendation");
    assert_eq!(bodies[1]["metadata"]["resourceVersion"], "5");
    let annotations = &bodies[1]["metadata"]["annotations"];
    assert_eq!(annotations[MADE_FROM_ANNOTATION], "0000000000000007");
    assert_eq!(annotations.get(ORIGINAL_ANNOTATION), None);

    let (asked, bodies) = carried_out(release(), vec![ok(&made()), ok(&made())]).await;
    assert_eq!(asked, ["GET /web", "DELETE /web"]);
    assert_eq!(bodies[1]["preconditions"], json!({"uid": "u1", "resourceVersion": "5"}));
}

#[tokio::test]
async fn a_persons_target_comes_back_as_it_was() {
    let own = of_a_person();
    let (_, bodies) = carried_out(update(), vec![ok(&own), ok(&own)]).await;
    let taken = &bodies[1];
    assert_eq!(taken["spec"]["vertical"]["mode"], "recommendation");
    assert_eq!(taken["metadata"].get("ownerReferences"), None, "it stays when the template goes");

    let (asked, bodies) = carried_out(release(), vec![ok(taken), ok(taken)]).await;
    assert_eq!(asked, ["GET /web", "PUT /web"]);
    assert_eq!(bodies[1], own);
}

#[tokio::test]
async fn a_spec_too_large_to_keep_is_not_taken_over() {
    let mut own = of_a_person();
    own["spec"]["note"] = json!("x".repeat(ORIGINAL_BYTES_MAX));
    let mock = Mock::new(vec![ok(&own)]);
    let error = update().carry_out(&mock.client(), &Lead::test()).await.unwrap_err();
    assert!(matches!(error, ClusterError::TooLarge { .. }), "{error}");
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn who_leads_no_more_asks_nothing() {
    for order in [create(), update(), release()] {
        let mock = Mock::new(Vec::new());
        let error = order.carry_out(&mock.client(), &Lead::default()).await.unwrap_err();
        assert!(matches!(error, ClusterError::LeadLost { .. }), "{error}");
        assert!(mock.requests().is_empty());
    }
}
