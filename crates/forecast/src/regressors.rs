//! What the location of a forecast is regressed on: the latest value is the base, everything else
//! is how far some other value is off it.

use crate::grid::{DAY, WEEK};
use crate::running::{Running, SMOOTH};

/// How many regressors there are.
pub(crate) const REGRESSORS: usize = 20;
/// Their names, in the file of constants.
pub(crate) const REGRESSOR: [&str; REGRESSORS] = [
    "mean_fast",
    "mean",
    "mean_slow",
    "day_mean",
    "week_mean",
    "yesterday",
    "yesterday_move",
    "profile",
    "profile_move",
    "last_week",
    "last_week_move",
    "yesterday_cell",
    "momentum_3",
    "momentum_1",
    "minute",
    "minute_now",
    "profile_median",
    "two_weeks",
    "day_median",
    "week_median",
];
/// From this horizon on the last minutes matter no more and the last weeks do.
const FAR: usize = 50;
/// What near horizons do without: the weeks.
const NOT_NEAR: [usize; 6] = [4, 9, 10, 17, 18, 19];
/// What far horizons do without: the minutes.
const NOT_FAR: [usize; 5] = [0, 1, 12, 13, 15];

/// Whether a regressor is used at a horizon.
pub(crate) fn is_used(regressor: usize, horizon: usize) -> bool {
    let left_out: &[usize] = if horizon < FAR { &NOT_NEAR } else { &NOT_FAR };
    !left_out.contains(&regressor)
}

/// An origin, the first cell that is not known, and a horizon: the cell `origin + horizon - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) origin: usize,
    pub(crate) horizon: usize,
}

impl Target {
    /// The cell that is forecast.
    pub(crate) fn cell(self) -> usize {
        self.origin + self.horizon - 1
    }

    /// The same time yesterday, if there was one, early enough that the cells around it, over which
    /// the smoothed values and the profile are taken, were known at the origin.
    pub(crate) fn profile_cell(self) -> Option<usize> {
        let latest = self.origin.checked_sub(SMOOTH + 1)?;
        Some(self.cell().checked_sub(DAY)?.min(latest))
    }
}

/// The regressors of a target, in the order of [`REGRESSOR`]. The origin is 1 or more.
pub(crate) fn regressors(running: &Running<'_>, target: Target) -> [f64; REGRESSORS] {
    let now = target.origin - 1;
    let y = running.y;
    let last = y[now];
    let mut r = [0.0; REGRESSORS];
    let level = running.level.at(now);
    for (r, mean) in r.iter_mut().zip(level.means) {
        *r = mean - last;
    }
    r[3] = level.day_mean - last;
    r[4] = level.week_mean - last;
    seasons(running, target, &mut r);
    r[12] = now.checked_sub(3).map_or(0.0, |past| last - y[past]);
    r[13] = now.checked_sub(1).map_or(0.0, |past| last - y[past]);
    let hours = 12 * target.horizon.div_ceil(12);
    r[14] = target.cell().checked_sub(hours).map_or(0.0, |i| running.minute.at(i));
    r[15] = running.minute.at(now);
    let recent = running.recent(now);
    r[18] = recent.q50 - last;
    r[19] = recent.week - last;
    r
}

/// The regressors that look back a day or more. Before there was a yesterday, the mean so far stands
/// for it and nothing has moved; before there was a last week, the profile does.
fn seasons(running: &Running<'_>, target: Target, r: &mut [f64; REGRESSORS]) {
    let now = target.origin - 1;
    let last = running.y[now];
    let Some(cell) = target.profile_cell() else {
        for regressor in [5, 7, 9, 11, 16, 17] {
            r[regressor] = r[3];
        }
        return;
    };
    let smooth = &running.smooth;
    r[5] = smooth[cell] - last;
    r[7] = running.profile.at(cell) - last;
    if let Some(before) = now.checked_sub(DAY) {
        r[6] = smooth[cell] - smooth[before];
        r[8] = running.profile.at(cell) - running.profile.at(before);
    }
    let week = |weeks: usize| target.cell().checked_sub(weeks * WEEK).map(|i| smooth[i]);
    r[9] = week(1).map_or(r[7], |then| then - last);
    if let (Some(then), Some(before)) = (week(1), now.checked_sub(WEEK)) {
        r[10] = then - smooth[before];
    }
    r[11] = running.y[target.cell() - DAY] - last;
    r[16] = running.profile_median.at(cell) - last;
    r[17] = match (week(1), week(2)) {
        (Some(one), Some(two)) => f64::midpoint(one, two) - last,
        (Some(_), None) | (None, _) => r[9],
    };
}
