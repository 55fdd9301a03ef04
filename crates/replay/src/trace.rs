//! Reads recorded usage: a folder with `series.csv` and one gzipped CSV file per metric and source
//! (`series_id,timestamp_s,<unit>`), sorted by series and time. A missing row is a gap.

mod recording;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::read::GzDecoder;

use plimsoll_domain::{Amount, Resource, Timestamp};

pub use recording::{Metric, Recording};

/// Columns of `series.csv` that are read; others are left alone.
const INDEX_COLUMNS: [&str; 6] = ["series_id", "metric", "file", "source", "entity", "step_s"];
/// Columns that are read where they exist.
const UNIT_COLUMN: &str = "unit";
const DAYS_COLUMN: &str = "days";
/// Units a series file may be in. Fractions are taken as they are.
const UNITS: [&str; 6] =
    ["cpu_cores", "memory_bytes", "cpu_norm", "memory_norm", "requests_per_s", "load"];

/// A folder of recorded usage, or the one that ships with the program.
#[derive(Clone, Debug)]
pub struct Traces {
    root: Root,
    index: Vec<SeriesInfo>,
}

#[derive(Clone, Debug)]
enum Root {
    Folder(PathBuf),
    Shipped,
}

/// What `series.csv` says about one series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesInfo {
    /// The series.
    pub id: String,
    /// CPU or memory; series of other metrics are not listed.
    pub resource: Resource,
    /// Its file, relative to the folder.
    pub file: String,
    /// Where it was recorded.
    pub source: String,
    /// What was recorded; CPU and memory of one thing share it.
    pub entity: String,
    /// The time between samples.
    pub step: Duration,
    /// How long it lasts, in days, if that is said.
    pub days: Option<f64>,
    /// Whether its values are fractions of a machine, not cores or bytes.
    pub is_fraction: bool,
}

/// A recorded series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Samples in order of time.
    pub points: Vec<(Timestamp, Amount)>,
}

/// Recorded usage could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// A file could not be opened or read.
    #[error("read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not have the form of a trace.
    #[error("read {file}, line {line}: {what}")]
    Malformed {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong, and what was expected.
        what: String,
    },
    /// No such series.
    #[error("find {resource} usage of {entity:?} in series.csv (column `entity`)", resource = .resource.name())]
    NoSuchEntity {
        /// What was asked for.
        entity: String,
        /// CPU or memory.
        resource: Resource,
    },
}

impl Traces {
    /// Opens a folder and reads its index.
    pub fn open(folder: &Path) -> Result<Self, TraceError> {
        Self::with_root(Root::Folder(folder.to_path_buf()))
    }

    /// The recorded usage that ships with the program; `data/NOTICE` names its sources.
    pub fn shipped() -> Result<Self, TraceError> {
        Self::with_root(Root::Shipped)
    }

    fn with_root(root: Root) -> Result<Self, TraceError> {
        let index = read_index(root.read("series.csv")?)?;
        Ok(Self { root, index })
    }

    /// All series of CPU and memory.
    pub fn index(&self) -> &[SeriesInfo] {
        &self.index
    }

    /// All series of the four metrics, CPU and memory among them.
    pub fn recordings(&self) -> Result<Vec<Recording>, TraceError> {
        recording::read(self.root.read("series.csv")?)
    }

    /// The usage of one entity.
    pub fn series(&self, entity: &str, resource: Resource) -> Result<Series, TraceError> {
        let wanted = |info: &&SeriesInfo| info.entity == entity && info.resource == resource;
        let info = self
            .index
            .iter()
            .find(wanted)
            .ok_or_else(|| TraceError::NoSuchEntity { entity: entity.to_owned(), resource })?;
        let mut series = self.file(&info.file, &|id| id == info.id)?;
        Ok(series.remove(&info.id).unwrap_or_default())
    }
}

/// Every recorded series, by entity and resource. Each file is read once.
pub type AllSeries = BTreeMap<(String, Resource), Series>;

