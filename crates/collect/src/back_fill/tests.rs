//! Back-fill from a server that gives canned answers.

use std::fmt::Write as _;

use plimsoll_domain::{Amount, PerResource, Resource, Sample, WorkloadId, WorkloadKind};
use plimsoll_history::{PastUsage, Span};

use super::*;
use crate::prometheus::tests::mk_server;

/// Midnight UTC of 2026-01-01.
const NOW: i64 = 1_767_225_600;
const POD: &str = "web-7d4b9c8f6-x2x4z";

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(NOW + second)
}

fn number(question: &str, name: &str) -> i64 {
    let (_, rest) = question.split_once(&format!("{name}=")).unwrap();
    rest.split('&').next().unwrap().parse().unwrap()
}

fn matrix(series: &[String]) -> (u16, String) {
    let data = format!(r#"{{"resultType":"matrix","result":[{}]}}"#, series.join(","));
    (200, format!(r#"{{"status":"success","data":{data}}}"#))
}

/// Usage at every step that is asked for: 0.1 cores, 100 bytes.
fn usage(question: &str, pod: &str) -> String {
    let value = if question.contains("cpu_usage") { "0.1" } else { "100" };
    let (mut moment, end) = (number(question, "start"), number(question, "end"));
    let mut values = String::new();
    while moment <= end {
        let comma = if values.is_empty() { "" } else { "," };
        write!(values, r#"{comma}[{moment},"{value}"]"#).unwrap();
        moment += 300;
    }
    format!(r#"{{"metric":{{"pod":"{pod}","container":"app"}},"values":[{values}]}}"#)
}

fn is_about_usage(question: &str) -> bool {
    question.contains("container_") && !question.contains("group")
}

/// A server with the namespace `shop` and one pod of the Deployment `web`.
fn shop(question: &str) -> (u16, String) {
    if question.contains("group%20by%20%28namespace") {
        matrix(&[r#"{"metric":{"namespace":"shop"},"values":[[0,"1"]]}"#.to_owned()])
    } else if is_about_usage(question) {
        matrix(&[usage(question, POD)])
    } else {
        matrix(&[])
    }
}

fn key() -> ContainerKey {
    ContainerKey {
        workload: WorkloadId {
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: "web".into(),
        },
        container: "app".into(),
    }
}

type Histories = Vec<(ContainerKey, ContainerHistory)>;
type Cells = BTreeMap<ContainerKey, Vec<UsageCell>>;

/// Fills from such a server; all histories, what was done and what was asked.
async fn filled(
    plan: &BackFill,
    answer: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static,
) -> (Histories, Result<BackFilled, PrometheusError>, Vec<String>) {
    let (past, _, done, asked) = filled_whole(plan, answer).await;
    (past, done, asked)
}

/// The same with the cells.
async fn filled_whole(
    plan: &BackFill,
    answer: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static,
) -> (Histories, Cells, Result<BackFilled, PrometheusError>, Vec<String>) {
    let (server, asked) = mk_server(answer);
    let (send, mut receive) = BackFill::channel();
    let done = back_fill(&server, plan, send).await;
    let (mut histories, mut cells) = (Vec::new(), Cells::new());
    while let Some(past) = receive.recv().await {
        match past {
            Past::Histories(more) => histories.extend(more),
            Past::Cells(more) => {
                for (key, more) in more.cells {
                    cells.entry(key).or_default().extend(more);
                }
            }
        }
    }
    let asked = asked.lock().clone();
    (histories, cells, done, asked)
}

/// The only container's cells, in words: after how many minutes of the span, mean and greatest CPU in
/// millicores, memory in bytes, pods.
fn in_words(cells: &Cells, from: Timestamp) -> Vec<String> {
    let cells = cells.values().next().map(Vec::as_slice).unwrap_or_default();
    let text = |amount: Option<Amount>, unit: f64| {
        amount.map_or_else(|| "-".to_owned(), |amount| format!("{:.0}", amount.value() * unit))
    };
    let word = |cell: &UsageCell| {
        let minutes = cell.start.since(from).as_secs() / 60;
        let [mean, max] = [cell.cpu_mean, cell.cpu_max].map(|cpu| text(cpu, 1e3));
        format!("{minutes}: {mean} {max} {} {}", text(cell.memory_max, 1.0), cell.pods)
    };
    cells.iter().map(word).collect()
}

fn samples(history: &ContainerHistory, resource: Resource) -> u64 {
    let span = Span { look_back: RETENTION, startup: Duration::ZERO, now: at(0) };
    history.window(resource, &span).samples()
}

#[tokio::test(start_paused = true)]
async fn two_days_of_the_past_are_a_history() {
    let plan = BackFill {
        collect_interval: Duration::from_secs(30),
        ..BackFill::up_to(at(17), Duration::from_hours(48))
    };
    let (past, done, asked) = filled(&plan, |question| Some(shop(question))).await;
    let [(found, history)] = &past[..] else { panic!("{past:?}") };
    assert_eq!(*found, key());
    let two_days = Duration::from_hours(48);
    assert!(history.coverage(two_days, at(0)).value() > 0.999);
    assert_eq!(samples(history, Resource::Cpu), 576 * 10);
    assert_eq!(samples(history, Resource::Memory), 576 * 10);
    assert_eq!(history.last_seen(), Some(at(-1)));
    assert_eq!(history.runs(two_days, at(0)), 1);
    // The namespaces, three times owners, two days of two resources.
    let expect = BackFilled {
        containers: 1,
        values: 2 * 576,
        cells: 576,
        questions: 1 + 3 + 4,
        ..BackFilled::default()
    };
    assert_eq!(done.unwrap(), expect);
    for question in asked.iter().filter(|question| is_about_usage(question)) {
        let points = (number(question, "end") - number(question, "start")) / 300 + 1;
        assert_eq!((number(question, "step"), points), (300, 288), "{question}");
        assert!(question.contains("timeout=60s"), "{question}");
    }
}

#[tokio::test(start_paused = true)]
async fn cells_go_further_back_than_histories_with_the_same_questions() {
    let plan = BackFill::up_to(at(17), Duration::from_hours(14 * 24));
    let (past, cells, done, asked) = filled_whole(&plan, |question| Some(shop(question))).await;
    let words = in_words(&cells, plan.from);
    let expect: Vec<String> =
        (0..14 * 288).map(|number| format!("{}: 100 100 100 1", 5 * number)).collect();
    assert_eq!(words, expect);
    assert_eq!(cells.len(), 1);
    assert_eq!(samples(&past[0].1, Resource::Cpu), 8 * 288);
    let done = done.unwrap();
    assert_eq!((done.questions, done.cells), (1 + 3 + 14 * 2, 14 * 288));
    assert_eq!(asked.len(), 1 + 3 + 14 * 2);
    let month = BackFill::up_to(at(0), Duration::MAX);
    assert_eq!(month.until.since(month.from), Duration::from_hours(30 * 24));
}

/// Answers for the half hour before midnight: by pod, which of the six steps it was told of, its
/// millicores and bytes in each.
fn half_hour(pods: &[(&str, std::ops::Range<i64>, u32, u32)], question: &str) -> (u16, String) {
    let is_cpu = question.contains("cpu_usage");
    let series = pods.iter().map(|(pod, steps, cpu, memory)| {
        let value = if is_cpu { f64::from(*cpu) / 1e3 } else { f64::from(*memory) };
        let moment = |step: i64| NOW - 1_800 + 300 * (step + 1);
        let values = steps.clone().map(|step| format!(r#"[{},"{value}"]"#, moment(step)));
        let values = values.collect::<Vec<_>>().join(",");
        format!(r#"{{"metric":{{"pod":"{pod}","container":"app"}},"values":[{values}]}}"#)
    });
    matrix(&series.collect::<Vec<_>>())
}

#[tokio::test(start_paused = true)]
async fn a_cell_is_of_all_pods_and_a_gap_is_one() {
    let plan = BackFill::up_to(at(0), Duration::from_mins(30));
    let (_, cells, done, _) = filled_whole(&plan, |question| {
        if !is_about_usage(question) {
            return Some(shop(question));
        }
        // The second comes after a quarter of an hour, in the only step of the third.
        let pods = [
            (POD, 0..2, 100, 70),
            ("web-7d4b9c8f6-bbbbb", 3..6, 400, 50),
            ("web-7d4b9c8f6-ccccc", 3..4, 800, 90),
            (POD, 5..6, 100, 70),
        ];
        Some(half_hour(&pods, question))
    })
    .await;
    let expect = [
        "0: 100 100 70 1",
        "5: 100 100 70 1",
        // What the first step of a pod tells of CPU is its start.
        "15: - - 90 2",
        "20: 400 400 50 1",
        "25: 250 400 70 2",
    ];
    assert_eq!(in_words(&cells, plan.from), expect);
    assert_eq!(done.unwrap().cells, 5);
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_live_is_left_alone() {
    let mut live = ContainerHistory::new();
    for second in (-43_200..-21_600).step_by(300) {
        live.observe(&Sample {
            container: key(),
            pod: "uid".into(),
            at: at(second),
            age: Duration::from_hours(1),
            usage: PerResource { cpu: Some(Amount::from_millicores(900)), memory: None },
        });
    }
    let mut plan = BackFill::up_to(at(0), Duration::from_hours(24));
    plan.seen = BTreeMap::from([(key(), live.seen())]);
    let (mut past, cells, done, _) = filled_whole(&plan, |question| Some(shop(question))).await;
    let done = done.unwrap();
    assert_eq!((done.values, done.cells), (2 * (288 - 72), 288));
    // It may have been seen without being stored.
    assert_eq!(cells[&key()].len(), 288);
    live.absorb(past.remove(0).1);
    assert_eq!(samples(&live, Resource::Cpu), 288);
    assert_eq!(samples(&live, Resource::Memory), 288 - 72);
    assert!(live.coverage(Duration::from_hours(24), at(0)).value() > 0.999);
}

#[tokio::test(start_paused = true)]
async fn a_day_that_is_too_much_is_asked_for_in_parts_and_counts_once() {
    let plan = BackFill::up_to(at(0), Duration::from_hours(24));
    let (past, cells, done, _) = filled_whole(&plan, |question| {
        let is_long = question.contains("start")
            && number(question, "end") - number(question, "start") > 7 * 3600;
        if is_about_usage(question) && is_long {
            let said =
                r#"{"status":"error","error":"query processing would load too many samples"}"#;
            return Some((422, said.to_owned()));
        }
        Some(shop(question))
    })
    .await;
    assert_eq!(samples(&past[0].1, Resource::Cpu), 288);
    let done = done.unwrap();
    assert_eq!((done.values, done.hours_missed), (2 * 288, 0));
    let expect: Vec<String> =
        (0..288).map(|number| format!("{}: 100 100 100 1", 5 * number)).collect();
    assert_eq!(in_words(&cells, plan.from), expect);
}

#[tokio::test(start_paused = true)]
async fn memory_that_alone_is_too_much_is_asked_for_in_parts() {
    let plan = BackFill::up_to(at(0), Duration::from_hours(24));
    let (past, cells, done, _) = filled_whole(&plan, |question| {
        let is_long = question.contains("start")
            && number(question, "end") - number(question, "start") > 13 * 3600;
        if is_about_usage(question) && question.contains("memory") && is_long {
            let said =
                r#"{"status":"error","error":"query processing would load too many samples"}"#;
            return Some((422, said.to_owned()));
        }
        Some(shop(question))
    })
    .await;
    assert_eq!([Resource::Cpu, Resource::Memory].map(|it| samples(&past[0].1, it)), [288, 288]);
    let expect: Vec<String> =
        (0..288).map(|number| format!("{}: 100 100 100 1", 5 * number)).collect();
    assert_eq!(in_words(&cells, plan.from), expect);
    // The namespaces, owners, CPU, memory once in vain and twice.
    assert_eq!(done.unwrap().questions, 1 + 3 + 1 + 3);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_had_is_missed_and_said() {
    let plan = BackFill::up_to(at(0), Duration::from_hours(24));
    let (past, cells, done, _) = filled_whole(&plan, |question| {
        let fails = is_about_usage(question) && question.contains("memory");
        if fails { Some((500, "no".to_owned())) } else { Some(shop(question)) }
    })
    .await;
    assert_eq!(samples(&past[0].1, Resource::Cpu), 288);
    assert_eq!(samples(&past[0].1, Resource::Memory), 0);
    assert_eq!(done.unwrap().hours_missed, 24);
    assert_eq!(in_words(&cells, plan.from)[7], "35: 100 100 - 1");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_always_fails_is_given_up() {
    let mut plan = BackFill::up_to(at(0), Duration::from_hours(24 * 8));
    plan.known = Some(Vec::new());
    assert_eq!(plan.leave_out_the_rich(0.9), 0);
    let (_, done, asked) = filled(&plan, |_| Some((500, String::new()))).await;
    assert_eq!((done.unwrap(), asked.len()), (BackFilled::default(), 0));
    plan.known = None;
    let (past, done, asked) = filled(&plan, |question| {
        let is_first = question.contains("group%20by%20%28namespace");
        if is_first { Some(shop(question)) } else { Some((500, String::new())) }
    })
    .await;
    assert!(matches!(done, Err(PrometheusError::Refused { status: 500, .. })));
    assert_eq!((past.len(), asked.len()), (0, 1 + 5 * 4));
}

#[tokio::test(start_paused = true)]
async fn values_that_are_no_usage_and_pods_of_nobody_are_counted() {
    let plan = BackFill::up_to(at(0), Duration::from_hours(1));
    let (past, done, _) = filled(&plan, |question| {
        if !is_about_usage(question) {
            return Some(shop(question));
        }
        let moment = NOW - 600;
        let values = format!(r#"[[{moment},"NaN"],[{},"-1"],[{NOW},"1"]]"#, moment + 300);
        let metric = format!(r#"{{"pod":"{POD}","container":"app"}}"#);
        let one = format!(r#"{{"metric":{metric},"values":{values}}}"#);
        Some(matrix(&[one, usage(question, "bare")]))
    })
    .await;
    assert_eq!(samples(&past[0].1, Resource::Cpu), 1);
    let done = done.unwrap();
    assert_eq!((done.dropped, done.unknown, done.values), (4, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_came_later_was_young_then() {
    let plan = BackFill::up_to(at(0), Duration::from_hours(24));
    let (past, _, _) = filled(&plan, |question| {
        if !is_about_usage(question) {
            return Some(shop(question));
        }
        let begin = format!("start={}", NOW - 43_200);
        let question = question.replacen("start=", &format!("{begin}&was="), 1);
        Some(matrix(&[usage(&question, POD)]))
    })
    .await;
    let counted = |startup: u64| {
        let startup = Duration::from_mins(startup);
        let span = Span { look_back: RETENTION, startup, now: at(0) };
        past[0].1.window(Resource::Cpu, &span).samples()
    };
    // At 0, 5, 10, ... minutes of age.
    assert_eq!([0, 2, 5, 15].map(counted), [145, 144, 144, 142]);
}

#[tokio::test(start_paused = true)]
async fn containers_that_count_as_one_count_once_and_by_the_greatest() {
    let mut plan = BackFill::up_to(at(0), Duration::from_hours(1));
    let mut known = Known::mk(key().workload, &["app"]);
    known.group(&["worker"], "app");
    plan.known = Some(vec![known]);
    let (past, cells, done, _) = filled_whole(&plan, |question| {
        if !is_about_usage(question) {
            return Some(shop(question));
        }
        let series = usage(question, POD);
        let more = series.replace(r#""app""#, r#""worker-1""#).replace("0.1", "0.3");
        Some(matrix(&[more, series]))
    })
    .await;
    let span = Span { look_back: RETENTION, startup: Duration::ZERO, now: at(0) };
    let window = past[0].1.window(Resource::Cpu, &span);
    assert_eq!(window.samples(), 12);
    assert_eq!(
        window.mean_quantile(plimsoll_domain::Quantile::new(0.1).unwrap(), 1),
        Amount::new(0.3)
    );
    assert_eq!(past[0].1.runs(RETENTION, at(0)), 1);
    assert_eq!(done.unwrap().values, 2 * 2 * 12);
    assert_eq!(in_words(&cells, plan.from)[11], "55: 300 300 100 1");
}

#[test]
fn only_namespaces_with_a_poor_workload_are_asked_about() {
    let mut live = ContainerHistory::new();
    for second in (-86_400..0).step_by(300) {
        let past = PastUsage {
            pod: None,
            at: at(second),
            age: Duration::ZERO,
            resource: Resource::Cpu,
            amount: Amount::ZERO,
            times: 1,
        };
        live.recall(&past);
    }
    let known = |namespace: &str, name: &str| {
        let workload = WorkloadId {
            namespace: namespace.into(),
            kind: WorkloadKind::Deployment,
            name: name.into(),
        };
        Known::mk(workload, &["app"])
    };
    let mut plan = BackFill::up_to(at(0), Duration::from_hours(24));
    plan.known = Some(vec![known("rich", "a"), known("shop", "poor"), known("shop", "web")]);
    for (namespace, name) in [("rich", "a"), ("shop", "web")] {
        let workload = known(namespace, name).workload;
        plan.seen.insert(ContainerKey { workload, container: "app".into() }, live.seen());
    }
    assert_eq!(plan.leave_out_the_rich(0.95), 1);
    let left: Vec<String> =
        plan.known.iter().flatten().map(|known| known.workload.to_string()).collect();
    assert_eq!(left, ["shop/deployment/poor", "shop/deployment/web"]);
}
