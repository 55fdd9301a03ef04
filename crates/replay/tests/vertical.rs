//! Replay of vertical sizing over the recorded usage that ships with the program: what is decided
//! depends on the past alone, and a bad recording leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "a replay that cannot be set up ends the test")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use plimsoll_domain::{Origin, Policy, Ratio, Resource, Settings, Target};
use plimsoll_replay::trace::Traces;
use plimsoll_replay::vertical::{Apply, Memory, Peer, ReplayError, Scored, VerticalReplay, Who};

const AUTO: Who = Who::Auto { apply: Apply::InPlace, memory: Memory::Guaranteed, price: None };

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

/// An empty folder of one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("vertical-{name}"));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn unzipped(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn zip(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap();
}

fn run(traces: &Path, resource: Resource, who: Who, to: &Path) -> Result<String, ReplayError> {
    let decisions = to.join("decisions.csv.gz");
    let replay = VerticalReplay {
        resource,
        who,
        warm_up: Duration::from_hours(1),
        scored: Scored::standard(resource),
        decisions: Some(decisions.clone()),
        score: Some(to.join("score.json")),
        timing: None,
    };
    replay.run(&mut Traces::open(traces)?, &mut |_| {})?;
    Ok(unzipped(&decisions))
}

/// Series by name, each with its lines and their times.
fn by_series(text: &str) -> BTreeMap<String, Vec<(i64, String)>> {
    let mut all: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let (series, rest) = line.split_once(',').unwrap();
        let (at, _) = rest.split_once(',').unwrap();
        all.entry(series.to_owned()).or_default().push((at.parse().unwrap(), line.to_owned()));
    }
    all
}

/// The shipped recordings of a metric up to some time, which need not be a boundary of ticks; says
/// when each ends.
fn cut(metric: &str, until: i64, to: &Path) -> BTreeMap<String, i64> {
    fs::copy(shipped().join("series.csv"), to.join("series.csv")).unwrap();
    let file = format!("{metric}/demo.csv.gz");
    let text = unzipped(&shipped().join(&file));
    let mut lines: Vec<&str> = text.lines().take(1).collect();
    let mut ends = BTreeMap::new();
    let all = by_series(&text);
    for (series, rows) in &all {
        for (at, line) in rows.iter().filter(|(at, _)| *at < until) {
            lines.push(line);
            ends.insert(series.clone(), *at);
        }
    }
    zip(&to.join(file), &(lines.join("\n") + "\n"));
    ends
}

/// Everything decided up to the last sample is the same, and nothing is decided after it.
fn check_causal(name: &str, resource: Resource, who: &Who) {
    let metric = match resource {
        Resource::Cpu => "cpu",
        Resource::Memory => "mem",
    };
    let whole = by_series(&run(&shipped(), resource, who.clone(), &folder(name)).unwrap());
    for until in [7_200, 100_000, 259_321] {
        let traces = folder(&format!("{name}-{until}"));
        let ends = cut(metric, until, &traces);
        let part = by_series(&run(&traces, resource, who.clone(), &traces).unwrap());
        for (series, end) in ends {
            let rows = whole.get(&series).into_iter().flatten();
            let before: Vec<_> = rows.filter(|(at, _)| *at <= end).collect();
            let got: Vec<_> = part.get(&series).into_iter().flatten().collect();
            assert_eq!(got, before, "{name}, {series}, cut at {until}");
        }
    }
}

#[test]
fn cutting_the_future_does_not_change_the_past() {
    let restart = Who::Auto { apply: Apply::Restart, memory: Memory::Guaranteed, price: None };
    let burstable = Who::Auto { apply: Apply::InPlace, memory: Memory::Burstable, price: None };
    check_causal("cpu", Resource::Cpu, &AUTO);
    check_causal("restart", Resource::Cpu, &restart);
    check_causal("memory", Resource::Memory, &AUTO);
    check_causal("burstable", Resource::Memory, &burstable);
    let policy = Box::new(Policy::resolve(&[]));
    let policy = Who::Policy { policy, memory: Memory::Guaranteed };
    check_causal("policy", Resource::Memory, &policy);
}

/// Four days of 1 that is now and then a little more.
fn now_and_then_more(name: &str) -> PathBuf {
    let usage = |cell: usize| match cell {
        cell if cell % 25 == 0 => "1.8",
        cell if cell % 10 == 5 => "1.3",
        _ => "1",
    };
    recording(name, &(0..4 * 288).map(usage).collect::<Vec<_>>())
}

