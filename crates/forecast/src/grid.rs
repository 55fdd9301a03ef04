//! The grid of time that forecasts are made on, and the horizons at which numbers are fitted.

/// The length of a cell, seconds.
pub const CELL_SECONDS: i64 = 300;
/// Cells of a day: the season.
pub const DAY: usize = 288;
/// Cells of a week.
pub(crate) const WEEK: usize = 7 * DAY;
/// How far a forecast reaches, cells.
pub const HORIZON: usize = DAY;
/// How far a forecast looks back, cells: 30 days.
pub const WINDOW: usize = 30 * DAY;

/// How many horizons are fitted.
pub(crate) const KNOTS: usize = 16;
/// The horizons that are fitted, cells. Between them every fitted number is interpolated linearly
/// in the logarithm of the horizon: what is known decays with its ratio, not its difference.
pub(crate) const KNOT: [usize; KNOTS] =
    [1, 2, 3, 4, 6, 9, 12, 18, 27, 40, 60, 90, 130, 180, 235, 288];

/// The horizons that the constants name, by their place in [`KNOT`]: the others lie between.
pub(crate) const ANCHOR: [usize; 7] = [0, 2, 6, 9, 10, 12, 14];

/// The windows whose maximum is fitted, cells: 15 minutes, an hour, a day.
pub(crate) const PEAK: [usize; 3] = [3, 12, 288];

/// Between which two of the fitted horizons a horizon lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Between {
    pub(crate) below: usize,
    pub(crate) above: usize,
    /// The weight of `above`, 0 to 1.
    pub(crate) share: f64,
}

impl Between {
    /// Where `horizon` lies among `fitted`, which rise; the ends hold beyond themselves.
    pub(crate) fn of(horizon: usize, fitted: &[usize]) -> Self {
        let above = fitted.iter().position(|knot| *knot >= horizon);
        let last = fitted.len().saturating_sub(1);
        match above {
            None => Self { below: last, above: last, share: 0.0 },
            Some(0) => Self { below: 0, above: 0, share: 0.0 },
            Some(above) => {
                let ln = |cells: usize| (cells as f64).ln();
                let (low, high) = (ln(fitted[above - 1]), ln(fitted[above]));
                let share = (ln(horizon) - low) / (high - low);
                Self { below: above - 1, above, share }
            }
        }
    }

    /// Just the fitted horizon of this number.
    pub(crate) const fn at(knot: usize) -> Self {
        Self { below: knot, above: knot, share: 0.0 }
    }

    /// A number of this horizon, from those of its neighbours.
    pub(crate) fn blend(self, of: impl Fn(usize) -> f64) -> f64 {
        let below = of(self.below);
        if self.below == self.above {
            return below;
        }
        below + self.share * (of(self.above) - below)
    }

    /// The same of several numbers at once.
    pub(crate) fn blend_all<const N: usize>(self, of: impl Fn(usize) -> [f64; N]) -> [f64; N] {
        let below = of(self.below);
        if self.below == self.above {
            return below;
        }
        let above = of(self.above);
        std::array::from_fn(|i| below[i] + self.share * (above[i] - below[i]))
    }
}
