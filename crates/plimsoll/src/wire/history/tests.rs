//! What is kept is what goes on after a restart, over a simulated cluster.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{self, Poll, Waker};

use plimsoll_api::read_annotation;
use plimsoll_domain::{
    Allocation, Amount, Configuration, ContainerSpec, Evaluation, PerResource, Resources,
    UsageCell, WorkloadId, WorkloadKind,
};
use plimsoll_engine::Settings;
use plimsoll_pipeline::{ChangeBudget, Line, Role, Tick};
use plimsoll_policy::{BuiltIn, Catalog, Sources};
use plimsoll_replay::simulate::{SimulatedCluster, SimulatedPorts, SimulatedWorkload, Usage};
use plimsoll_store::StoredCells;

use super::*;

mod past;

/// What is forecast must survive a restart as well.
const ANNOTATION: &str =
    "vertical:\n  optimization: on\n  predictiveScaling: {cpu: {enabled: true}}\n";

/// 2026-01-05, midnight UTC.
const START: Timestamp = Timestamp::from_seconds(1_767_571_200);
const COLLECT: Duration = Duration::from_secs(30);
const MONTH: Duration = Duration::from_hours(30 * 24);

type SimulatedLine =
    Line<SimulatedPorts, SimulatedPorts, SimulatedPorts, SimulatedPorts, SimulatedPorts>;

/// A directory of its own that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("plimsoll-keeper-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Vertical scaling turned on, the rest as it is where nothing is said.
fn configuration(id: &WorkloadId) -> Configuration {
    let annotation = Arc::new(read_annotation(ANNOTATION));
    let sources =
        Sources { annotation: Some(&annotation), ..Sources::silent(&id.namespace, id.kind.name()) };
    plimsoll_policy::configure(&sources, &Catalog::default(), &BuiltIn::default())
}

/// Three workloads of two pods whose usage rises and falls, each in its own way.
fn mk_cluster() -> SimulatedPorts {
    let size = PerResource {
        cpu: Amount::from_millicores(64_000),
        memory: Amount::from_mebibytes(256 * 1024),
    };
    let mut cluster = SimulatedCluster::new(START, size);
    for n in 1..=3_u32 {
        let id = WorkloadId {
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: format!("web-{n}").into(),
        };
        let request = |amount| Allocation { request: Some(amount), limit: None };
        let original = Resources {
            cpu: request(Amount::from_millicores(500)),
            memory: request(Amount::from_mebibytes(512)),
        };
        let usage: Usage = Arc::new(move |_, elapsed: Duration| {
            let phase = u32::try_from(elapsed.as_secs() / 30 * 7919 % 97).unwrap();
            PerResource {
                cpu: Amount::from_millicores(50 * n + phase),
                memory: Amount::from_mebibytes(100 * n + phase),
            }
        });
        let spec = ContainerSpec { name: "app".into(), original };
        let usages = vec![usage.clone(), usage];
        let configured = configuration(&id);
        cluster.add(SimulatedWorkload::new(id, vec![spec], configured, usages));
    }
    SimulatedPorts::new(cluster)
}

fn mk_line(cluster: &SimulatedPorts) -> SimulatedLine {
    Line::new(Engine::new(Settings::default()), cluster.for_line(), ChangeBudget::new(10))
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a simulated port is always ready"),
    }
}

/// One tick, half a minute later; what it evaluated.
fn tick(cluster: &SimulatedPorts, line: &mut SimulatedLine) -> (Timestamp, Vec<Evaluation>) {
    cluster.cluster().step(COLLECT);
    let report = ready(line.tick(Tick { collect: true, evaluate: true, role: Role::Leader }));
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    (report.at, report.evaluations)
}

#[test]
fn a_restart_after_any_tick_recommends_byte_for_byte_the_same() {
    let (steady, folder) = (mk_cluster(), Folder::new());
    let restarted = mk_cluster();
    let mut line = mk_line(&steady);
    let mut other = mk_line(&restarted);
    let mut keeper = Keeper::open(Some(&folder.0), MONTH, &mut other.engine).unwrap();
    for number in 0..400 {
        let (_, expect) = tick(&steady, &mut line);
        let (now, found) = tick(&restarted, &mut other);
        assert_eq!(format!("{found:?}"), format!("{expect:?}"), "after {number} ticks");
        assert_eq!(keeper.save(&mut other.engine, now).failures, 0);
        keeper.recall(&mut other.engine);
        // Not after each: a save of what was saved before is tested too.
        if number % 7 < 3 {
            drop(keeper);
            other = mk_line(&restarted);
            keeper = Keeper::open(Some(&folder.0), MONTH, &mut other.engine).unwrap();
        }
    }
    let (_, last) = tick(&steady, &mut line);
    assert!(format!("{last:?}").contains("Known(Trail"), "something is recommended: {last:?}");
    assert!(format!("{last:?}").contains("Some(Foreseen"), "something is forecast: {last:?}");
    tick(&restarted, &mut other);
    let bytes = |engine: &Engine| -> Vec<_> { engine.snapshots().map(|(_, it)| it).collect() };
    assert!(bytes(&other.engine) == bytes(&line.engine), "all that is remembered is the same");
}

