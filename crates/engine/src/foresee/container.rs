//! What is foreseen of one container.

use std::time::Duration;

use plimsoll_domain::{
    Amount, Cadence, Foreseen, PerResource, Resource, Strategy, Timestamp, UsageCell,
};
use plimsoll_forecast::CELL_SECONDS;
use plimsoll_history::bytes::{ReadError, Reader, Writer};

use super::CONSTANTS;
use super::watched::Watched;

/// What the policy wants foreseen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(super) asked: PerResource<bool>,
    pub(super) horizon: Duration,
    pub(super) cadence: Cadence,
}

/// The series, models and forecasts of one container; about 80 KiB with both resources, which only
/// those have that ask for it.
#[derive(Clone, Debug)]
pub(crate) struct ContainerForecast {
    /// Absent from a start until the workload is seen again.
    plan: Option<Plan>,
    watched: PerResource<Watched>,
    /// Whether it was told of the past.
    knows_past: bool,
}

impl ContainerForecast {
    /// Nothing seen yet.
    pub(crate) fn new(plan: Plan) -> Self {
        let watched = PerResource::from_fn(|_| Watched::default());
        Self { plan: Some(plan), watched, knows_past: false }
    }

    /// What is wanted from now on. Forecasts of what nobody asks about any more are dropped.
    pub(crate) fn set_plan(&mut self, plan: &Plan) {
        if self.plan.as_ref().is_some_and(|before| before != plan) {
            for resource in Resource::ALL {
                self.watched.get_mut(resource).forget();
            }
        }
        if self.plan.as_ref() != Some(plan) {
            self.plan = Some(plan.clone());
        }
    }

    /// Whether it was told of the past.
    pub(crate) fn knows_past(&self) -> bool {
        self.knows_past
    }

    /// It is to be told of the past again.
    pub(crate) fn expect_past(&mut self) {
        self.knows_past = false;
    }

    /// Takes in the cells of its past, in order of time; what was seen besides goes on between and
    /// behind them.
    pub(crate) fn recall(&mut self, cells: &[UsageCell]) {
        self.knows_past = true;
        for resource in Resource::ALL {
            let seen =
                cells.iter().filter_map(|cell| Some((number(cell.start), usage(cell, resource)?)));
            self.watched.get_mut(resource).recall(seen);
        }
    }

    /// Takes in a cell that is over.
    pub(crate) fn observe(&mut self, cell: &UsageCell) {
        for resource in Resource::ALL {
            if let Some(usage) = usage(cell, resource) {
                self.watched.get_mut(resource).observe(number(cell.start), usage);
            }
        }
    }

    /// By how many cells its oldest model is behind; `None` where all are fitted to recent usage.
    pub(crate) fn behind(&self) -> Option<i64> {
        self.asked().filter_map(|resource| self.watched.get(resource).behind()).max()
    }

    /// Fits what is behind; how many models that were.
    pub(crate) fn fit(&mut self) -> usize {
        let (Some(constants), Some(plan)) = (CONSTANTS.as_ref(), self.plan.clone()) else {
            return 0;
        };
        let due: Vec<Resource> = self
            .asked()
            .filter(|resource| self.watched.get(*resource).behind().is_some())
            .collect();
        for resource in &due {
            self.watched.get_mut(*resource).fit(&plan, constants);
        }
        due.len()
    }

    /// Makes the forecasts that are due.
    pub(crate) fn predict(&mut self, now: Timestamp) {
        let (Some(constants), Some(plan)) = (CONSTANTS.as_ref(), &self.plan) else { return };
        for resource in Resource::ALL.into_iter().filter(|one| *plan.asked.get(*one)) {
            self.watched.get_mut(resource).predict(plan, now, constants);
        }
    }

    /// What the last forecast says of a resource.
    pub(crate) fn foreseen(&self, resource: Resource, strategy: Strategy) -> Option<Foreseen> {
        self.watched.get(resource).foreseen(self.plan.as_ref()?, strategy)
    }

    /// All of it as bytes, but for the usage, which is stored as cells, and the models, which can be
    /// fitted to it again.
    pub(crate) fn write(&self, out: &mut Writer) {
        for (_, watched) in self.watched.iter() {
            watched.write(out);
        }
    }

    /// What [`write`](Self::write) wrote.
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, ReadError> {
        let watched = PerResource { cpu: Watched::read(from)?, memory: Watched::read(from)? };
        Ok(Self { plan: None, watched, knows_past: false })
    }

    fn asked(&self) -> impl Iterator<Item = Resource> {
        let asked = self.plan.as_ref().map(|plan| plan.asked).unwrap_or_default();
        Resource::ALL.into_iter().filter(move |resource| *asked.get(*resource))
    }
}

/// What a scaler must cover: the greatest of the pods. Their first two minutes of CPU are not in it,
/// their memory is, since a pod that cannot start helps nobody.
fn usage(cell: &UsageCell, resource: Resource) -> Option<Amount> {
    cell.stored_peak(resource)
}

fn number(start: Timestamp) -> i64 {
    start.seconds().div_euclid(CELL_SECONDS)
}
