//! One resource of one container: its series, the model fitted to it, the last forecast.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{Amount, ForecastModel, Foreseen, Ratio, Strategy, Timestamp, Trial};
use plimsoll_forecast::{
    CELL_SECONDS, Constants, HORIZON, Maximum, Model, Series, fit, predict, repeat_day, trial,
};
use plimsoll_history::bytes::{ReadError, Reader, Writer};

use super::cadence;
use super::container::Plan;

/// Cells from one fit to the next: an hour.
const REFIT: i64 = 12;
/// Cells from one trial to the next: a day, or a quarter more usage than at the last one.
const RETRY: usize = 288;

/// What is remembered; at most 64 KiB, nearly all of it 30 days of usage.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    series: Series,
    model: Option<Model>,
    /// The series' next cell when the model was fitted.
    fitted_at: i64,
    trial: Option<Trial>,
    /// How many cells there were, and the series' next cell, when it was tried.
    tried: Option<(usize, i64)>,
    made: Option<Made>,
}

#[derive(Clone, Copy, Debug)]
struct Made {
    at: Timestamp,
    horizon: Duration,
    history: Duration,
    maximum: Maximum,
}

impl Watched {
    /// What the usage was learned to be is forgotten, the usage is not.
    pub(super) fn forget(&mut self) {
        *self = Self { series: std::mem::take(&mut self.series), ..Self::default() };
    }

    /// Takes the usage of a cell in.
    pub(super) fn observe(&mut self, cell: i64, usage: Amount) {
        self.series.observe(cell, usage);
    }

    /// Takes earlier cells in; those known already go on between and behind them. Where that is over a
    /// quarter more than all was learned from, it is learned anew.
    pub(super) fn recall(&mut self, cells: impl Iterator<Item = (i64, Amount)>) {
        let before = std::mem::take(&mut self.series);
        let mut all: BTreeMap<i64, Amount> = numbered(&before).collect();
        // Known cells may be gaps that were filled.
        all.extend(cells);
        for (cell, usage) in all {
            self.series.observe(cell, usage);
        }
        let known = before.len();
        // After a start nothing is known yet, and what was learned was learned from what is told.
        let was_learned_from = self.made.is_none_or(|made| made.history <= span(known));
        if known > 0 && was_learned_from && is_more(self.series.len(), known) {
            self.model = None;
            self.fitted_at = 0;
            self.tried = None;
            self.made = None;
        }
    }

    /// How many cells the model is behind; `None` where it need not be fitted.
    pub(super) fn behind(&self) -> Option<i64> {
        if self.series.is_empty() {
            return None;
        }
        let behind = self.series.origin().saturating_sub(self.fitted_at);
        match self.model {
            None => Some(i64::MAX),
            Some(_) => (behind >= REFIT).then_some(behind),
        }
    }

    /// Fits the model, and tries it where that is due. After a start the model is fitted again to what
    /// it was fitted to before, so that a restart changes nothing.
    pub(super) fn fit(&mut self, plan: &Plan, constants: &Constants) {
        let behind = self.series.origin().saturating_sub(self.fitted_at);
        if self.model.is_none() && self.made.is_some() && behind < REFIT {
            let mut before = Series::new();
            append(&mut before, &self.series, self.fitted_at);
            self.model = fit(&before, constants);
            return;
        }
        self.model = fit(&self.series, constants);
        self.fitted_at = self.series.origin();
        let known = self.series.len();
        let is_due = self.tried.is_none_or(|(cells, next)| {
            let since = self.series.origin().saturating_sub(next);
            usize::try_from(since).unwrap_or(0) >= RETRY || is_more(known, cells)
        });
        if is_due {
            self.trial = trial(&self.series, cells(plan.horizon), constants);
            self.tried = Some((known, self.series.origin()));
        }
    }

    /// Makes a forecast where one is due.
    pub(super) fn predict(&mut self, plan: &Plan, now: Timestamp, constants: &Constants) {
        let last = self.made.as_ref().map(|made| made.at);
        let is_due = last
            .is_none_or(|last| cadence::next(&plan.cadence, last).is_some_and(|next| next <= now));
        let Some(model) = self.model.as_ref().filter(|_| is_due) else { return };
        // From the last cell known to the end of the window that begins now.
        let known = Timestamp::from_seconds(self.series.origin().saturating_mul(CELL_SECONDS));
        let until = cells(now.plus(plan.horizon).since(known));
        let is_day = self.trial.is_some_and(|trial| trial.model == ForecastModel::DayBefore);
        let maximum = if is_day {
            repeat_day(&self.series, until)
        } else {
            predict(model, &self.series, constants).map(|forecast| forecast.maximum(until))
        };
        let Some(maximum) = maximum else { return };
        self.made = Some(Made {
            at: now,
            horizon: plan.horizon,
            history: span(self.series.len()),
            maximum,
        });
    }

    /// What the last forecast says of the part of the usage to come that is asked for.
    pub(super) fn foreseen(&self, plan: &Plan, strategy: Strategy) -> Option<Foreseen> {
        let made = self.made?;
        let quantile = strategy.quantile();
        Some(Foreseen {
            at: made.at,
            horizon: made.horizon,
            next: cadence::next(&plan.cadence, made.at),
            history: made.history,
            begins_anew: false,
            expected: Amount::new(made.maximum.q50)?,
            quantile: Ratio::new(quantile)?,
            covered: Amount::new(at(&made.maximum, quantile))?,
            trial: self.trial,
        })
    }

