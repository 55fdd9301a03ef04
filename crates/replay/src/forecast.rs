//! Replay of forecasts: five days of each recorded series are forecast from what was before them,
//! and scored against what came.
//!
//! A series is put on a grid of five minutes and cut to its last 30 days. Five origins lie a day and
//! a bit apart (325 cells, so that each has another time of day), the last a day before the end. A
//! forecast uses cells before its origin only.
//!
//! Forecasts are gzipped CSV, `series_id,origin_s,horizon,q10,q50,q90,q95,max_q50,max_q90,max_q95`:
//! a row for each cell, with the maximum so far on rows 3, 12 and 288. Scores are JSON, `horizons`
//! by window and kind with the figures of [`ForecastSummary`].

mod grid;
mod lessons;
mod naive;
mod output;
mod score;
mod summary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use plimsoll_domain::Amount;
use plimsoll_forecast::{self as brain, Constants, DAY, Fold, Forecast, HORIZON};

use crate::part;
use crate::trace::{Metric, Recording, Traces};
use crate::vertical::Progress;
use grid::Grid;
use naive::Plain;
use score::Loss;
use summary::SeriesLoss;

pub use crate::error::ReplayError;
pub use crate::timing::Timing;
pub use lessons::learn;
pub use summary::{ForecastSummary, Kind};

/// The quantiles of a cell, and of a maximum.
const QUANTILES: [f64; 4] = [0.1, 0.5, 0.9, 0.95];
const UPPER: [f64; 3] = [0.5, 0.9, 0.95];
/// The windows that are scored, cells, and their names in every output.
const WINDOWS: [usize; 3] = [3, 12, 288];
/// Their names in every output.
pub const WINDOW_NAME: [&str; 3] = ["15m", "1h", "24h"];
/// How many forecasts are made of each series, and the cells between them: a day and 37 cells.
const ORIGINS: usize = 5;
const APART: usize = DAY + 37;
/// A series shorter than this is not forecast, days; nor one with longer steps, seconds.
const DAYS_MIN: f64 = 9.0;
const STEP_MAX: u64 = 300;

/// A replay to be run.
#[derive(Clone, Debug)]
pub struct ForecastReplay {
    /// Only series of this metric.
    pub metric: Option<Metric>,
    /// What a forecast may use before its origin, cells; everything by default.
    pub history: Option<usize>,
    /// What forecasts are made with. Of several, the first that was not trained on a series' group
    /// is taken.
    pub constants: Vec<Constants>,
    /// Where the forecasts go, if anywhere; gzipped, whole or not at all.
    pub forecasts: Option<PathBuf>,
    /// Where the score goes.
    pub score: Option<PathBuf>,
    /// Where the timing goes.
    pub timing: Option<PathBuf>,
}

/// What came out, beside the files.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastReport {
    /// Series that were forecast.
    pub series: usize,
    /// Forecasts that were made.
    pub forecasts: usize,
    /// The score by window, as [`WINDOW_NAME`] names them, and kind, all first.
    pub windows: [Vec<(Kind, ForecastSummary)>; 3],
    /// How fast it went.
    pub timing: Timing,
}

/// The series that count in a folder, by file.
pub(crate) fn by_file(traces: &Traces) -> Result<BTreeMap<String, Vec<Recording>>, ReplayError> {
    let counts = |info: &Recording| {
        info.days.is_none_or(|days| days >= DAYS_MIN) && info.step.as_secs() <= STEP_MAX
    };
    let mut files: BTreeMap<String, Vec<Recording>> = BTreeMap::new();
    for info in traces.recordings()?.into_iter().filter(counts) {
        files.entry(info.file.clone()).or_default().push(info);
    }
    Ok(files)
}

