//! Tier 2: text in, golden text out, over the simulated cluster and clock.
//!
//! A scenario is a file of commands, one a line (see `scenarios/README.md`). Each is run twice and
//! must print the same bytes, and once more with a restart of the program after every tick, which
//! must change nothing. `PLIMSOLL_BLESS=1` rewrites the goldens.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken scenario ends the test")]

mod configure;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use plimsoll_api::{parse_duration, parse_quantity};
use plimsoll_domain::{
    Allocation, Amount, ContainerKey, ContainerSpec, PerResource, Resource, Resources, Running,
    Stop, Timestamp, UsageCell, WorkloadId, WorkloadKind,
};
use plimsoll_engine::{Engine, Settings};
use plimsoll_pipeline::{ChangeBudget, Line, Role, Tick};
use plimsoll_replay::simulate::{SimulatedCluster, SimulatedPorts, SimulatedWorkload, Usage};
use plimsoll_report::{EvaluationView, explain, format_amount, sentence, table};

use configure::configure;

/// Midnight, 5 January 2026, UTC.
const START: Timestamp = Timestamp::from_seconds(1_767_571_200);
/// Opens a scenario about when the program looks: a restart is itself a reason to look.
const WITHOUT_RESTARTS: &str = "# Without restarts:";
/// The controller's defaults: usage every 30 s, evaluations every 60 s.
const COLLECT: Duration = Duration::from_secs(30);
const EVALUATE_EVERY: u64 = 2;

type SimulatedLine =
    Line<SimulatedPorts, SimulatedPorts, SimulatedPorts, SimulatedPorts, SimulatedPorts>;
/// What each pod of a workload uses at present; a script changes it.
type Dial = Arc<Mutex<Vec<PerResource<Amount>>>>;

type Cells = BTreeMap<ContainerKey, Vec<UsageCell>>;

struct Scenario {
    line: SimulatedLine,
    cluster: SimulatedPorts,
    dials: BTreeMap<WorkloadId, Dial>,
    said: BTreeMap<WorkloadId, String>,
    /// What a store would have of each container, five minutes by five minutes.
    cells: Cells,
    ticks: u64,
    restart_always: bool,
    output: String,
}

#[test]
fn every_scenario_prints_its_golden_and_survives_a_restart_after_every_tick() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut scripts: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty(), "no scenarios in {}", folder.display());
    let mut failures = Vec::new();
    for script in scripts {
        let text = std::fs::read_to_string(&script).unwrap();
        let printed = run(&text, false);
        assert_eq!(printed, run(&text, false), "{}: two runs differ", script.display());
        let restarted = run(&text, true);
        if printed != restarted && !text.starts_with(WITHOUT_RESTARTS) {
            failures.push(format!("{}: restarts change it:\n{restarted}", script.display()));
        }
        let golden = script.with_extension("golden");
        if std::env::var_os("PLIMSOLL_BLESS").is_some() {
            std::fs::write(&golden, &printed).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != printed {
            failures.push(format!("{} prints:\n{printed}", script.display()));
        }
    }
    assert!(failures.is_empty(), "{}\nif this is right: cargo xtask bless", failures.join("\n"));
}

fn run(script: &str, restart_always: bool) -> String {
    let size = PerResource {
        cpu: Amount::from_millicores(64_000),
        memory: Amount::from_mebibytes(256 * 1024),
    };
    let cluster = SimulatedPorts::new(SimulatedCluster::new(START, size));
    let mut scenario = Scenario {
        line: line(&cluster, engine()),
        cluster,
        dials: BTreeMap::new(),
        said: BTreeMap::new(),
        cells: BTreeMap::new(),
        ticks: 0,
        restart_always,
        output: String::new(),
    };
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() || line.starts_with('#') {
            continue;
        }
        scenario.command(&words);
        let mut annotation = String::new();
        while let Some(text) = lines.next_if(|line| line.starts_with("    ")) {
            annotation.push_str(&text[4..]);
            annotation.push('\n');
        }
        if !annotation.is_empty() {
            scenario.configure(&id(words[1]), &annotation);
        }
    }
    scenario.output
}

