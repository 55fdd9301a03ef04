//! What is written about evaluations, as data: a change of an evaluation in, requests out.

use plimsoll_domain::{
    Allocation, Amount, Applied, Configuration, Configured, ContainerEvaluation, Decision,
    DecisionState, Diagnostic, Estimate, Gap, Governor, LimitRule, LimitStep, MetricsState,
    NewPods, Origin, PerResource, Published, Quantile, Ratio, Reason, Resource, Running, Severity,
    Sourced, Target, Timestamp, Trail, WorkloadKind,
};
use serde_json::json;

use super::*;
use crate::intern::Intern;
use crate::mock::{Answer, Mock};
use crate::row::controller;
use crate::table::{Change, Key};

fn workload() -> WorkloadId {
    WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: "web".into() }
}

fn index() -> Arc<Index> {
    let deployment = json!({"metadata": {"namespace": "shop", "name": "web", "uid": "u1"}});
    let deployment = serde_json::from_value(deployment).unwrap();
    let row = controller::deployment(&deployment, &Intern::default());
    let index = Index::test();
    index.write(|tables| {
        let table = tables.controllers.get_mut(&WorkloadKind::Deployment).unwrap();
        table.apply(Change::Set(Key::new("shop", "web"), row), |_, _| {});
    });
    Arc::new(index)
}

fn known(resource: Resource, request: f64) -> Estimate {
    let amount = |value| Amount::new(value).unwrap();
    Estimate::Known(Box::new(Trail {
        samples: 100,
        pods: 1,
        spread: None,
        look_back: Duration::from_hours(24),
        coverage: Ratio::new(0.3).unwrap(),
        target: Sourced::default_value(Target::Quantile(Quantile::new(0.8).unwrap())),
        base: amount(request),
        overhead: Sourced::default_value(Ratio::ZERO),
        with_overhead: amount(request),
        oom_floor: None,
        constraint: None,
        judgement: None,
        foreseen: None,
        limit: LimitStep {
            rule: Sourced::default_value(LimitRule::Keep),
            original: None,
            value: None,
        },
        result: Allocation { request: Some(amount(request).rounded_up(resource)), limit: None },
    }))
}

/// An evaluation of the Deployment `shop/web` that holds.
pub(crate) fn evaluation() -> Evaluation {
    let estimates =
        PerResource { cpu: known(Resource::Cpu, 0.4), memory: known(Resource::Memory, 1e9) };
    Evaluation {
        workload: workload(),
        at: Timestamp::from_seconds(1000),
        configuration: Arc::new(Configuration {
            configured: Configured::Unreadable(Diagnostic {
                severity: Severity::Error,
                origin: Origin::Annotation,
                field: String::new(),
                line: Some(1),
                column: Some(1),
                message: "tabs".to_owned(),
            }),
            governor: Governor::Annotation,
            assigned: None,
            overruled: Vec::new(),
            remarks: Vec::new(),
        }),
        metrics: MetricsState::Available,
        confidence: Ratio::new(0.35),
        containers: vec![ContainerEvaluation {
            name: "app".to_owned(),
            original: PerResource::default(),
            estimates,
            verdicts: PerResource::default(),
        }],
        decision: hold(Reason::RecommendOnly),
        applied: Applied { pods: 1, of: 3 },
        state: DecisionState::default(),
        outcomes: Vec::new(),
    }
}

fn hold(reason: Reason) -> Decision {
    Decision { running: Running::Hold(reason.clone()), new_pods: NewPods::Untouched(reason) }
}

fn short_history(samples: u64) -> Reason {
    let startup = Duration::from_mins(2);
    Reason::InsufficientHistory(Gap { samples, needed: 10, startup })
}

/// Answers for one workload that is written: object and status, or the status alone, and events.
const NOW: Timestamp = Timestamp::from_seconds(1000);

fn sink_of(mock: &Mock, index: Arc<Index>, lead: Lead, instance: &str) -> StatusSink {
    let client = mock.client();
    let own = "plimsoll".to_owned();
    let thoras = Thoras::new(client.clone(), Arc::clone(&index), lead.clone(), own, false);
    StatusSink::new(client, index, lead, instance, thoras)
}

fn accepting() -> Mock {
    let object = json!({
        "metadata": {"name": "web-deployment"},
        "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
    });
    let event = json!({"metadata": {"name": "e"}});
    let mut answers = vec![Answer::Json(200, object); 2];
    answers.push(Answer::Json(201, event));
    Mock::new(answers)
}

/// What was asked: the path's last part, and `/status` where that is what it was for.
fn asked(mock: &Mock) -> Vec<String> {
    let requests = mock.requests().into_iter();
    let paths = requests.map(|request| {
        let path = request.uri.split('?').next().unwrap_or_default().to_owned();
        let name = path.split("/namespaces/shop/").nth(1).unwrap_or(&path).to_owned();
        format!("{} {name}", request.method)
    });
    paths.collect()
}

