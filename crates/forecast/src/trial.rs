//! Tries forecasts on the days just over: a model that knows nothing of them forecasts the maximum
//! of one window after the other, beside the naive forecasts: that the window of the day before comes
//! again, and that the window just over does. Which of the first two is used is what the trial finds,
//! and whether it is better than the last.

use plimsoll_domain::{ForecastModel, Ratio, Trial};

use crate::constants::Constants;
use crate::fit::Model;
use crate::forecast::{self, Maximum};
use crate::grid::{DAY, HORIZON};
use crate::naive::Naive;
use crate::order::greatest;
use crate::running::Running;
use crate::series::Series;

/// At most two days are tried on: the pattern must hold now, not a month ago.
const TRIED_MAX: usize = 2 * DAY;
/// Windows at most: an even spread over the days, at 0.2 ms a forecast.
const WINDOWS_MAX: usize = 48;
/// With fewer nothing can be told.
const WINDOWS_MIN: usize = 6;
/// Both losses are taken to be this share of the usage greater: half of the least change that is
/// usually worth making. Of a steady usage neither forecast loses anything that matters.
const NEGLIGIBLE: f64 = 0.05;

/// How forecasts of the maximum of a window of so many cells (1 to [`HORIZON`]) would have done on the
/// last quarter of the series, two days at most; `None` of too little usage, less than six windows.
pub fn trial(series: &Series, window: usize, constants: &Constants) -> Option<Trial> {
    let window = window.clamp(1, HORIZON);
    let values = series.values();
    let known = values.len();
    let tried = (known / 4).min(TRIED_MAX);
    let cut = known - tried;
    let step = window.max(tried / WINDOWS_MAX);
    let last = known.checked_sub(window)?;
    let origins: Vec<usize> = (cut..=last).step_by(step).collect();
    if origins.len() < WINDOWS_MIN {
        return None;
    }
    let just_over = Naive::just_over(&values[..cut], window)?;
    let day_before = Naive::day_before(&values[..cut], window);
    let model = Model::of(&Running::whole(&values[..cut]), constants)?;
    let [mut by_regression, mut by_day, mut by_persistence] = [Losses::default(); 3];
    let mut usage = 0.0;
    for origin in &origins {
        let known = &values[..*origin];
        let actual = greatest(&values[*origin..origin + window]);
        let (_, maxima) = forecast::ahead(&model, &Running::latest(known), constants, window);
        by_regression.add(maxima.last()?, actual);
        by_persistence.add(&just_over.forecast(known), actual);
        if let Some(naive) = &day_before {
            by_day.add(&naive.forecast(known), actual);
        }
        usage += actual;
    }
    let by_day = day_before.map(|_| by_day);
    chosen(by_regression, by_day, by_persistence, usage, origins.len())
}

/// The forecast that lost least, the regression where it lost nearly as little: it knows of levels
/// that change.
fn chosen(
    by_regression: Losses,
    by_day: Option<Losses>,
    by_persistence: Losses,
    usage: f64,
    windows: usize,
) -> Option<Trial> {
    let negligible = NEGLIGIBLE * usage;
    let ratio = |losses: Losses, to: Losses| {
        if negligible > 0.0 { (losses.sum + negligible) / (to.sum + negligible) } else { 1.0 }
    };
    let is_worse = |day: &Losses| ratio(by_regression, *day) > Trial::LOSS_RATIO_MAX;
    let (model, losses) = match by_day.filter(is_worse) {
        Some(day) => (ForecastModel::DayBefore, day),
        None => (ForecastModel::Regression, by_regression),
    };
    let windows = u32::try_from(windows).unwrap_or(u32::MAX);
    Some(Trial {
        model,
        windows,
        loss_ratio: Ratio::new(ratio(losses, by_persistence))?,
        above: Ratio::of(losses.above.into(), windows.into()),
    })
}

#[derive(Clone, Copy, Default)]
struct Losses {
    sum: f64,
    /// Windows whose maximum was above the 90th percentile.
    above: u32,
}

impl Losses {
    fn add(&mut self, forecast: &Maximum, actual: f64) {
        self.sum += pinball(0.5, forecast.q50, actual) + pinball(0.9, forecast.q90, actual);
        self.above += u32::from(actual > forecast.q90);
    }
}

/// The loss of a forecast quantile, least where it is the true one.
fn pinball(quantile: f64, forecast: f64, actual: f64) -> f64 {
    let error = actual - forecast;
    (quantile * error).max((quantile - 1.0) * error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Amount;
    use std::f64::consts::TAU;

    fn tried(of: impl Fn(usize) -> f64, cells: usize) -> Option<Trial> {
        let constants = Constants::shipped().unwrap();
        let mut series = Series::new();
        for cell in 0..cells {
            series.observe(i64::try_from(cell).ok()?, Amount::new(of(cell))?);
        }
        trial(&series, 12, &constants)
    }

    fn check(of: impl Fn(usize) -> f64, cells: usize, expect: ForecastModel) {
        let trial = tried(of, cells).unwrap();
        assert!(trial.has_skill() && trial.model == expect, "{trial:?}");
    }

    fn day(cell: usize) -> f64 {
        2.0 + (TAU * cell as f64 / DAY as f64).sin()
    }

    /// The same for ever from a small generator: no two windows are alike.
    fn noise(cell: usize) -> f64 {
        let mixed = (cell as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 31)) % 1_000) as f64 / 1_000.0
    }

    #[test]
    fn what_can_be_foreseen_is_followed() {
        check(day, 7 * DAY, ForecastModel::Regression);
        check(|cell| day(cell) + 0.1 * noise(cell), 7 * DAY, ForecastModel::Regression);
        check(|cell| 1.0 + cell as f64 / 1_000.0, 10 * DAY, ForecastModel::Regression);
        check(|_| 1.0, 3 * DAY, ForecastModel::Regression);
        check(|_| 0.0, 3 * DAY, ForecastModel::Regression);
        check(noise, 7 * DAY, ForecastModel::Regression);
    }

    /// Every day the same to the minute, from one cell to the next: nothing beats repeating that.
    #[test]
    fn what_repeats_itself_exactly_is_repeated() {
        let shift = |cell: usize| if (96..240).contains(&(cell % DAY)) { 0.8 } else { 0.2 };
        check(shift, 9 * DAY, ForecastModel::DayBefore);
    }

    #[test]
    fn of_a_few_hours_nothing_can_be_told() {
        assert_eq!(tried(day, 36), None);
        assert_eq!(tried(day, 0), None);
        assert!(tried(day, 12 * 24).is_some());
    }

    /// A forecast made of the last days fails where everything is new in the days it is tried on.
    #[test]
    fn what_never_came_before_is_not_foreseen() {
        let jump = |cell: usize| {
            if cell < 6 * DAY { 1.0 } else { 1.0 + 100.0 * noise(cell / 24) }
        };
        let trial = tried(jump, 8 * DAY).unwrap();
        assert!(trial.above > Ratio::new(0.2).unwrap(), "{trial:?}");
    }
}