impl Scenario {
    fn command(&mut self, words: &[&str]) {
        match words {
            ["workload", workload, settings @ ..] => self.add(workload, settings),
            // The annotation stands in the indented lines below.
            ["configure", _workload] => {}
            ["usage", workload, settings @ ..] => {
                *self.dials[&id(workload)].lock().unwrap() = usages(settings);
            }
            ["run", time] => self.run(parse_duration(time).unwrap()),
            ["past", workload, settings @ ..] => {
                let key = ContainerKey { workload: id(workload), container: "app".into() };
                self.cells.insert(key, past(settings));
            }
            ["rollout", workload] => self.cluster.cluster().roll_out(&id(workload)),
            ["metrics", switch] => self.cluster.cluster().metrics_available = *switch == "on",
            ["stop", note @ ..] => {
                let since = self.cluster.cluster().now;
                self.cluster.cluster().stop = Some(Stop { since, note: note.join(" ") });
            }
            ["resume"] => self.cluster.cluster().stop = None,
            // A program that starts looks at once.
            ["restart"] => {
                self.line = line(&self.cluster, restarted(&self.line.engine, &self.cells));
                self.ticks = EVALUATE_EVERY - 1;
            }
            ["report"] => self.output.push_str(&table(&self.views())),
            ["pods"] => self.pods(),
            ["explain", workload] => {
                let wanted = id(workload);
                let published = self.cluster.cluster().published.clone();
                let found = published.iter().find(|evaluation| evaluation.workload == wanted);
                self.output.push_str(&explain(&EvaluationView::from(found.unwrap())));
            }
            _ => panic!("no such command: {words:?}"),
        }
    }

    fn add(&mut self, workload: &str, settings: &[&str]) {
        let dial: Dial = Arc::new(Mutex::new(usages(settings)));
        let pods = usize::try_from(number(settings, "pods").unwrap_or(1)).unwrap();
        let usage = (0..pods).map(|pod| -> Usage {
            let dial = Arc::clone(&dial);
            Arc::new(move |_, _| {
                let usages = dial.lock().unwrap();
                usages[pod % usages.len()]
            })
        });
        let original = Resources {
            cpu: Allocation {
                request: amount(settings, "request-cpu"),
                limit: amount(settings, "limit-cpu"),
            },
            memory: Allocation {
                request: amount(settings, "request-memory"),
                limit: amount(settings, "limit-memory"),
            },
        };
        let spec = ContainerSpec { name: "app".into(), original };
        let id = id(workload);
        let unconfigured = configure(&id, None);
        let added = SimulatedWorkload::new(id.clone(), vec![spec], unconfigured, usage.collect());
        self.cluster.cluster().add(added);
        self.dials.insert(id, dial);
    }

    fn configure(&mut self, workload: &WorkloadId, text: &str) {
        let mut cluster = self.cluster.cluster();
        let found = cluster.workloads.iter_mut().find(|w| w.id == *workload).unwrap();
        found.configuration = Arc::new(configure(workload, Some(text)));
    }

    fn run(&mut self, length: Duration) {
        let end = self.cluster.cluster().now.plus(length);
        while self.cluster.cluster().now < end {
            self.cluster.cluster().step(COLLECT);
            self.ticks += 1;
            let evaluate = self.ticks.is_multiple_of(EVALUATE_EVERY);
            let report =
                ready(self.line.tick(Tick { collect: true, evaluate, role: Role::Leader }));
            for evaluation in &report.evaluations {
                self.say(evaluation);
            }
            for (key, cell) in self.line.engine.take_cells() {
                self.cells.entry(key).or_default().push(cell);
            }
            recall(&mut self.line.engine, &self.cells);
            if self.restart_always {
                self.line = line(&self.cluster, restarted(&self.line.engine, &self.cells));
            }
        }
    }

    /// One line for what is done, and for every hold whose reason is another than before.
    fn say(&mut self, evaluation: &plimsoll_domain::Evaluation) {
        let (code, text) = match &evaluation.decision.running {
            Running::Apply(action) => {
                let text: Vec<String> = action
                    .changes
                    .iter()
                    .map(|change| {
                        let to = change.containers.iter().map(|c| shown(&c.to)).collect::<Vec<_>>();
                        format!("{} gets {}", change.pod, to.join(", "))
                    })
                    .collect();
                (String::new(), text.join("; "))
            }
            Running::Hold(reason) => (reason.code().to_owned(), sentence(reason)),
        };
        let before = self.said.insert(evaluation.workload.clone(), code.clone());
        if before.as_ref() != Some(&code) || code.is_empty() {
            let at = plimsoll_report::format_duration(evaluation.at.since(START));
            let code = if code.is_empty() { "Apply" } else { &code };
            writeln!(self.output, "{at} {} {code}: {text}", evaluation.workload).unwrap();
        }
    }

