//! What `series.csv` says of every series, demand among them.

use std::time::Duration;

use super::{Rows, TraceError};

/// Columns that are read; others are left alone.
const COLUMNS: [&str; 5] = ["series_id", "metric", "file", "source", "step_s"];
/// Columns that are read where they exist.
const GROUP_COLUMN: &str = "group";
const DAYS_COLUMN: &str = "days";

/// What a series measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
    /// Requests.
    Requests,
    /// Demand in another unit.
    Load,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Memory, Self::Requests, Self::Load];

    /// The name in `series.csv`, also that of the folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "mem",
            Self::Requests => "rps",
            Self::Load => "load",
        }
    }
}

/// One series of a folder of recorded usage.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The series.
    pub id: String,
    /// What it measures; series that measure something else are not listed.
    pub metric: Metric,
    /// Its file, relative to the folder.
    pub file: String,
    /// Where it was recorded.
    pub source: String,
    /// What it belongs together with; itself where nothing is said.
    pub group: String,
    /// The time between samples.
    pub step: Duration,
    /// How long it lasts, in days, if that is said.
    pub days: Option<f64>,
}

pub(super) fn read(bytes: Vec<u8>) -> Result<Vec<Recording>, TraceError> {
    let mut rows = Rows::new("series.csv", std::io::Cursor::new(bytes));
    let columns = rows.columns(&COLUMNS)?;
    let group = rows.optional_column(GROUP_COLUMN)?;
    let days = rows.optional_column(DAYS_COLUMN)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next_row()? {
        let field = |i: usize| row.get(columns[i]).unwrap_or_default().to_owned();
        let optional = |column: Option<usize>| column.and_then(|column| row.get(column));
        let name = field(1);
        let Some(metric) = Metric::ALL.into_iter().find(|metric| metric.name() == name) else {
            continue;
        };
        let step = field(4).parse().map_err(|_| rows.malformed("step_s is no whole number"))?;
        let group = optional(group).filter(|group| !group.is_empty());
        all.push(Recording {
            id: field(0),
            metric,
            file: field(2),
            source: field(3),
            group: group.map_or_else(|| field(0), str::to_owned),
            step: Duration::from_secs(step),
            days: optional(days).and_then(|days| days.parse().ok()),
        });
    }
    Ok(all)
}
