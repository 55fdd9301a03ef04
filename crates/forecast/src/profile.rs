//! The daily profile of a usage: what the same time of earlier days was like.

use crate::grid::{DAY, WEEK};
use crate::order::{Ends, greatest, higher, lower};
use crate::running::Running;

/// Days that a profile looks back on, today's own time included: a week.
pub(crate) const DAYS: usize = 7;

/// The places of a time of day on up to seven days, latest first.
fn days(i: usize) -> impl Iterator<Item = usize> {
    (0..DAYS).map_while(move |day| i.checked_sub(day * DAY))
}

/// The mean of each cell, from some on, and those whole periods before it: `most` of them at most.
pub(crate) fn means<const PERIOD: usize>(values: &[f64], from: usize, most: usize) -> Vec<f64> {
    let mut means = values[from..].to_vec();
    for back in (1..most).map(|periods| periods * PERIOD) {
        let first = back.max(from);
        let sums = means.iter_mut().skip(first - from);
        sums.zip(&values[first - back..]).for_each(|(sum, value)| *sum += value);
    }
    for (i, mean) in (from..).zip(&mut means) {
        *mean /= (i / PERIOD + 1).min(most) as f64;
    }
    means
}

/// The median of the values at this time of day.
pub(crate) fn median(values: &[f64], i: usize) -> f64 {
    let mut sorted = [f64::INFINITY; DAYS];
    let mut count = 0;
    for place in days(i) {
        let mut passed = values[place];
        for kept in &mut sorted[..=count] {
            (*kept, passed) = (lower(*kept, passed), higher(*kept, passed));
        }
        count += 1;
    }
    if count == 0 {
        return 0.0;
    }
    f64::midpoint(sorted[(count - 1) / 2], sorted[count / 2])
}

/// The 10th, 90th and 95th percentile of the values within two cells of this time of day, of each
/// cell from some on.
pub(crate) fn spreads(values: &[f64], from: usize) -> Vec<[f64; 3]> {
    let mut latest = vec![Ends::NONE; WEEK];
    let earliest = from.saturating_sub(WEEK - DAY);
    let mut all = Vec::with_capacity(values.len() - from);
    for i in earliest..values.len() {
        let mut ends = Ends::of(around(values, i));
        latest[i % WEEK] = ends;
        if i >= from {
            days(i).skip(1).for_each(|place| ends.merge(&latest[place % WEEK]));
            all.push([ends.low(0.1), ends.high(0.1), ends.high(0.05)]);
        }
    }
    all
}

/// The greatest and smallest value within two cells of a place.
pub(crate) fn extremes(values: &[f64], i: usize) -> [f64; 2] {
    around(values, i).iter().fold([f64::NEG_INFINITY, f64::INFINITY], |[high, low], y| {
        [higher(high, *y), lower(low, *y)]
    })
}

/// The values within two cells of a place.
fn around(values: &[f64], i: usize) -> &[f64] {
    &values[i.saturating_sub(2)..values.len().min(i + 3)]
}

/// The maximum of a window that begins at the same time on each of up to seven days before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    start: usize,
    days: usize,
    length: usize,
    greatest: [f64; DAYS],
}

impl Windows {
    /// Of no cells yet, before `origin`.
    pub(crate) fn before(origin: usize) -> Self {
        let days = (origin / DAY).min(DAYS);
        Self { start: origin, days, length: 0, greatest: [0.0; DAYS] }
    }

    /// Makes the window as long as a horizon of a day at most.
    pub(crate) fn grow(&mut self, running: &Running<'_>, length: usize) {
        // The maximum of a whole day is known.
        let is_day = self.length == 0 && length == DAY;
        for day in 0..self.days {
            let from = self.start - (day + 1) * DAY;
            let new = if is_day {
                running.day_max[from + DAY - 1]
            } else {
                greatest(&running.y[from + self.length..from + length])
            };
            self.greatest[day] = self.greatest[day].max(new);
        }
        self.length = length;
    }

    /// Yesterday's, the mean and the greatest; `None` before there was a yesterday.
    pub(crate) fn summary(&self) -> Option<[f64; 3]> {
        let all = &self.greatest[..self.days];
        let mean = all.iter().sum::<f64>() / self.days as f64;
        all.first().map(|yesterday| [*yesterday, mean, all.iter().copied().fold(0.0, f64::max)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order;

    /// Few values, so that many are the same.
    fn usage(cells: usize) -> Vec<f64> {
        (0..cells)
            .map(|cell| (cell.wrapping_mul(2_654_435_761) >> 12) % 97)
            .map(|i| i as f64)
            .collect()
    }

    #[test]
    fn spreads_are_what_sorting_gives() {
        let values = usage(3 * WEEK);
        let spreads = spreads(&values, 0);
        for i in [0, 1, 2, 286, 287, 288, 290, 2014, 2015, 2016, 4000, 3 * WEEK - 2, 3 * WEEK - 1] {
            let around = |place| around(&values, place).iter().copied();
            let mut sorted: Vec<f64> = days(i).flat_map(around).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            for (got, q) in spreads[i].iter().zip([0.1, 0.9, 0.95]) {
                let want = order::of_sorted(&sorted, q);
                assert!((got - want).abs() < 1e-9, "{i} {q}: {got} {want}");
            }
        }
        assert_eq!(super::spreads(&values, 5000), spreads[5000..]);
    }

    #[test]
    fn a_day_at_once_is_what_it_is_by_and_by() {
        let values = usage(9 * DAY);
        let running = Running::whole(&values);
        for origin in [300, 700, 2500] {
            let [mut at_once, mut by_and_by] = [Windows::before(origin); 2];
            at_once.grow(&running, DAY);
            (1..=DAY).for_each(|length| by_and_by.grow(&running, length));
            assert_eq!(at_once.summary(), by_and_by.summary());
        }
    }
}
