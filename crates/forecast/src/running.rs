//! Running values: what a forecast knows of a series at each of its cells, each from that cell and
//! those before it alone.

use crate::grid::{DAY, WEEK};
use crate::order;
use crate::profile;

/// How often quantiles of the last day and week are renewed, cells: an hour.
const RENEWED: usize = 12;
/// Of the last week every sixth cell is looked at: its median needs no more.
const WEEK_STEP: usize = 6;
/// The smoothed value of a cell is the mean of it and two cells on either side.
pub(crate) const SMOOTH: usize = 2;

/// The running values of a window, by cell.
#[derive(Clone, Debug)]
pub(crate) struct Running<'a> {
    pub(crate) y: &'a [f64],
    /// Exponential means; see [`ALPHAS`].
    pub(crate) means: [Vec<f64>; 3],
    /// Exponential means of the absolute steps; see [`STEP_ALPHAS`].
    pub(crate) steps: [Vec<f64>; 2],
    pub(crate) day_mean: Vec<f64>,
    pub(crate) week_mean: Vec<f64>,
    pub(crate) smooth: Vec<f64>,
    /// The mean and the median of the smoothed values at this time of day.
    pub(crate) profile: Track,
    pub(crate) profile_median: Track,
    /// How far this minute of the hour is off the last hour's mean, over twelve hours.
    pub(crate) minute: Track,
    /// Quantiles of the last day and week, latest first, every [`RENEWED`] cells.
    recent: Vec<Recent>,
}

/// The weights of the latest value in the exponential means.
pub(crate) const ALPHAS: [f64; 3] = [0.5, 0.2, 0.05];
/// The same of the absolute steps.
pub(crate) const STEP_ALPHAS: [f64; 2] = [0.1, 0.01];

/// Quantiles of the last 24 hours, and the median of the last week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Recent {
    pub(crate) q10: f64,
    pub(crate) q50: f64,
    pub(crate) q90: f64,
    pub(crate) q95: f64,
    pub(crate) week: f64,
}

/// Values from some cell on.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    from: usize,
    values: Vec<f64>,
}

impl Track {
    fn of(from: usize, until: usize, value: impl Fn(usize) -> f64) -> Self {
        Self { from, values: (from..until).map(value).collect() }
    }

    pub(crate) fn at(&self, i: usize) -> f64 {
        self.values[i - self.from]
    }
}

impl<'a> Running<'a> {
    /// Of every cell, to fit by.
    pub(crate) fn whole(y: &'a [f64]) -> Self {
        Self::from(y, 0)
    }

    /// Of the last cells only, as far as a forecast needs them.
    pub(crate) fn latest(y: &'a [f64]) -> Self {
        Self::from(y, y.len())
    }

    /// Reaches back a day and more from `known`, 0 for everything.
    fn from(y: &'a [f64], known: usize) -> Self {
        let n = y.len();
        let total = totals(y);
        let smooth: Vec<f64> = (0..n).map(|i| smoothed(y, i)).collect();
        let back = |cells: usize| known.saturating_sub(cells);
        let profile = Track::of(back(DAY + 8), n, |i| profile::mean(&smooth, i));
        let profile_median = Track::of(back(DAY + 8), n, |i| profile::median(&smooth, i));
        let hours = hours(y, back(24));
        let minute = Track::of(back(13), n, |i| hours.at(i) - hour_mean(&hours, i));
        Self {
            y,
            means: ALPHAS.map(|alpha| exponential(y.iter().copied(), alpha)),
            steps: STEP_ALPHAS.map(|alpha| exponential(steps(y), alpha)),
            day_mean: (0..n).map(|i| mean_of_last(&total, i, DAY)).collect(),
            week_mean: (0..n).map(|i| mean_of_last(&total, i, WEEK)).collect(),
            recent: recent(y, if known == 0 { n } else { 1 }),
            smooth,
            profile,
            profile_median,
            minute,
        }
    }

    /// Quantiles as they were last renewed at or before cell `i`.
    pub(crate) fn recent(&self, i: usize) -> Recent {
        let back = (self.y.len() - 1 - i).div_ceil(RENEWED);
        let oldest = self.recent.len() - 1;
        self.recent[back.min(oldest)]
    }

    /// The maximum of the 24 hours that end with cell `i`.
    pub(crate) fn day_max(&self, i: usize) -> f64 {
        self.y[(i + 1).saturating_sub(DAY)..=i].iter().copied().fold(0.0, f64::max)
    }
}