impl ForecastReplay {
    /// Runs it. No file appears unless everything could be read.
    pub fn run(
        &self,
        folder: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ForecastReport, ReplayError> {
        let started = Instant::now();
        let traces = Traces::open(folder)?;
        let mut files = by_file(&traces)?;
        for infos in files.values_mut() {
            infos.retain(|info| self.metric.is_none_or(|metric| metric == info.metric));
        }
        let mut output = self.forecasts.as_deref().map(output::Forecasts::create).transpose()?;
        let mut losses: [Vec<SeriesLoss>; 3] = Default::default();
        let mut timing = Timing::new(0);
        let mut seen = Progress { done: 0, of: files.values().map(Vec::len).sum() };
        for (file, infos) in files.iter().filter(|(_, infos)| !infos.is_empty()) {
            let mut read = traces.file_series(file)?;
            for info in infos {
                let series = read.remove(&info.id).unwrap_or_default();
                timing.count(series.points.len());
                if let Some(grid) = Grid::new(info, &series)? {
                    let forecasts = self.forecast(info, &grid, &mut timing);
                    for forecast in &forecasts {
                        if let Some(output) = &mut output {
                            output.write(&info.id, forecast)?;
                        }
                    }
                    add(&mut losses, info, &grid, &forecasts);
                }
                seen.done += 1;
                progress(seen);
            }
        }
        let report = ForecastReport {
            series: losses[0].len(),
            forecasts: losses[0].len() * ORIGINS,
            windows: losses.map(|losses| summary::summarise(&losses)),
            timing: timing.finish(started.elapsed()),
        };
        self.write(output, &report)?;
        Ok(report)
    }

    /// Forecasts a series at each origin.
    fn forecast(&self, info: &Recording, grid: &Grid, timing: &mut Timing) -> Vec<Forecast> {
        let Some(constants) = self.constants_for(&info.group) else { return Vec::new() };
        let mut forecasts = Vec::with_capacity(ORIGINS);
        for origin in origins(grid.values.len()) {
            let from = origin.saturating_sub(self.history.unwrap_or(origin));
            let series = grid.series(from..origin);
            let model = brain::fit(&series, constants);
            timing.state(series.bytes() + model.as_ref().map_or(0, brain::Model::bytes));
            forecasts.extend(model.and_then(|model| brain::predict(&model, &series, constants)));
        }
        forecasts
    }

    fn constants_for(&self, group: &str) -> Option<&Constants> {
        let unseen = |constants: &&Constants| constants.fold() != Some(Fold::of(group));
        let first = self.constants.first();
        self.constants.iter().find(unseen).or(first)
    }

    /// The small files first: the forecasts are what the others are about.
    fn write(
        &self,
        output: Option<output::Forecasts>,
        report: &ForecastReport,
    ) -> Result<(), ReplayError> {
        if let Some(path) = &self.score {
            part::whole(path, &summary::json(report))?;
        }
        if let Some(path) = &self.timing {
            part::whole(path, &report.timing.json())?;
        }
        output.map_or(Ok(()), output::Forecasts::finish)
    }
}

/// The cells that are forecast from, in order, of a series of `n`.
fn origins(n: usize) -> impl Iterator<Item = usize> {
    (0..ORIGINS).rev().filter_map(move |i| n.checked_sub(HORIZON + APART * i))
}

impl Grid {
    /// Some cells of it as a forecaster sees them.
    fn series(&self, cells: std::ops::Range<usize>) -> brain::Series {
        let mut series = brain::Series::new();
        let first = self.first.saturating_add(i64::try_from(cells.start).unwrap_or(i64::MAX));
        for (value, cell) in self.values[cells].iter().zip(first..) {
            series.observe(cell, Amount::new(*value).unwrap_or_default());
        }
        series
    }
}

fn add(losses: &mut [Vec<SeriesLoss>; 3], info: &Recording, grid: &Grid, forecasts: &[Forecast]) {
    let mut all: [(Vec<Loss>, Vec<Loss>); 3] = Default::default();
    for (forecast, origin) in forecasts.iter().zip(origins(grid.values.len())) {
        let (past, actual) = grid.values.split_at(origin);
        let ours = Plain::of(forecast).losses(actual);
        let naive = naive::naive(past).losses(actual);
        for ((to, ours), naive) in all.iter_mut().zip(ours).zip(naive) {
            to.0.push(ours);
            to.1.push(naive);
        }
    }
    for (to, (ours, naive)) in losses.iter_mut().zip(all).filter(|(_, all)| !all.0.is_empty()) {
        to.push(SeriesLoss {
            metric: info.metric,
            source: info.source.clone(),
            ours: Loss::mean(&ours),
            naive: Loss::mean(&naive),
        });
    }
}