    /// All of it as bytes but for series and model.
    pub(super) fn write(&self, out: &mut Writer) {
        out.i64(self.fitted_at);
        out.option(self.tried, |out, (cells, next)| {
            out.u32(u32::try_from(cells).unwrap_or(u32::MAX));
            out.i64(next);
        });
        out.option(self.trial, |out, trial| {
            out.u16(u16::from(trial.model == ForecastModel::DayBefore));
            out.u32(trial.windows);
            out.f64(trial.loss_ratio.value());
            out.f64(trial.above.value());
        });
        out.option(self.made, |out, made| {
            out.time(made.at);
            out.u64(made.horizon.as_secs());
            out.u64(made.history.as_secs());
            let Maximum { q50, q90, q95 } = made.maximum;
            for quantile in [q50, q90, q95] {
                out.f64(quantile);
            }
        });
    }

    /// What [`write`](Self::write) wrote.
    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, ReadError> {
        let fitted_at = from.i64()?;
        let tried = from.option(|from| Ok((from.u32()? as usize, from.i64()?)))?;
        let trial = from.option(|from| {
            let model = match from.u16()? {
                0 => ForecastModel::Regression,
                1 => ForecastModel::DayBefore,
                _ => return Err(ReadError::Malformed("model of a forecast")),
            };
            let (windows, loss_ratio, above) = (from.u32()?, ratio(from)?, ratio(from)?);
            Ok(Trial { model, windows, loss_ratio, above })
        })?;
        let made = from.option(|from| {
            let at = from.time()?;
            let (horizon, history) = (from.u64()?, from.u64()?);
            let [q50, q90, q95] = [from.amount()?, from.amount()?, from.amount()?];
            Ok(Made {
                at,
                horizon: Duration::from_secs(horizon),
                history: Duration::from_secs(history),
                maximum: Maximum { q50: q50.value(), q90: q90.value(), q95: q95.value() },
            })
        })?;
        Ok(Self { fitted_at, trial, tried, made, ..Self::default() })
    }
}

fn ratio(from: &mut Reader<'_>) -> Result<Ratio, ReadError> {
    Ratio::new(from.f64()?).ok_or(ReadError::Malformed("ratio"))
}

/// Takes over the cells of another series up to `end`.
fn append(series: &mut Series, later: &Series, end: i64) {
    for (cell, usage) in numbered(later).take_while(|(cell, _)| *cell < end) {
        series.observe(cell, usage);
    }
}

/// The cells of a series, each with its number.
fn numbered(series: &Series) -> impl Iterator<Item = (i64, Amount)> {
    let values = series.values();
    let begin = series.origin().saturating_sub_unsigned(values.len() as u64);
    (begin..).zip(values).filter_map(|(cell, value)| Some((cell, Amount::new(value)?)))
}

/// Whether so many cells are over a quarter more than there were.
fn is_more(cells: usize, before: usize) -> bool {
    cells > before + before / 4
}

/// Any quantile of a maximum from the three that are forecast: linear in the logarithm of its odds,
/// and beyond the outermost along the nearest line, as in a distribution with logistic tails.
fn at(maximum: &Maximum, quantile: f64) -> f64 {
    /// What is above one time in a thousand is as far as three quantiles tell.
    const FURTHEST: f64 = 0.999;
    let log_odds = |quantile: f64| (quantile / (1.0 - quantile)).ln();
    let Maximum { q50, q90, q95 } = *maximum;
    let (at90, at95) = (log_odds(0.9), log_odds(0.95));
    let at = log_odds(quantile.clamp(1.0 - FURTHEST, FURTHEST));
    let value = if at <= at90 {
        q50 + (q90 - q50) * at / at90
    } else {
        q90 + (q95 - q90) * (at - at90) / (at95 - at90)
    };
    value.max(0.0)
}

fn cells(span: Duration) -> usize {
    let cells = span.as_secs().div_ceil(CELL_SECONDS.unsigned_abs());
    usize::try_from(cells).unwrap_or(HORIZON).clamp(1, HORIZON)
}

fn span(cells: usize) -> Duration {
    Duration::from_secs((cells as u64).saturating_mul(CELL_SECONDS.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(quantile: f64, expect: f64) {
        let maximum = Maximum { q50: 10.0, q90: 14.0, q95: 15.0 };
        let found = at(&maximum, quantile);
        assert!((found - expect).abs() < 0.005, "{quantile}: {found}, not {expect}");
    }

    #[test]
    fn a_month_takes_less_than_64_kib() {
        let constants = Constants::shipped().unwrap();
        let mut watched = Watched::default();
        for cell in 0..40 * 288 {
            let usage = 1.0 + (cell % 288) as f64 / 288.0;
            watched.series.observe(cell, Amount::new(usage).unwrap());
        }
        watched.model = fit(&watched.series, &constants);
        let model = watched.model.as_ref().map_or(0, Model::bytes);
        let bytes = size_of::<Watched>() + watched.series.bytes() + model;
        assert!(bytes < 64 * 1024, "{bytes}");
    }

    #[test]
    fn quantiles_between_and_beyond_those_that_are_forecast() {
        check(0.5, 10.0);
        check(0.75, 12.0);
        check(0.9, 14.0);
        check(0.95, 15.0);
        check(0.99, 17.21);
        check(1.0, 20.30);
        check(0.1, 6.0);
        // Never below nothing.
        check(0.0, 0.0);
    }
}
