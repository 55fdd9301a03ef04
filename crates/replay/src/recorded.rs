//! Where recorded usage comes from: a folder of traces, or whatever else has series to give.

use std::collections::BTreeMap;

use plimsoll_domain::Resource;

use crate::error::ReplayError;
use crate::trace::{Series, SeriesInfo, Traces};

/// Takes one series in.
pub type TakeSeries<'a> = dyn FnMut(&SeriesInfo, Series) -> Result<(), ReplayError> + 'a;

/// A source of recorded usage that is larger than memory: read a part at a time, as often as is
/// wanted, and the same each time.
pub trait Recorded {
    /// All series of CPU and memory, without their usage.
    fn index(&self) -> &[SeriesInfo];

    /// Gives each series of a resource once, in the same order each time.
    fn read(&mut self, resource: Resource, take: &mut TakeSeries<'_>) -> Result<(), ReplayError>;
}

impl Recorded for Traces {
    fn index(&self) -> &[SeriesInfo] {
        Self::index(self)
    }

    fn read(&mut self, resource: Resource, take: &mut TakeSeries<'_>) -> Result<(), ReplayError> {
        let mut files: BTreeMap<&str, Vec<&SeriesInfo>> = BTreeMap::new();
        for info in Self::index(self).iter().filter(|info| info.resource == resource) {
            files.entry(&info.file).or_default().push(info);
        }
        for (file, infos) in files {
            let mut read = self.file_series(file)?;
            for info in infos {
                take(info, read.remove(&info.id).unwrap_or_default())?;
            }
        }
        Ok(())
    }
}
