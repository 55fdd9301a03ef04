//! What is replayed: a folder of recorded usage, or what a controller has stored.

use std::path::Path;

use anyhow::{Context, bail};

use plimsoll_domain::{ContainerKey, Resource, Timestamp, UsageCell};
use plimsoll_replay::trace::{Series, SeriesInfo, Traces};
use plimsoll_replay::vertical::ReplayError;
use plimsoll_replay::{Recorded, TakeSeries};
use plimsoll_store::StoredCells;

use crate::args::RecordedArgs;
use crate::output;

/// Containers whose cells are read together: those of 30 days take half a megabyte each.
const AT_ONCE: usize = 128;

/// Damages that are told one by one.
const DAMAGES_TOLD: usize = 10;

/// Opens what the arguments name.
pub(crate) fn open(args: &RecordedArgs) -> anyhow::Result<Box<dyn Recorded>> {
    match (&args.traces, &args.history) {
        (_, Some(dir)) => Ok(Box::new(StoredHistory::open(dir)?)),
        (Some(folder), None) => {
            let traces = Traces::open(folder).context("failed to open the recorded usage")?;
            Ok(Box::new(traces))
        }
        (None, None) => bail!("--traces or --history says where usage was recorded"),
    }
}

/// The cells of a data directory as series: a container is an entity, its namespace the source.
struct StoredHistory {
    cells: StoredCells,
    /// CPU and memory of each container of the cells, in their order.
    index: Vec<SeriesInfo>,
}

impl StoredHistory {
    fn open(dir: &Path) -> anyhow::Result<Self> {
        let cells = StoredCells::open(dir, Timestamp::from_seconds(i64::MIN))
            .context("failed to open the stored history")?;
        if cells.keys().is_empty() {
            bail!(
                "no usage is stored in {}: expected the --data-dir of a controller that has run \
                 for ten minutes or more, with --keep-cells above 0s",
                dir.display()
            );
        }
        let index = cells.keys().iter().flat_map(|key| Resource::ALL.map(|of| info(key, of)));
        Ok(Self { index: index.collect(), cells })
    }
}

impl Recorded for StoredHistory {
    fn index(&self) -> &[SeriesInfo] {
        &self.index
    }

    fn read(&mut self, resource: Resource, take: &mut TakeSeries<'_>) -> Result<(), ReplayError> {
        let count = self.cells.keys().len();
        let mut infos = self.index.iter().filter(|info| info.resource == resource);
        for first in (0..count).step_by(AT_ONCE) {
            let places = first..count.min(first + AT_ONCE);
            let read = self.cells.read(places, Timestamp::from_seconds(i64::MIN));
            let all = read.map_err(|error| ReplayError::Recorded(Box::new(error)))?;
            for (cells, info) in all.into_iter().zip(&mut infos) {
                take(info, series(&cells, resource))?;
            }
        }
        for damage in self.cells.take_damages().iter().take(DAMAGES_TOLD) {
            output::remark(&format!("left out: {damage}"));
        }
        Ok(())
    }
}

fn info(key: &ContainerKey, resource: Resource) -> SeriesInfo {
    let workload = &key.workload;
    let entity = format!(
        "{}/{}/{}/{}",
        workload.namespace,
        workload.kind.name(),
        workload.name,
        key.container
    );
    SeriesInfo {
        id: entity.clone(),
        resource,
        file: "the stored history".to_owned(),
        source: workload.namespace.to_string(),
        entity,
        step: UsageCell::LENGTH,
        days: None,
        is_fraction: false,
    }
}

fn series(cells: &[UsageCell], resource: Resource) -> Series {
    let points = cells.iter().filter_map(|cell| Some((cell.start, cell.usage(resource)?)));
    Series { points: points.collect() }
}