impl Traces {
    /// Reads everything.
    pub fn all(&self) -> Result<AllSeries, TraceError> {
        let mut files: BTreeMap<&str, Vec<&SeriesInfo>> = BTreeMap::new();
        for info in &self.index {
            files.entry(&info.file).or_default().push(info);
        }
        let mut all = AllSeries::new();
        for (file, infos) in files {
            let mut series = self.file_series(file)?;
            for info in infos {
                let read = series.remove(&info.id).unwrap_or_default();
                all.insert((info.entity.clone(), info.resource), read);
            }
        }
        Ok(all)
    }

    /// Every series of one file, by its name.
    pub fn file_series(&self, file: &str) -> Result<BTreeMap<String, Series>, TraceError> {
        self.file(file, &|_| true)
    }

    fn file(
        &self,
        file: &str,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, Series>, TraceError> {
        let reader = GzDecoder::new(std::io::Cursor::new(self.root.read(file)?));
        read_series(file, reader, wanted)
    }
}

impl Root {
    fn read(&self, file: &str) -> Result<Vec<u8>, TraceError> {
        match self {
            Self::Shipped => shipped_file(file).map(<[u8]>::to_vec).ok_or_else(|| {
                let source = std::io::Error::from(std::io::ErrorKind::NotFound);
                TraceError::Read { path: PathBuf::from(file), source }
            }),
            Self::Folder(folder) => {
                let path = folder.join(file);
                let mut bytes = Vec::new();
                File::open(&path)
                    .and_then(|mut file| file.read_to_end(&mut bytes))
                    .map_err(|source| TraceError::Read { path, source })?;
                Ok(bytes)
            }
        }
    }
}

fn shipped_file(file: &str) -> Option<&'static [u8]> {
    match file {
        "series.csv" => Some(include_bytes!("../data/series.csv")),
        "cpu/demo.csv.gz" => Some(include_bytes!("../data/cpu/demo.csv.gz")),
        "mem/demo.csv.gz" => Some(include_bytes!("../data/mem/demo.csv.gz")),
        _ => None,
    }
}

fn read_index(bytes: Vec<u8>) -> Result<Vec<SeriesInfo>, TraceError> {
    let mut rows = Rows::new("series.csv", std::io::Cursor::new(bytes));
    let columns = rows.columns(&INDEX_COLUMNS)?;
    let unit = rows.optional_column(UNIT_COLUMN)?;
    let days = rows.optional_column(DAYS_COLUMN)?;
    let mut index = Vec::new();
    while let Some(row) = rows.next_row()? {
        let field = |i: usize| row.get(columns[i]).unwrap_or_default().to_owned();
        let resource = match field(1).as_str() {
            "cpu" => Resource::Cpu,
            "mem" => Resource::Memory,
            _ => continue,
        };
        let optional = |column: Option<usize>| column.and_then(|column| row.get(column));
        let step = field(5).parse().map_err(|_| rows.malformed("step_s is no whole number"))?;
        index.push(SeriesInfo {
            id: field(0),
            resource,
            file: field(2),
            source: field(3),
            entity: field(4),
            step: Duration::from_secs(step),
            days: optional(days).and_then(|days| days.parse().ok()),
            is_fraction: optional(unit).is_some_and(|unit| unit.ends_with("_norm")),
        });
    }
    Ok(index)
}