fn smoothed(y: &[f64], i: usize) -> f64 {
    let around = &y[i.saturating_sub(SMOOTH)..(i + SMOOTH + 1).min(y.len())];
    around.iter().sum::<f64>() / around.len() as f64
}

/// The sums of the values before each cell, and of all.
fn totals(y: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let mut totals = Vec::with_capacity(y.len() + 1);
    totals.push(sum);
    for value in y {
        sum += value;
        totals.push(sum);
    }
    totals
}

fn mean_of_last(total: &[f64], i: usize, cells: usize) -> f64 {
    let from = (i + 1).saturating_sub(cells);
    (total[i + 1] - total[from]) / (i + 1 - from) as f64
}

fn steps(y: &[f64]) -> impl Iterator<Item = f64> {
    let first = y.iter().take(1).map(|_| 0.0);
    first.chain(y.windows(2).map(|pair| (pair[1] - pair[0]).abs()))
}

/// An exponential mean that begins as a plain one.
fn exponential(values: impl Iterator<Item = f64>, alpha: f64) -> Vec<f64> {
    let mut mean = 0.0;
    let mut count = 0.0;
    let step = |value: f64| {
        let share = if count * alpha < 1.0 {
            count += 1.0;
            alpha.max(1.0 / count)
        } else {
            alpha
        };
        mean += share * (value - mean);
        mean
    };
    values.map(step).collect()
}

/// The mean of the same minute of up to twelve hours.
fn hours(y: &[f64], from: usize) -> Track {
    Track::of(from, y.len(), |i| {
        let (mut sum, mut count) = (0.0, 0_u32);
        for place in (0..12).map_while(|hour| i.checked_sub(hour * 12)) {
            sum += y[place];
            count += 1;
        }
        sum / f64::from(count.max(1))
    })
}

fn hour_mean(hours: &Track, i: usize) -> f64 {
    let from = (i + 1).saturating_sub(12).max(hours.from);
    (from..=i).map(|i| hours.at(i)).sum::<f64>() / (i + 1 - from) as f64
}

/// Quantiles at the last cell, an hour before, and so on: `most` of them at most.
fn recent(y: &[f64], most: usize) -> Vec<Recent> {
    let n = y.len();
    let count = n.div_ceil(RENEWED).min(most);
    let place = |back: usize| n - 1 - back * RENEWED;
    let mut day = Sorted::default();
    let mut week = Sorted::default();
    let mut all = Vec::with_capacity(count);
    let mut past: Option<usize> = None;
    for i in (0..count).rev().map(place) {
        let (day_from, week_from) = ((i + 1).saturating_sub(DAY), (i + 1).saturating_sub(WEEK));
        match past {
            None => {
                (day_from..=i).for_each(|k| day.insert(y[k]));
                let phase = i % WEEK_STEP;
                let in_phase = (week_from..=i).filter(|k| k % WEEK_STEP == phase);
                in_phase.for_each(|k| week.insert(y[k]));
            }
            Some(past) => {
                ((past + 1).saturating_sub(DAY)..day_from).for_each(|k| day.remove(y[k]));
                (past + 1..=i).for_each(|k| day.insert(y[k]));
                let left = (past + 1).saturating_sub(WEEK)..week_from;
                let phase = i % WEEK_STEP;
                left.filter(|k| k % WEEK_STEP == phase).for_each(|k| week.remove(y[k]));
                (past + 1..=i).filter(|k| k % WEEK_STEP == phase).for_each(|k| week.insert(y[k]));
            }
        }
        past = Some(i);
        let [q10, q50, q90, q95] = [0.1, 0.5, 0.9, 0.95].map(|q| order::of_sorted(&day.0, q));
        all.push(Recent { q10, q50, q90, q95, week: order::of_sorted(&week.0, 0.5) });
    }
    all.reverse();
    all
}

/// Values in order, of which some leave as others come.
#[derive(Clone, Debug, Default)]
struct Sorted(Vec<f64>);

impl Sorted {
    fn insert(&mut self, value: f64) {
        let place = self.0.partition_point(|kept| *kept < value);
        self.0.insert(place, value);
    }

    fn remove(&mut self, value: f64) {
        let place = self.0.partition_point(|kept| *kept < value);
        if place < self.0.len() {
            self.0.remove(place);
        }
    }
}