#[test]
fn cells_are_kept_across_restarts_without_a_gap_and_none_twice() {
    let (cluster, folder) = (mk_cluster(), Folder::new());
    let mut line = mk_line(&cluster);
    let mut keeper = Keeper::open(Some(&folder.0), MONTH, &mut line.engine).unwrap();
    for number in 0..250 {
        let (now, _) = tick(&cluster, &mut line);
        keeper.save(&mut line.engine, now);
        if number % 11 == 5 {
            drop(keeper);
            line = mk_line(&cluster);
            keeper = Keeper::open(Some(&folder.0), MONTH, &mut line.engine).unwrap();
        }
    }
    // Read while the keeper still has the directory.
    let mut stored = StoredCells::open(&folder.0, START).unwrap();
    assert_eq!(stored.keys().len(), 3);
    for cells in stored.read(0..3, START).unwrap() {
        // The first pods are young, and 125 minutes less what may come late have passed.
        let starts: Vec<i64> = cells.iter().map(|cell| cell.start.seconds()).collect();
        let expect: Vec<i64> = (0..24).map(|n| START.seconds() + 300 * n).collect();
        assert_eq!(starts, expect);
        let is_full = |cell: &UsageCell| {
            cell.pods == 2 && cell.cpu_max >= cell.cpu_mean && cell.memory_max.is_some()
        };
        assert!(cells.iter().all(is_full), "{cells:?}");
    }
}

#[test]
fn cells_are_kept_as_long_as_is_said_and_not_at_all_when_none_are_asked_for() {
    for (keep, expect) in [(Duration::ZERO, 0), (Duration::from_hours(24), 2), (MONTH, 4)] {
        let (cluster, folder) = (mk_cluster(), Folder::new());
        let mut line = mk_line(&cluster);
        let mut keeper = Keeper::open(Some(&folder.0), keep, &mut line.engine).unwrap();
        for day in 1..=4 {
            for _ in 0..25 {
                let (now, _) = tick(&cluster, &mut line);
                keeper.save(&mut line.engine, now);
            }
            cluster.cluster().now = START.plus(Duration::from_hours(24 * day));
        }
        let files = std::fs::read_dir(folder.0.join("cells")).map_or(0, Iterator::count);
        assert_eq!(files, expect, "{keep:?}");
    }
}

#[test]
fn a_fleet_too_large_for_one_turn_is_saved_by_turns() {
    let (cluster, folder) = (mk_cluster(), Folder::new());
    let mut line = mk_line(&cluster);
    let mut keeper = Keeper::open(Some(&folder.0), MONTH, &mut line.engine).unwrap();
    let restored = |keeper: Keeper| {
        drop(keeper);
        let mut engine = Engine::new(Settings::default());
        let keeper = Keeper::open(Some(&folder.0), MONTH, &mut engine).unwrap();
        (keeper, engine.histories().count())
    };
    let mut found = Vec::new();
    for _ in 0..4 {
        let (now, _) = tick(&cluster, &mut line);
        keeper.save_up_to(&mut line.engine, now, 1);
        let last = keeper.last.clone();
        let count;
        (keeper, count) = restored(keeper);
        keeper.last = last;
        found.push(count);
    }
    assert_eq!(found, [1, 2, 3, 3]);
    keeper.save_all(&mut line.engine, START);
    let (_, engine) = restored(keeper);
    assert_eq!(engine, 3);
}

#[test]
fn without_a_folder_nothing_is_kept_and_nothing_fails() {
    let cluster = mk_cluster();
    let mut line = mk_line(&cluster);
    let mut keeper = Keeper::open(None, MONTH, &mut line.engine).unwrap();
    let (now, _) = tick(&cluster, &mut line);
    assert_eq!(keeper.save(&mut line.engine, now), Kept::default());
    assert_eq!(line.engine.take_cells(), []);
}

/// Writing to `/dev/full` always finds no room.
#[test]
fn a_full_disk_is_counted_and_said_and_all_is_kept_once_there_is_room() {
    let (cluster, folder) = (mk_cluster(), Folder::new());
    let mut line = mk_line(&cluster);
    let mut keeper = Keeper::open(Some(&folder.0), MONTH, &mut line.engine).unwrap();
    let log = folder.0.join("snapshots/00000001.log");
    std::fs::create_dir_all(log.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", &log).unwrap();
    for _ in 0..3 {
        let (now, _) = tick(&cluster, &mut line);
        assert_eq!(keeper.save(&mut line.engine, now).failures, 1);
        assert!(keeper.trouble.as_ref().is_some_and(|it| it.contains("must have room")));
    }
    std::fs::remove_file(&log).unwrap();
    let (now, _) = tick(&cluster, &mut line);
    assert_eq!(keeper.save(&mut line.engine, now).failures, 0);
    assert_eq!(keeper.trouble, None);
    drop(keeper);
    let mut restarted = Engine::new(Settings::default());
    Keeper::open(Some(&folder.0), MONTH, &mut restarted).unwrap();
    let bytes = |engine: &Engine| -> Vec<_> { engine.snapshots().map(|(_, it)| it).collect() };
    assert!(bytes(&restarted) == bytes(&line.engine));
}