const OBJECT: &str = "PATCH scaledworkloads/web-deployment";
const STATUS: &str = "PATCH scaledworkloads/web-deployment/status";
const EVENT: &str = "POST events";

/// Lets the watch show what was written to `mock`, as the API server would store it.
fn show(index: &Index, mock: &Mock) {
    let requests = mock.requests();
    let body = |path: &str| {
        let request = requests
            .iter()
            .rev()
            .find(|request| request.uri.split('?').next().is_some_and(|uri| uri.ends_with(path)));
        request.map(|request| request.body.clone())
    };
    let mut object = body("web-deployment").unwrap();
    object["metadata"]["namespace"] = json!("shop");
    object["status"] = body("status").unwrap()["status"].clone();
    let object = serde_json::from_value(object).unwrap();
    let row = ScaledRow::of(&object).unwrap();
    index.apply_scaled(Change::Set(Key::new("shop", "web-deployment"), row));
}

/// Publishes a first evaluation and then a changed one; what the second is worth to the process
/// that wrote the first, and to one that has only the watch.
async fn check(change: impl Fn(&mut Evaluation), expect: &[&str]) {
    let index = index();
    let first = accepting();
    let mut sink = sink_of(&first, Arc::clone(&index), Lead::test(), "one");
    sink.publish(&[evaluation()], NOW).await.unwrap();
    assert_eq!(asked(&first), [OBJECT, STATUS]);
    show(&index, &first);
    let mut changed = evaluation();
    changed.at = Timestamp::from_seconds(1060);
    change(&mut changed);
    for instance in ["the same process", "a new one"] {
        let mock = accepting();
        let known = if instance == "a new one" { BTreeMap::new() } else { sink.known.clone() };
        let mut sink = sink_of(&mock, Arc::clone(&index), Lead::test(), "two");
        sink.known = known;
        sink.publish(std::slice::from_ref(&changed), NOW).await.unwrap();
        assert_eq!(asked(&mock), expect, "{instance}");
    }
}

#[tokio::test]
async fn what_is_no_news_is_not_written_again_not_even_after_a_restart() {
    check(|_| {}, &[]).await;
}

#[tokio::test]
async fn confidence_is_written_when_it_crosses_a_tenth() {
    check(|e| e.confidence = Ratio::new(0.39), &[]).await;
    check(|e| e.confidence = Ratio::new(0.41), &[STATUS]).await;
}

#[tokio::test]
async fn a_recommendation_is_written_when_it_moves_over_a_hundredth() {
    let cpu = |request| {
        move |e: &mut Evaluation| e.containers[0].estimates.cpu = known(Resource::Cpu, request)
    };
    check(cpu(0.403), &[]).await;
    check(cpu(0.405), &[STATUS]).await;
}

#[tokio::test]
async fn decision_state_and_counts_are_written_when_they_change() {
    check(|e| e.applied.pods = 2, &[STATUS]).await;
    check(|e| e.state.moves = 1, &[STATUS]).await;
    check(|e| e.state.published = Some(Published::default()), &[STATUS]).await;
    check(|e| Arc::make_mut(&mut e.configuration).remarks.push(warning()), &[STATUS]).await;
}

fn warning() -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        origin: Origin::Annotation,
        field: "vertical".to_owned(),
        line: None,
        column: None,
        message: "unknown".to_owned(),
    }
}

#[tokio::test]
async fn a_changed_reason_is_written_and_told_as_an_event() {
    check(|e| e.decision = hold(Reason::UpToDate), &[STATUS, EVENT]).await;
}

#[tokio::test]
async fn live_numbers_of_a_reason_are_no_news() {
    let index = index();
    let mock = Mock::new(accepting_all(3));
    let mut sink = sink_of(&mock, index, Lead::test(), "one");
    for samples in 1..5 {
        let mut evaluation = evaluation();
        evaluation.decision = hold(short_history(samples));
        sink.publish(&[evaluation], NOW).await.unwrap();
    }
    assert_eq!(asked(&mock), [OBJECT, STATUS]);
}

fn accepting_all(count: usize) -> Vec<Answer> {
    let object = json!({
        "metadata": {"name": "web-deployment"},
        "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
    });
    vec![Answer::Json(200, object); count]
}

