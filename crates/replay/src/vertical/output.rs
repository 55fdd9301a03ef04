//! The decisions of a replay on disk.

use std::path::Path;

use flate2::Compression;

use super::drive::Row;
use crate::error::ReplayError;
use crate::part::{Table, quoted};

const HEADER: &str = "series_id,timestamp_s,request,limit";

/// The file of decisions while it is written.
#[derive(Debug)]
pub(super) struct Decisions(Table);

impl Decisions {
    pub(super) fn create(path: &Path) -> Result<Self, ReplayError> {
        Table::create(path, HEADER, Compression::default()).map(Self)
    }

    /// The shortest text of a number that reads back as the same number.
    pub(super) fn write(&mut self, series: &str, rows: &[Row]) -> Result<(), ReplayError> {
        let series = quoted(series);
        for row in rows {
            let (at, request) = (row.at.seconds(), row.values.request.value());
            let limit = row.values.limit.map(|limit| limit.value().to_string());
            let limit = limit.unwrap_or_default();
            self.0.row(format_args!("{series},{at},{request},{limit}"))?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), ReplayError> {
        self.0.finish()
    }
}