/// The footprint of CPU under the policy `auto` with this price of risk.
fn footprint(price: Option<f64>) -> f64 {
    let mut said = Settings::default();
    said.vertical.risk_price = Some(price.and_then(Ratio::new));
    said.resources.cpu.target = Some(Target::Auto);
    let policy = Box::new(Policy::resolve(&[(&Origin::Annotation, &said)]));
    let who = Who::Policy { policy, memory: Memory::Guaranteed };
    let replay = VerticalReplay {
        resource: Resource::Cpu,
        who,
        warm_up: Duration::from_hours(1),
        scored: Scored::standard(Resource::Cpu),
        decisions: None,
        score: None,
        timing: None,
    };
    let folder = now_and_then_more("price");
    let report = replay.run(&mut Traces::open(&folder).unwrap(), &mut |_| {}).unwrap();
    report.groups.first().unwrap().1.figure("footprint_gm").unwrap()
}

#[test]
fn a_policy_sets_the_price_of_risk() {
    let [bold, shipped, careful] = [Some(1.0), None, Some(100.0)].map(footprint);
    assert!(bold < shipped && shipped < careful, "{bold} {shipped} {careful}");
}

#[test]
fn every_peer_decides_for_every_recording() {
    let recorded = by_series(&unzipped(&shipped().join("mem/demo.csv.gz"))).len();
    for (name, peer) in Peer::ALL {
        let decided = run(&shipped(), Resource::Memory, Who::Peer(peer), &folder(name)).unwrap();
        assert_eq!(by_series(&decided).len(), recorded, "{name}");
    }
}

/// One recording in a folder of its own, a sample every 5 minutes.
fn recording(name: &str, usage: &[&str]) -> PathBuf {
    let to = folder(name);
    let index = "series_id,metric,file,source,entity,unit,step_s,days\n\
                 a,cpu,cpu/a.csv.gz,gcd11,a,cpu_cores,300,4\n";
    fs::write(to.join("series.csv"), index).unwrap();
    let rows = usage.iter().enumerate().map(|(n, usage)| format!("a,{},{usage}\n", 300 * n));
    zip(
        &to.join("cpu/a.csv.gz"),
        &(String::from("series_id,timestamp_s,cpu_cores\n") + &rows.collect::<String>()),
    );
    to
}

/// Four days of 1, of which the last three count, and 2 in the last tick, above a request of 1.15.
#[test]
fn the_score_is_what_a_hand_computes() {
    let mut usage = vec!["1"; 4 * 288];
    *usage.last_mut().unwrap() = "2";
    let traces = recording("score", &usage);
    let replay = VerticalReplay {
        resource: Resource::Cpu,
        who: Who::Peer(Peer::Plain),
        warm_up: Duration::from_hours(24),
        scored: Scored::standard(Resource::Cpu),
        decisions: Some(traces.join("decisions.csv.gz")),
        score: None,
        timing: None,
    };
    let report = replay.run(&mut Traces::open(&traces).unwrap(), &mut |_| {}).unwrap();
    let (_, all) = report.groups.first().unwrap();
    let (ticks, used) = (864.0, 865.0);
    let expect = [
        ("n", 1.0),
        ("missing", 0.0),
        ("footprint_gm1", 1.15 * ticks / used),
        ("under_time", 1.0 / ticks),
        ("under_volume", 0.85 / used),
        ("changes_per_day", 0.0),
        ("cost_med", (0.15 * 863.0 + 10.0 * 0.85) / used),
    ];
    for (name, expect) in expect {
        let got = all.figure(name).unwrap();
        assert!((got - expect).abs() < 1e-9, "{name}: {got}, not {expect}");
    }
}

#[test]
fn a_bad_recording_is_named_and_leaves_nothing_behind() {
    for bad in ["NaN", "inf", "-1", "much"] {
        let traces = recording("bad", &["1", "1", bad]);
        let error = run(&traces, Resource::Cpu, AUTO, &traces).unwrap_err().to_string();
        assert!(error.contains("cpu/a.csv.gz, line 4"), "{error}");
        let left = fs::read_dir(&traces).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, ["cpu", "series.csv"]);
    }
}
