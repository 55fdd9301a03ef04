//! One recorded series on the grid that forecasts are made on: five minutes, without holes.

use plimsoll_domain::Timestamp;
use plimsoll_forecast::{CELL_SECONDS, DAY, WINDOW};

use crate::error::ReplayError;
use crate::trace::{Metric, Recording, Series};

/// The least that is forecast by, cells: nine days.
const LENGTH_MIN: usize = 9 * DAY;
/// A series whose last eight days never change is not worth a forecast.
const ALIVE: usize = 8 * DAY;
/// Ten years of cells: two samples with a slip of the pen in one time stamp must not keep the
/// program busy for ever.
const CELLS_MAX: i64 = 1_051_200;

/// The last 30 days of a series: the mean of each cell, of memory the maximum; an empty cell has the
/// value of the one before.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    /// The first cell: its start in seconds / 300.
    pub(super) first: i64,
    pub(super) values: Vec<f64>,
}

impl Grid {
    /// `None` of a series that is too short or never changes.
    pub(super) fn new(info: &Recording, series: &Series) -> Result<Option<Self>, ReplayError> {
        let cell_of = |at: &Timestamp| at.seconds().div_euclid(CELL_SECONDS);
        let (Some((start, _)), Some((end, _))) = (series.points.first(), series.points.last())
        else {
            return Ok(None);
        };
        let first = cell_of(start);
        let cells = cell_of(end).saturating_sub(first).saturating_add(1);
        if cells > CELLS_MAX {
            return Err(ReplayError::TooLong {
                series: info.id.clone(),
                file: info.file.clone(),
                ticks: cells.unsigned_abs(),
                max: CELLS_MAX.unsigned_abs(),
            });
        }
        let mut sums = vec![(0_u32, 0.0_f64); usize::try_from(cells).unwrap_or(0)];
        for (at, value) in &series.points {
            let index = usize::try_from(cell_of(at).saturating_sub(first)).unwrap_or(usize::MAX);
            let Some((count, sum)) = sums.get_mut(index) else { continue };
            *count += 1;
            *sum = match info.metric {
                Metric::Memory => sum.max(value.value()),
                Metric::Cpu | Metric::Requests | Metric::Load => *sum + value.value(),
            };
        }
        let values = filled(info.metric, &sums);
        let cut = values.len().saturating_sub(WINDOW);
        let grid = Self {
            first: first.saturating_add(i64::try_from(cut).unwrap_or(i64::MAX)),
            values: values[cut..].to_vec(),
        };
        Ok(grid.is_worth_it().then_some(grid))
    }

    fn is_worth_it(&self) -> bool {
        let alive = &self.values[self.values.len().saturating_sub(ALIVE)..];
        let changes = alive.windows(2).any(|pair| (pair[1] - pair[0]).abs() > 0.0);
        self.values.len() >= LENGTH_MIN && changes
    }
}

fn filled(metric: Metric, sums: &[(u32, f64)]) -> Vec<f64> {
    let mut last = 0.0;
    let value = |(count, sum): &(u32, f64)| {
        if *count > 0 {
            last = match metric {
                Metric::Memory => *sum,
                // A few of the largest numbers add up to none.
                Metric::Cpu | Metric::Requests | Metric::Load => {
                    (sum / f64::from(*count)).min(f64::MAX)
                }
            };
        }
        last
    };
    sums.iter().map(value).collect()
}
