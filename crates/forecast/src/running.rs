//! Running values: what a forecast knows of a series at each of its cells, each from that cell and
//! those before it alone.

use crate::grid::{DAY, WEEK};
use crate::order;
use crate::profile::{self, DAYS};

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
    pub(crate) level: Track<Level>,
    pub(crate) smooth: Vec<f64>,
    /// The maximum of the 24 hours that end with each cell.
    pub(crate) day_max: Vec<f64>,
    /// The mean and the median of the smoothed values at this time of day.
    pub(crate) profile: Track<f64>,
    pub(crate) profile_median: Track<f64>,
    /// The 10th, 90th and 95th percentile of the values around this time of day.
    pub(crate) season: Track<[f64; 3]>,
    /// How far this minute of the hour is off the last hour's mean, over twelve hours.
    pub(crate) minute: Track<f64>,
    /// Quantiles of the last day and week, latest first, every [`RENEWED`] cells.
    recent: Vec<Recent>,
}

/// The weights of the latest value in the exponential means.
pub(crate) const ALPHAS: [f64; 3] = [0.5, 0.2, 0.05];
/// The same of the absolute steps.
pub(crate) const STEP_ALPHAS: [f64; 2] = [0.1, 0.01];

/// Where usage is, and how much it moves: the means up to a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// Exponential means; see [`ALPHAS`].
    pub(crate) means: [f64; 3],
    /// Exponential means of the absolute steps; see [`STEP_ALPHAS`].
    pub(crate) steps: [f64; 2],
    pub(crate) day_mean: f64,
    pub(crate) week_mean: f64,
}

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
pub(crate) struct Track<T> {
    from: usize,
    values: Vec<T>,
}

impl<T: Copy> Track<T> {
    fn of(from: usize, until: usize, value: impl Fn(usize) -> T) -> Self {
        Self { from, values: (from..until).map(value).collect() }
    }

    pub(crate) fn at(&self, i: usize) -> T {
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
        let smooth: Vec<f64> = (0..n).map(|i| smoothed(y, i)).collect();
        let back = |cells: usize| known.saturating_sub(cells);
        let season = back(DAY + 8);
        // The mean of the same minute of up to twelve hours.
        let hours = Track { from: back(24), values: profile::means::<12>(y, back(24), 12) };
        let minute = Track::of(back(13), n, |i| hours.at(i) - hour_mean(&hours, i));
        Self {
            y,
            level: Track { from: back(1), values: levels(y, back(1)) },
            recent: recent(y, if known == 0 { n } else { 1 }),
            profile: Track { from: season, values: profile::means::<DAY>(&smooth, season, DAYS) },
            profile_median: Track::of(season, n, |i| profile::median(&smooth, i)),
            season: Track { from: season, values: profile::spreads(y, season) },
            smooth,
            day_max: day_maxima(y),
            minute,
        }
    }

    /// Quantiles as they were last renewed at or before cell `i`.
    pub(crate) fn recent(&self, i: usize) -> Recent {
        let back = (self.y.len() - 1 - i).div_ceil(RENEWED);
        let oldest = self.recent.len() - 1;
        self.recent[back.min(oldest)]
    }
}

fn smoothed(y: &[f64], i: usize) -> f64 {
    let around = &y[i.saturating_sub(SMOOTH)..(i + SMOOTH + 1).min(y.len())];
    around.iter().sum::<f64>() / around.len() as f64
}

/// The maximum of the 24 hours that end with each cell: they are the rest of one day and the
/// beginning of the next, counted from the first cell.
fn day_maxima(y: &[f64]) -> Vec<f64> {
    let mut maxima = Vec::with_capacity(y.len());
    // Of the day before, from each of its cells on.
    let mut rest = [0.0; DAY + 1];
    for day in y.chunks(DAY) {
        let mut begun = 0.0;
        for (value, rest) in day.iter().zip(&rest[1..]) {
            begun = order::higher(begun, *value);
            maxima.push(order::higher(begun, *rest));
        }
        for (i, value) in day.iter().enumerate().rev() {
            rest[i] = order::higher(rest[i + 1], *value);
        }
    }
    maxima
}

