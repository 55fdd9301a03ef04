//! Cells of the past that come in while a controller runs.

use plimsoll_collect::PastCells;
use plimsoll_domain::{Estimate, Resource};

use super::*;

const DAY: i64 = 86_400;

fn key(name: &str) -> ContainerKey {
    let workload =
        WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: name.into() };
    ContainerKey { workload, container: "app".into() }
}

/// A cell that begins so many seconds after the start; live ones have less than half a core.
fn cell(second: i64) -> UsageCell {
    let cpu = Amount::from_millicores(if second.rem_euclid(DAY) < DAY / 2 { 1_000 } else { 2_000 });
    UsageCell {
        start: Timestamp::from_seconds(START.seconds() + second),
        cpu_mean: Some(cpu),
        cpu_max: Some(cpu),
        memory_max: Some(Amount::from_mebibytes(500)),
        pods: 1,
    }
}

/// Cells of two weeks until ten minutes after the start, those before the start in two messages.
fn two_weeks(names: &[&str]) -> [PastCells; 2] {
    let part = |from: i64, to: i64| {
        let cells: Vec<UsageCell> = (from..to).step_by(300).map(cell).collect();
        PastCells::from(names.iter().map(|name| (key(name), cells.clone())).collect::<Vec<_>>())
    };
    [part(-14 * DAY, -7 * DAY), part(-7 * DAY, 600)]
}

/// How much the forecast of each workload's CPU was made from.
fn made_from(evaluations: &[Evaluation]) -> Vec<Option<Duration>> {
    let foreseen = evaluations.iter().map(|one| {
        let estimates = &one.containers.first()?.estimates;
        let Estimate::Known(trail) = estimates.get(Resource::Cpu) else { return None };
        trail.foreseen.map(|foreseen| foreseen.history)
    });
    foreseen.collect()
}

/// Runs it for an hour and lets the past come in after a quarter of it; how much forecasts were made
/// from at last.
fn play(
    keeper: &mut Keeper,
    line: &mut SimulatedLine,
    cluster: &SimulatedPorts,
) -> Vec<Option<Duration>> {
    let mut last = Vec::new();
    for number in 0..120 {
        let (now, evaluations) = tick(cluster, line);
        keeper.tell_unkept(&mut line.engine);
        if number == 30 {
            for cells in two_weeks(&["web-1", "web-2", "gone"]) {
                keeper.fill().add(cells);
            }
            assert!(!keeper.fill().is_due(), "more may come");
            keeper.fill().end();
        }
        assert_eq!(keeper.save(&mut line.engine, now).failures, 0);
        keeper.recall(&mut line.engine);
        last = made_from(&evaluations);
    }
    last
}

#[test]
fn a_target_of_day_zero_is_forecast_from_two_weeks_with_and_without_a_folder() {
    for with_folder in [true, false] {
        let (cluster, folder) = (mk_cluster(), Folder::new());
        let mut line = mk_line(&cluster);
        let dir = with_folder.then_some(folder.0.as_path());
        let mut keeper = Keeper::open(dir, MONTH, &mut line.engine).unwrap();
        let found = play(&mut keeper, &mut line, &cluster);
        let two_weeks = Duration::from_hours(14 * 24);
        let [Some(one), Some(other), Some(third)] = &found[..] else { panic!("{found:?}") };
        assert!(*one > two_weeks && *other > two_weeks, "{found:?}");
        assert!(*third < Duration::from_hours(1), "of this one there is no past: {found:?}");
    }
}

#[test]
fn the_past_is_stored_where_nothing_is_and_a_restart_goes_on_from_it() {
    let (cluster, folder) = (mk_cluster(), Folder::new());
    let mut line = mk_line(&cluster);
    let mut keeper = Keeper::open(Some(&folder.0), MONTH, &mut line.engine).unwrap();
    let before = play(&mut keeper, &mut line, &cluster);
    let mut stored = StoredCells::open(&folder.0, START.minus(MONTH)).unwrap();
    assert_eq!(stored.keys(), [key("gone"), key("web-1"), key("web-2"), key("web-3")]);
    let cells = stored.of(&key("web-1"), START.minus(MONTH)).unwrap();
    let starts: Vec<i64> = cells.iter().map(|cell| cell.start.seconds()).collect();
    let first = START.seconds() - 14 * DAY;
    let expect: Vec<i64> =
        (0..i64::try_from(starts.len()).unwrap()).map(|n| first + 300 * n).collect();
    assert_eq!(starts, expect, "in order, without a gap");
    let is_live = |cell: &UsageCell| cell.pods == 2;
    let live = cells.iter().position(is_live).unwrap();
    assert_eq!(cells[live].start, START, "what was seen live stays");
    assert!(cells[live..].iter().all(is_live));
    assert_eq!(stored.of(&key("gone"), START.minus(MONTH)).unwrap().len(), 14 * 288 + 2);
    // The same past again, as after a restart before enough was seen.
    let size = |folder: &Folder| -> u64 {
        let files = std::fs::read_dir(folder.0.join("cells")).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
    };
    let bytes = size(&folder);
    for cells in two_weeks(&["web-1", "gone"]) {
        keeper.fill().add(cells);
    }
    let now = cluster.cluster().now;
    assert_eq!(keeper.save(&mut line.engine, now).failures, 0);
    assert_eq!(size(&folder), bytes);
    drop(keeper);
    let mut line = mk_line(&cluster);
    let mut keeper = Keeper::open(Some(&folder.0), MONTH, &mut line.engine).unwrap();
    let (now, evaluations) = tick(&cluster, &mut line);
    keeper.save(&mut line.engine, now);
    assert_eq!(made_from(&evaluations).len(), before.len());
    assert!(made_from(&evaluations)[0] >= before[0], "{:?} {before:?}", made_from(&evaluations));
}

#[test]
fn of_the_past_no_more_is_stored_than_is_kept() {
    let (cluster, folder) = (mk_cluster(), Folder::new());
    let mut line = mk_line(&cluster);
    let keep = Duration::from_hours(48);
    let mut keeper = Keeper::open(Some(&folder.0), keep, &mut line.engine).unwrap();
    play(&mut keeper, &mut line, &cluster);
    let mut stored = StoredCells::open(&folder.0, START.minus(MONTH)).unwrap();
    let cells = stored.of(&key("gone"), START.minus(MONTH)).unwrap();
    let since = START.plus(Duration::from_secs(31 * 30)).minus(keep);
    assert!(cells.iter().all(|cell| cell.start >= since), "{:?} {since:?}", cells.first());
    assert!(cells.len() > 570, "{}", cells.len());
}
