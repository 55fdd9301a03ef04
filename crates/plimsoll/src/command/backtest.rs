//! `plimsoll backtest`: every recommender over the same recorded usage, as a leaderboard.

use std::fmt::Write as _;

use anyhow::Context;
use serde_json::{Map, Value, json};

use plimsoll_domain::Resource;
use plimsoll_replay::vertical::{Apply, Peer, Summary, Who};

use super::vertical::{memory, replay, replayed, resource};
use crate::args::{BacktestArgs, DataFormat, RecordedArgs};
use crate::{output, policy_file};

/// What it is ordered by, least first: requested above use, and what being short costs.
const ORDERED_BY: &str = "cost_med";

/// The columns: a figure of the score, what it is called, and what it is multiplied by.
const OF_BOTH: [(&str, &str, f64); 5] = [
    ("cost_med", "cost", 1.0),
    ("footprint_gm", "footprint", 1.0),
    ("under_time", "short %", 100.0),
    ("under_time_max", "worst %", 100.0),
    ("changes_per_day", "changes/day", 1.0),
];
const OF_MEMORY: [(&str, &str, f64); 2] =
    [("limit_gm", "limits", 1.0), ("oom_per_100d", "kills/100d", 1.0)];

/// One recommender's score over all series.
struct Row {
    name: String,
    summary: Summary,
}

/// Replays all of them and prints the leaderboard.
pub(crate) fn run(args: &BacktestArgs) -> anyhow::Result<()> {
    let recorded = &args.recorded;
    let mut rows = Vec::new();
    for (name, who) in recommenders(recorded)? {
        let report = replayed(&replay(recorded, recorded.sources.clone(), who), recorded, &name)?;
        rows.extend(
            report
                .groups
                .into_iter()
                .take(1)
                .map(|(_, summary)| Row { name: name.clone(), summary }),
        );
    }
    let cost = |row: &Row| row.summary.figure(ORDERED_BY).unwrap_or(f64::INFINITY);
    rows.sort_by(|one, other| cost(one).total_cmp(&cost(other)));
    output::data(&match args.output {
        DataFormat::Table => table(recorded, &rows),
        DataFormat::Json => json(recorded, &rows)?,
    })
}

fn recommenders(args: &RecordedArgs) -> anyhow::Result<Vec<(String, Who)>> {
    let memory = memory(args.memory);
    let auto = |apply| Who::Auto { apply, memory, price: None };
    let mut all = vec![("auto".to_owned(), auto(Apply::InPlace))];
    if resource(args.metric) == Resource::Cpu {
        all.push(("auto, restarting".to_owned(), auto(Apply::Restart)));
    }
    if let Some(path) = &args.policy {
        let policy = Box::new(policy_file::read(path)?);
        all.push(("your policy".to_owned(), Who::Policy { policy, memory }));
    }
    all.extend(Peer::ALL.map(|(name, peer)| (name.to_owned(), Who::Peer(peer))));
    Ok(all)
}

fn columns(args: &RecordedArgs) -> impl Iterator<Item = (&'static str, &'static str, f64)> {
    let more: &[_] = match resource(args.metric) {
        Resource::Cpu => &[],
        Resource::Memory => &OF_MEMORY,
    };
    OF_BOTH.into_iter().chain(more.iter().copied())
}

fn table(args: &RecordedArgs, rows: &[Row]) -> String {
    let series = rows.first().and_then(|row| row.summary.figure("n")).unwrap_or_default();
    let mut text = format!("{series:.0} series, the cheapest first\n{:<18}", "");
    for (_, title, _) in columns(args) {
        write!(text, "{title:>13}").ok();
    }
    text.push('\n');
    for Row { name, summary } in rows {
        write!(text, "{name:<18}").ok();
        for (figure, _, factor) in columns(args) {
            let value = summary.figure(figure).unwrap_or(f64::NAN) * factor;
            write!(text, "{value:>13.3}").ok();
        }
        text.push('\n');
    }
    text
}

fn json(args: &RecordedArgs, rows: &[Row]) -> anyhow::Result<String> {
    let figures = |summary: &Summary| -> Map<String, Value> {
        summary.figures.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
    };
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| json!({"recommender": row.name, "figures": figures(&row.summary)}))
        .collect();
    let metric = resource(args.metric).name();
    let mut text = serde_json::to_string_pretty(&json!({"resource": metric, "leaderboard": rows}))
        .context("failed to write JSON")?;
    text.push('\n');
    Ok(text)
}