/// The levels of every cell from some on.
fn levels(y: &[f64], from: usize) -> Vec<Level> {
    let mut means = ALPHAS.map(Exponential::new);
    let mut steps = STEP_ALPHAS.map(Exponential::new);
    let mut totals = vec![0.0; y.len() + 1];
    let mut levels = Vec::with_capacity(y.len() - from);
    let mut last = y.first().copied().unwrap_or(0.0);
    for (i, value) in y.iter().copied().enumerate() {
        totals[i + 1] = totals[i] + value;
        for mean in &mut means {
            mean.take(value);
        }
        for mean in &mut steps {
            mean.take((value - last).abs());
        }
        last = value;
        if i >= from {
            levels.push(Level {
                means: means.map(|mean| mean.mean),
                steps: steps.map(|mean| mean.mean),
                day_mean: mean_of_last(&totals, i, DAY),
                week_mean: mean_of_last(&totals, i, WEEK),
            });
        }
    }
    levels
}

/// From the sums of the values before each cell, and of all.
fn mean_of_last(totals: &[f64], i: usize, cells: usize) -> f64 {
    let from = (i + 1).saturating_sub(cells);
    (totals[i + 1] - totals[from]) / (i + 1 - from) as f64
}

/// An exponential mean that begins as a plain one.
#[derive(Clone, Copy, Debug)]
struct Exponential {
    /// The weight of the latest value.
    alpha: f64,
    /// Values while it is a plain one.
    count: f64,
    mean: f64,
}

impl Exponential {
    fn new(alpha: f64) -> Self {
        Self { alpha, count: 0.0, mean: 0.0 }
    }

    fn take(&mut self, value: f64) {
        let mut share = self.alpha;
        if self.count * self.alpha < 1.0 {
            self.count += 1.0;
            share = share.max(1.0 / self.count);
        }
        self.mean += share * (value - self.mean);
    }
}

fn hour_mean(hours: &Track<f64>, i: usize) -> f64 {
    let until = i + 1 - hours.from;
    let hour = &hours.values[until.saturating_sub(12)..until];
    hour.iter().sum::<f64>() / hour.len() as f64
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
                let of = |k: usize| y[k];
                let left = (past + 1).saturating_sub(DAY)..day_from;
                day.renew(left.map(of), (past + 1..=i).map(of));
                let in_phase = |k: &usize| k % WEEK_STEP == i % WEEK_STEP;
                let left = ((past + 1).saturating_sub(WEEK)..week_from).filter(in_phase);
                week.renew(left.map(of), (past + 1..=i).filter(in_phase).map(of));
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

    /// Lets some values leave, and as many or more come: each takes a place that is left, so that
    /// only what lies between the two moves.
    fn renew(&mut self, mut left: impl Iterator<Item = f64>, came: impl Iterator<Item = f64>) {
        for new in came {
            let Some(old) = left.next() else {
                self.insert(new);
                continue;
            };
            let place = |value: f64| self.0.partition_point(|kept| *kept < value);
            let (from, to) = (place(old), place(new));
            if from < to {
                self.0.copy_within(from + 1..to, from);
                self.0[to - 1] = new;
            } else {
                self.0.copy_within(to..from, to + 1);
                self.0[to] = new;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_renewed_as_if_sorted_anew() {
        let value = |cell: usize| ((cell.wrapping_mul(2_654_435_761) >> 12) % 97) as f64;
        let y: Vec<f64> = (0..10 * DAY + 5).map(value).collect();
        let running = Running::whole(&y);
        for i in (0..y.len()).rev().step_by(RENEWED) {
            let since = |cells: usize| (i + 1).saturating_sub(cells)..=i;
            let of = |cells: &mut dyn Iterator<Item = usize>, q| {
                let mut sorted: Vec<f64> = cells.map(|k| y[k]).collect();
                sorted.sort_unstable_by(f64::total_cmp);
                order::of_sorted(&sorted, q)
            };
            let [q10, q50, q90, q95] = [0.1, 0.5, 0.9, 0.95].map(|q| of(&mut since(DAY), q));
            let in_phase = |k: &usize| k % WEEK_STEP == i % WEEK_STEP;
            let week = of(&mut since(WEEK).filter(in_phase), 0.5);
            assert_eq!(running.recent(i), Recent { q10, q50, q90, q95, week }, "{i}");
        }
    }
}