    fn pods(&mut self) {
        let cluster = self.cluster.cluster();
        for (workload, container) in cluster.containers() {
            let running = &container.running;
            let (resources, restarts) = (shown(&running.resources), running.restart_count);
            writeln!(self.output, "  {} {resources}, {restarts} restarts", workload.id).unwrap();
        }
    }

    fn views(&self) -> Vec<EvaluationView> {
        self.cluster.cluster().published.iter().map(EvaluationView::from).collect()
    }
}

fn line(cluster: &SimulatedPorts, engine: Engine) -> SimulatedLine {
    Line::new(engine, cluster.for_line(), ChangeBudget::new(10))
}

/// An engine with a store beside it.
fn engine() -> Engine {
    let mut engine = Engine::new(Settings::default());
    engine.keep_cells();
    engine.expect_past();
    engine
}

/// An engine that has only what a store would have kept.
fn restarted(before: &Engine, cells: &Cells) -> Engine {
    let mut fresh = engine();
    for (key, snapshot) in before.snapshots() {
        fresh.restore_snapshot(key, &snapshot).unwrap();
    }
    recall(&mut fresh, cells);
    fresh
}

fn recall(engine: &mut Engine, cells: &Cells) {
    for key in engine.without_past() {
        engine.recall_cells(&key, cells.get(&key).map_or(&[], Vec::as_slice));
    }
}

/// `days=9 from=2h to=5h cpu=800m otherwise=200m memory=300Mi`: the same on every day until the start.
fn past(settings: &[&str]) -> Vec<UsageCell> {
    let days = i64::try_from(number(settings, "days").unwrap()).unwrap();
    let hour = |name: &str| parse_duration(setting(settings, name).unwrap()).unwrap();
    let busy = hour("from")..hour("to");
    let cell = |number: i64| {
        let start = Timestamp::from_seconds(START.seconds() - 300 * number);
        let since_midnight = Duration::from_secs(start.seconds().rem_euclid(86_400).unsigned_abs());
        let cpu = if busy.contains(&since_midnight) { "cpu" } else { "otherwise" };
        UsageCell {
            start,
            cpu_mean: amount(settings, cpu),
            cpu_max: amount(settings, cpu),
            memory_max: amount(settings, "memory"),
            pods: 1,
        }
    };
    (1..=288 * days).rev().map(cell).collect()
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a simulated port is always ready"),
    }
}

fn id(text: &str) -> WorkloadId {
    let parts: Vec<&str> = text.split('/').collect();
    let kind = WorkloadKind::KNOWN.into_iter().find(|k| k.name().eq_ignore_ascii_case(parts[1]));
    WorkloadId { namespace: parts[0].into(), kind: kind.unwrap(), name: parts[2].into() }
}

fn setting<'a>(settings: &[&'a str], name: &str) -> Option<&'a str> {
    settings.iter().find_map(|setting| setting.strip_prefix(name)?.strip_prefix('='))
}

fn number(settings: &[&str], name: &str) -> Option<u64> {
    setting(settings, name).map(|text| text.parse().unwrap())
}

fn amount(settings: &[&str], name: &str) -> Option<Amount> {
    setting(settings, name).map(|text| parse_quantity(text).unwrap())
}

/// `cpu=180m|220m memory=400Mi`: one value for each pod, the last for all further ones.
fn usages(settings: &[&str]) -> Vec<PerResource<Amount>> {
    let list = |name: &str| -> Vec<Amount> {
        let text = setting(settings, name).unwrap_or("0");
        text.split('|').map(|value| parse_quantity(value).unwrap()).collect()
    };
    let (cpu, memory) = (list("cpu"), list("memory"));
    let at = |values: &[Amount], pod: usize| values[pod.min(values.len() - 1)];
    let pods = 0..cpu.len().max(memory.len());
    pods.map(|pod| PerResource { cpu: at(&cpu, pod), memory: at(&memory, pod) }).collect()
}

fn shown(resources: &Resources) -> String {
    let part = |(resource, allocation): (Resource, &Allocation)| {
        let shown = |value: Option<Amount>| {
            value.map_or_else(|| "none".to_owned(), |value| format_amount(resource, value))
        };
        format!("{} {}/{}", resource.name(), shown(allocation.request), shown(allocation.limit))
    };
    resources.iter().map(part).collect::<Vec<_>>().join(" ")
}
