//! The forecasts of a replay on disk.

use std::path::Path;

use flate2::Compression;

use plimsoll_forecast::{CELL_SECONDS, Forecast};

use super::WINDOWS;
use crate::error::ReplayError;
use crate::part::{Table, quoted};

const HEADER: &str = "series_id,origin_s,horizon,q10,q50,q90,q95,max_q50,max_q90,max_q95";

/// The file of forecasts while it is written.
#[derive(Debug)]
pub(super) struct Forecasts(Table);

impl Forecasts {
    pub(super) fn create(path: &Path) -> Result<Self, ReplayError> {
        Table::create(path, HEADER, Compression::fast()).map(Self)
    }

    /// The shortest text of a number that reads back as the same number.
    pub(super) fn write(&mut self, series: &str, forecast: &Forecast) -> Result<(), ReplayError> {
        let series = quoted(series);
        let origin = forecast.origin().saturating_mul(CELL_SECONDS);
        for (cell, horizon) in forecast.cells().iter().zip(1..) {
            let maximum = if WINDOWS.contains(&horizon) {
                let maximum = forecast.maximum(horizon);
                format!("{},{},{}", maximum.q50, maximum.q90, maximum.q95)
            } else {
                ",,".to_owned()
            };
            self.0.row(format_args!(
                "{series},{origin},{horizon},{},{},{},{},{maximum}",
                cell.q10, cell.q50, cell.q90, cell.q95
            ))?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), ReplayError> {
        self.0.finish()
    }
}