fn read_series(
    file: &str,
    reader: impl Read,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<BTreeMap<String, Series>, TraceError> {
    let mut rows = Rows::new(file, reader);
    rows.expect_series_header()?;
    let mut all: BTreeMap<String, Series> = BTreeMap::new();
    while let Some(row) = rows.next_row()? {
        let id = row.get(0).unwrap_or_default();
        if !wanted(id) {
            continue;
        }
        let at = Timestamp::from_seconds(whole_seconds(number(&rows, &row, 1)?));
        let value = Amount::new(number(&rows, &row, 2)?)
            .ok_or_else(|| rows.malformed("a value must be finite and not negative"))?;
        if !all.contains_key(id) {
            all.insert(id.to_owned(), Series::default());
        }
        let Some(series) = all.get_mut(id) else { continue };
        if series.points.last().is_some_and(|(last, _)| *last >= at) {
            return Err(rows.malformed("time goes backwards within a series"));
        }
        series.points.push((at, value));
    }
    Ok(all)
}

fn number<R: Read>(rows: &Rows<R>, row: &csv::StringRecord, i: usize) -> Result<f64, TraceError> {
    let text = row.get(i).unwrap_or_default();
    text.parse().map_err(|_| rows.malformed(&format!("{text:?} is no number")))
}

#[expect(clippy::cast_possible_truncation, reason = "saturates; a trace of 2^63 seconds is none")]
fn whole_seconds(seconds: f64) -> i64 {
    seconds.floor() as i64
}

/// The rows of one CSV file, with what an error message needs to name the line.
struct Rows<R> {
    file: String,
    reader: csv::Reader<R>,
    line: u64,
}

impl<R: Read> Rows<R> {
    fn new(file: &str, reader: R) -> Self {
        Self { file: file.to_owned(), reader: csv::Reader::from_reader(reader), line: 1 }
    }

    fn next_row(&mut self) -> Result<Option<csv::StringRecord>, TraceError> {
        let mut row = csv::StringRecord::new();
        match self.reader.read_record(&mut row) {
            Ok(true) => {
                self.line = row.position().map_or(self.line, csv::Position::line);
                Ok(Some(row))
            }
            Ok(false) => Ok(None),
            Err(error) => {
                self.line = error.position().map_or(self.line, csv::Position::line);
                Err(self.malformed(&error.to_string()))
            }
        }
    }

    fn header(&mut self) -> Result<csv::StringRecord, TraceError> {
        let header = self.reader.headers().cloned();
        header.map_err(|error| self.malformed(&error.to_string()))
    }

    fn columns<const N: usize>(&mut self, names: &[&str; N]) -> Result<[usize; N], TraceError> {
        let header = self.header()?;
        let mut columns = [0; N];
        for (column, name) in columns.iter_mut().zip(names) {
            *column = header
                .iter()
                .position(|field| field == *name)
                .ok_or_else(|| self.malformed(&format!("there is no column {name:?}")))?;
        }
        Ok(columns)
    }

    fn optional_column(&mut self, name: &str) -> Result<Option<usize>, TraceError> {
        Ok(self.header()?.iter().position(|field| field == name))
    }

    fn expect_series_header(&mut self) -> Result<(), TraceError> {
        let header = self.header()?;
        let fields: Vec<&str> = header.iter().collect();
        match fields[..] {
            ["series_id", "timestamp_s", unit] if UNITS.contains(&unit) => Ok(()),
            _ => Err(self.malformed(&format!(
                "columns {fields:?} where series_id,timestamp_s and one of {UNITS:?} are expected"
            ))),
        }
    }

    fn malformed(&self, what: &str) -> TraceError {
        TraceError::Malformed { file: self.file.clone(), line: self.line, what: what.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(csv: &str, expect: Result<usize, (u64, &str)>) {
        let read = read_series("cpu/x.csv.gz", csv.as_bytes(), &|id| id == "a")
            .map(|mut all| all.remove("a").unwrap_or_default());
        match (read, expect) {
            (Ok(series), Ok(points)) => assert_eq!(series.points.len(), points),
            (Err(TraceError::Malformed { line, what, .. }), Err((at, part))) => {
                assert_eq!(line, at, "{what}");
                assert!(what.contains(part), "{what}");
            }
            (got, _) => panic!("{csv:?} gave {got:?}"),
        }
    }

    #[test]
    fn reads_one_series_and_names_the_line_of_what_is_wrong() {
        let head = "series_id,timestamp_s,cpu_cores\n";
        check(&format!("{head}a,0,0.1\na,300,0.2\nb,0,9\n"), Ok(2));
        check(&format!("{head}a,0,0.1\na,300,x\n"), Err((3, "no number")));
        check(&format!("{head}a,0,0.1\na,0,0.1\n"), Err((3, "backwards")));
        check(&format!("{head}a,0,NaN\n"), Err((2, "finite")));
        check(&format!("{head}a,0,inf\n"), Err((2, "finite")));
        check(&format!("{head}a,0,-1\n"), Err((2, "not negative")));
        check("series_id,timestamp_s,bananas\na,0,1\n", Err((1, "bananas")));
    }

    #[test]
    fn every_shipped_series_can_be_read() {
        let traces = Traces::shipped().unwrap();
        assert!(traces.index().len() >= 60);
        for (of, series) in traces.all().unwrap() {
            assert!(series.points.len() > 100, "{of:?}");
        }
    }
}
