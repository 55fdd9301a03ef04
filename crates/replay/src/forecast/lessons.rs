//! What forecasts are trained on: recorded usage whose licence lets anyone use what is learned.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_forecast::train::Lesson;
use plimsoll_forecast::{Fold, train};

use super::grid::Grid;
use super::{Constants, ReplayError, by_file};
use crate::trace::{Metric, Traces};

/// Sources that were given for research or study only: nothing that ships is learned from them.
/// `vasim` is a carrier of Alibaba's data.
const RESEARCH_ONLY: [&str; 3] = ["alibaba18m", "genai26", "vasim"];

/// Trains the constants of forecasts on a folder of recorded usage: on all of its groups, or on the
/// half of them that a fold names.
pub fn learn(
    folder: &Path,
    fold: Option<Fold>,
    progress: &mut dyn FnMut(train::Step),
) -> Result<Constants, ReplayError> {
    let lessons = lessons(folder, fold)?;
    Ok(train::train(&lessons, fold, progress))
}

fn lessons(folder: &Path, fold: Option<Fold>) -> Result<Vec<Lesson>, ReplayError> {
    let traces = Traces::open(folder)?;
    let mut read = Vec::new();
    for (file, mut infos) in by_file(&traces)? {
        infos.retain(|info| {
            let of_fold = fold.is_none_or(|fold| fold == Fold::of(&info.group));
            of_fold && !RESEARCH_ONLY.contains(&info.source.as_str())
        });
        if infos.is_empty() {
            continue;
        }
        let mut all = traces.file_series(&file)?;
        for info in infos {
            let series = all.remove(&info.id).unwrap_or_default();
            if let Some(grid) = Grid::new(&info, &series)? {
                read.push((info.metric, info.source, grid.values));
            }
        }
    }
    Ok(weigh(read))
}

/// As the score does: a series 1/sqrt(series of its source in its metric), then CPU 1/2, memory and
/// demand 1/4.
fn weigh(read: Vec<(Metric, String, Vec<f64>)>) -> Vec<Lesson> {
    let kind = |metric: Metric| match metric {
        Metric::Cpu => (0, 0.5),
        Metric::Memory => (1, 0.25),
        Metric::Requests | Metric::Load => (2, 0.25),
    };
    let mut sources: BTreeMap<(Metric, String), f64> = BTreeMap::new();
    for (metric, source, _) in &read {
        *sources.entry((*metric, source.clone())).or_default() += 1.0;
    }
    let of = |metric: Metric, source: &str| {
        sources.get(&(metric, source.to_owned())).map_or(0.0, |count: &f64| count.sqrt().recip())
    };
    let mut kinds = [0.0; 3];
    for (metric, source, _) in &read {
        kinds[kind(*metric).0] += of(*metric, source);
    }
    let weigh = |(metric, source, values): (Metric, String, Vec<f64>)| {
        let (place, share) = kind(metric);
        Lesson { values, weight: share * of(metric, &source) / kinds[place] }
    };
    read.into_iter().map(weigh).collect()
}
