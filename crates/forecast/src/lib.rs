//! Forecasts of usage that are honest about their own uncertainty: quantiles of every five minutes
//! of the next day, and of the maximum of any window from now on, which is what a scaler needs.
//!
//! [`Series`] keeps 30 days of one usage; [`fit`] learns a [`Model`] from it, hourly at best;
//! [`predict`] makes a [`Forecast`]. What many series have in common are [`Constants`], trained on
//! recorded usage. The method and what it reaches are in `docs/forecast.md`.

mod constants;
mod correct;
mod fit;
mod forecast;
mod grid;
mod lad;
mod naive;
mod order;
mod peak;
mod profile;
mod regressors;
mod running;
mod series;
mod spread;
#[cfg(test)]
mod tests;
pub mod train;
mod trial;

pub use constants::{Constants, ConstantsError, Fold};
pub use fit::{Model, fit};
pub use forecast::{Forecast, Maximum, Quantiles, ROUNDING, predict};
pub use grid::{CELL_SECONDS, DAY, HORIZON, WINDOW};
pub use naive::{repeat_day, repeat_day_cells};
pub use series::Series;
pub use trial::trial;
