//! The daily profile of a usage: what the same time of earlier days was like.

use crate::grid::DAY;
use crate::order::Ends;

/// Days that a profile looks back on, today's own time included: a week.
const DAYS: usize = 7;

/// The places of a time of day on up to seven days, latest first.
fn days(i: usize) -> impl Iterator<Item = usize> {
    (0..DAYS).map_while(move |day| i.checked_sub(day * DAY))
}

/// The mean of `values` at this time of day.
pub(crate) fn mean(values: &[f64], i: usize) -> f64 {
    let (mut sum, mut count) = (0.0, 0_u32);
    for place in days(i) {
        sum += values[place];
        count += 1;
    }
    sum / f64::from(count.max(1))
}

/// Their median.
pub(crate) fn median(values: &[f64], i: usize) -> f64 {
    let mut sorted = [0.0; DAYS];
    let mut count = 0;
    for place in days(i) {
        let mut at = count;
        while at > 0 && sorted[at - 1] > values[place] {
            sorted[at] = sorted[at - 1];
            at -= 1;
        }
        sorted[at] = values[place];
        count += 1;
    }
    if count == 0 {
        return 0.0;
    }
    f64::midpoint(sorted[(count - 1) / 2], sorted[count / 2])
}

/// The 10th, 90th and 95th percentile of the values within two cells of this time of day.
pub(crate) fn spread(values: &[f64], i: usize) -> [f64; 3] {
    let mut ends = Ends::new();
    for place in days(i) {
        let last = (place + 2).min(values.len().saturating_sub(1));
        for value in &values[place.saturating_sub(2)..=last] {
            ends.add(*value);
        }
    }
    [ends.low(0.1), ends.high(0.1), ends.high(0.05)]
}

/// The greatest and smallest value within two cells of a place.
pub(crate) fn extremes(values: &[f64], i: usize) -> [f64; 2] {
    let last = (i + 2).min(values.len().saturating_sub(1));
    values[i.saturating_sub(2)..=last]
        .iter()
        .fold([f64::NEG_INFINITY, f64::INFINITY], |[high, low], y| [high.max(*y), low.min(*y)])
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
    pub(crate) fn grow(&mut self, values: &[f64], length: usize) {
        for day in 0..self.days {
            let from = self.start - (day + 1) * DAY;
            let new = &values[from + self.length..from + length];
            self.greatest[day] = new.iter().copied().fold(self.greatest[day], f64::max);
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