#[tokio::test]
async fn conditions_keep_the_time_of_their_transition() {
    let mock = Mock::new(accepting_all(3));
    let mut sink = sink_of(&mock, index(), Lead::test(), "one");
    sink.publish(&[evaluation()], NOW).await.unwrap();
    let mut later = evaluation();
    later.at = Timestamp::from_seconds(2000);
    later.metrics = MetricsState::Unavailable { since: later.at };
    sink.publish(&[later], NOW).await.unwrap();
    let conditions = &mock.requests()[2].body["status"]["conditions"];
    let since = |type_: &str| {
        let conditions = conditions.as_array().unwrap().iter();
        let condition = conditions.clone().find(|condition| condition["type"] == type_);
        condition.unwrap()["lastTransitionTime"].as_str().unwrap().to_owned()
    };
    assert_eq!(since("MetricsAvailable"), "1970-01-01T00:33:20Z");
    assert_eq!(since("Ready"), "1970-01-01T00:16:40Z");
}

#[tokio::test]
async fn an_object_that_was_deleted_is_made_again() {
    let index = index();
    let mock = Mock::new(accepting_all(4));
    let mut sink = sink_of(&mock, Arc::clone(&index), Lead::test(), "one");
    sink.publish(&[evaluation()], NOW).await.unwrap();
    // The watch lags behind: nothing was deleted.
    sink.publish(&[evaluation()], NOW).await.unwrap();
    assert_eq!(asked(&mock).len(), 2);
    show(&index, &mock);
    sink.publish(&[evaluation()], NOW).await.unwrap();
    index.apply_scaled(Change::Removed(Key::new("shop", "web-deployment")));
    sink.publish(&[evaluation()], NOW).await.unwrap();
    assert_eq!(asked(&mock), [OBJECT, STATUS, OBJECT, STATUS]);
}

#[tokio::test]
async fn what_could_not_be_written_is_tried_again() {
    let mut answers = vec![Answer::Status(500, json!({}))];
    answers.extend(accepting_all(2));
    let mock = Mock::new(answers);
    let mut sink = sink_of(&mock, index(), Lead::test(), "one");
    let error = sink.publish(&[evaluation()], NOW).await.unwrap_err();
    assert_eq!(error.attempt, "write the status of 1 of 1 workloads");
    sink.publish(&[evaluation()], NOW).await.unwrap();
    assert_eq!(asked(&mock), [OBJECT, OBJECT, STATUS]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_does_not_hang_the_tick() {
    let mock = Mock::new(vec![Answer::Never; 100]);
    let mut sink = sink_of(&mock, index(), Lead::test(), "one");
    let began = tokio::time::Instant::now();
    let many = vec![evaluation(); 100];
    sink.publish(&many, NOW).await.unwrap_err();
    assert!(began.elapsed() <= LIMIT, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_workload_that_is_gone_is_not_written() {
    let mock = Mock::new(Vec::new());
    let mut gone = evaluation();
    gone.workload.name = "gone".into();
    let mut sink = sink_of(&mock, index(), Lead::test(), "one");
    sink.publish(&[gone], NOW).await.unwrap();
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn the_object_names_its_target_and_goes_with_it() {
    let mock = accepting();
    let mut sink = sink_of(&mock, index(), Lead::test(), "one");
    sink.publish(&[evaluation()], NOW).await.unwrap();
    let object = &mock.requests()[0].body;
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    assert_eq!(object["spec"]["targetRef"], target);
    assert_eq!(object["metadata"]["ownerReferences"][0]["uid"], "u1");
    let recommended = &mock.requests()[1].body["status"]["containers"][0]["recommended"];
    assert_eq!(recommended["requests"], json!({"cpu": "400m", "memory": "954Mi"}));
}

#[tokio::test]
async fn a_start_without_history_keeps_what_was_recommended() {
    let index = index();
    let first = accepting();
    let mut sink = sink_of(&first, Arc::clone(&index), Lead::test(), "one");
    sink.publish(&[evaluation()], NOW).await.unwrap();
    show(&index, &first);
    let mut anew = evaluation();
    let unknown = |_| Estimate::Unknown(short_history(0));
    anew.containers[0].estimates = PerResource::from_fn(unknown);
    anew.decision = hold(short_history(0));
    let mock = accepting();
    let mut sink = sink_of(&mock, index, Lead::test(), "two");
    sink.publish(&[anew.clone()], NOW).await.unwrap();
    assert_eq!(asked(&mock), [STATUS, EVENT]);
    let recommended = &mock.requests()[0].body["status"]["containers"][0]["recommended"];
    assert_eq!(recommended["requests"], json!({"cpu": "400m", "memory": "954Mi"}));
    sink.publish(&[anew], NOW).await.unwrap();
    assert_eq!(asked(&mock).len(), 2, "and is no news from then on");
}

#[tokio::test]
async fn who_leads_no_more_writes_nothing() {
    let mock = Mock::new(Vec::new());
    let mut sink = sink_of(&mock, index(), Lead::default(), "one");
    assert!(sink.publish(&[evaluation()], NOW).await.is_err());
    assert!(mock.requests().is_empty());
}
