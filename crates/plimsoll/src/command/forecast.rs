//! `plimsoll replay forecast`: forecasts of recorded usage, with their score.

use std::fmt::Write as _;
use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::Path;

use anyhow::{Context, bail};

use plimsoll_forecast::{CELL_SECONDS, Constants};
use plimsoll_replay::forecast::{ForecastReplay, ForecastReport, WINDOW_NAME};
use plimsoll_replay::trace::Metric;
use plimsoll_replay::vertical::Progress;

use crate::args::{Demand, ForecastArgs};
use crate::output;

/// Runs it and prints the score.
pub(crate) fn run(args: &ForecastArgs) -> anyhow::Result<()> {
    let replay = ForecastReplay {
        metric: args.metric.map(metric),
        history: args.history.map(|history| cells(history.as_secs())).transpose()?,
        constants: constants(&args.constants)?,
        forecasts: Some(args.forecasts.clone()),
        score: args.score.clone(),
        timing: args.timing.clone(),
    };
    let is_terminal = stderr().is_terminal();
    let mut show = |progress: Progress| {
        if is_terminal {
            output::status(&format!("replay: {} of {} series", progress.done, progress.of));
        }
    };
    let report = replay.run(&args.traces, &mut show);
    if is_terminal {
        output::status("");
    }
    let report = report.context("failed to replay (forecast)")?;
    if report.series == 0 {
        output::remark(
            "nothing was forecast: that takes series of nine days or more that change in their \
             last eight, with steps of five minutes or less",
        );
    }
    output::data(&table(&report))
}

fn metric(metric: Demand) -> Metric {
    match metric {
        Demand::Cpu => Metric::Cpu,
        Demand::Mem => Metric::Memory,
        Demand::Rps => Metric::Requests,
        Demand::Load => Metric::Load,
    }
}

fn cells(seconds: u64) -> anyhow::Result<usize> {
    let cells = seconds / CELL_SECONDS.unsigned_abs();
    if cells == 0 {
        bail!("--history: a forecast needs five minutes at least");
    }
    Ok(usize::try_from(cells)?)
}

/// What was asked for, or what ships with the program.
fn constants(paths: &[impl AsRef<Path>]) -> anyhow::Result<Vec<Constants>> {
    if paths.is_empty() {
        return Ok(vec![Constants::shipped().context("failed to read the constants")?]);
    }
    let read = |path: &Path| {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Constants::parse(&text).with_context(|| format!("read {}", path.display()))
    };
    paths.iter().map(|path| read(path.as_ref())).collect()
}

/// A block for each window: a row for each figure, a column for each kind of series.
fn table(report: &ForecastReport) -> String {
    let mut text = String::new();
    for (window, kinds) in WINDOW_NAME.iter().zip(&report.windows) {
        write!(text, "{window:<20}").ok();
        for (kind, _) in kinds {
            write!(text, "{:>10}", kind.name()).ok();
        }
        text.push('\n');
        let names = kinds.iter().take(1).flat_map(|(_, summary)| &summary.figures);
        for (name, _) in names {
            write!(text, "  {name:<18}").ok();
            for (_, summary) in kinds {
                write!(text, "{:>10.4}", summary.figure(name).unwrap_or(f64::NAN)).ok();
            }
            text.push('\n');
        }
    }
    text
}
