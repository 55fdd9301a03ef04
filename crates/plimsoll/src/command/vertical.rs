//! `plimsoll replay vertical`: a recommender over recorded usage, with its score.

use std::fmt::Write as _;
use std::io::{IsTerminal, stderr};

use anyhow::{Context, bail};

use plimsoll_domain::{Ratio, Resource};
use plimsoll_replay::vertical::{
    Apply, Memory, Peer, Progress, Scored, VerticalReplay, VerticalReport, Who,
};

use crate::args::{ApplyCost, MemoryClass, Metric, RecordedArgs, VerticalArgs};
use crate::{output, policy_file};

/// Runs it and prints the score.
pub(crate) fn run(args: &VerticalArgs) -> anyhow::Result<()> {
    let recorded = &args.recorded;
    let sources = match (&recorded.sources[..], &recorded.history) {
        ([], None) => Scored::standard(resource(recorded.metric)).sources,
        (sources, _) => sources.to_vec(),
    };
    let replay = VerticalReplay {
        decisions: Some(args.decisions.clone()),
        score: args.score.clone(),
        timing: args.timing.clone(),
        ..replay(recorded, sources, who(args)?)
    };
    let report = replayed(&replay, recorded, "replay")?;
    if !report.missing.is_empty() {
        output::remark(&format!("nothing was decided for {} series", report.missing.len()));
    }
    output::data(&match recorded.history {
        None => table(recorded.metric, &report),
        Some(_) => own_table(recorded.metric, report),
    })
}

/// A replay of what was recorded, of which nothing is written.
pub(crate) fn replay(recorded: &RecordedArgs, sources: Vec<String>, who: Who) -> VerticalReplay {
    VerticalReplay {
        resource: resource(recorded.metric),
        who,
        warm_up: recorded.warm_up,
        scored: Scored { sources, min_days: recorded.min_days },
        decisions: None,
        score: None,
        timing: None,
    }
}

/// Runs a replay, telling a person at a terminal how far `name` has come. At least one series was
/// scored.
pub(crate) fn replayed(
    replay: &VerticalReplay,
    recorded: &RecordedArgs,
    name: &str,
) -> anyhow::Result<VerticalReport> {
    let is_terminal = stderr().is_terminal();
    let mut show = |progress: Progress| {
        if is_terminal {
            output::status(&format!("{name}: {} of {} series", progress.done, progress.of));
        }
    };
    let report = replay.run(super::recorded::open(recorded)?.as_mut(), &mut show);
    if is_terminal {
        output::status("");
    }
    let report = report.with_context(|| format!("failed to replay ({name})"))?;
    if report.groups.is_empty() {
        bail!("no series to score: see --sources and --min-days");
    }
    Ok(report)
}

fn who(args: &VerticalArgs) -> anyhow::Result<Who> {
    let named = |(name, _): &&(&str, Peer)| Some(*name) == args.peer.as_deref();
    if let Some((_, peer)) = Peer::ALL.iter().find(named) {
        return Ok(Who::Peer(*peer));
    }
    let price = match args.price {
        None => None,
        Some(price) => match Ratio::new(price) {
            Some(ratio) if price >= 0.0 => Some(ratio),
            _ => bail!("--price: expected a number, 0 or more, found {price}"),
        },
    };
    let memory = memory(args.recorded.memory);
    if let Some(path) = &args.recorded.policy {
        return Ok(Who::Policy { policy: Box::new(policy_file::read(path)?), memory });
    }
    Ok(Who::Auto { apply: apply(args.apply), memory, price })
}

pub(crate) fn resource(metric: Metric) -> Resource {
    match metric {
        Metric::Cpu => Resource::Cpu,
        Metric::Mem => Resource::Memory,
    }
}

fn apply(cost: ApplyCost) -> Apply {
    match cost {
        ApplyCost::InPlace => Apply::InPlace,
        ApplyCost::Restart => Apply::Restart,
    }
}

pub(crate) fn memory(class: MemoryClass) -> Memory {
    match class {
        MemoryClass::Guaranteed => Memory::Guaranteed,
        MemoryClass::Burstable => Memory::Burstable,
    }
}

/// Figures that say nothing about CPU, which has no limit and kills nothing.
const OF_MEMORY: [&str; 3] = ["limit_gm", "oom_per_100d", "series_with_oom"];

/// The figures of one's own containers together, then a row for each, the dearest first.
fn own_table(metric: Metric, mut report: VerticalReport) -> String {
    report.groups.truncate(1);
    let mut text = table(metric, &report);
    let is_memory = metric == Metric::Mem;
    let kills = if is_memory { "  kills/100d" } else { "" };
    let [cost, footprint, short, changes] = ["cost", "footprint", "short %", "changes/day"];
    writeln!(text, "\n{cost:>10}{footprint:>11}{short:>9}{changes:>13}{kills}  container").ok();
    report.series.sort_by(|one, other| other.cost.total_cmp(&one.cost));
    for series in &report.series {
        let short = 100.0 * series.under_time;
        let figures = [(10, 3, series.cost), (11, 3, series.footprint), (9, 2, short)];
        for (width, digits, figure) in figures {
            write!(text, "{figure:>width$.digits$}").ok();
        }
        write!(text, "{:>13.2}", series.changes_per_day).ok();
        if is_memory {
            write!(text, "{:>12.2}", series.oom_per_100d).ok();
        }
        let remark = if series.missing { " (nothing was decided)" } else { "" };
        writeln!(text, "  {}{remark}", series.series).ok();
    }
    text
}

/// A row for each figure, a column for each group of sources.
fn table(metric: Metric, report: &VerticalReport) -> String {
    let mut text = format!("{:<16}", "");
    for (group, _) in &report.groups {
        write!(text, "{:>14}", group.name()).ok();
    }
    text.push('\n');
    let names = report.groups.iter().take(1).flat_map(|(_, summary)| &summary.figures);
    let told = |name: &str| metric == Metric::Mem || !OF_MEMORY.contains(&name);
    for (name, _) in names.filter(|(name, _)| told(name)) {
        write!(text, "{name:<16}").ok();
        for (_, summary) in &report.groups {
            write!(text, "{:>14.4}", summary.figure(name).unwrap_or(f64::NAN)).ok();
        }
        text.push('\n');
    }
    text
}
