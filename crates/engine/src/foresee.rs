//! Foresee: forecasts for the containers whose policy asks for them.
//!
//! A container's series is what a scaler must cover: of each five minutes the greatest of its pods.
//! Every hour a model is fitted to it, every day tried on the days just over,
//! and as often as the policy says a forecast is made.

mod cadence;
mod container;
mod watched;

use std::sync::LazyLock;

use plimsoll_domain::{
    ContainerKey, PerResource, Policy, Resource, Strategy, Target, Timestamp, UsageCell,
};
use plimsoll_forecast::Constants;

use crate::Engine;
use crate::container::Container;

pub(crate) use container::{ContainerForecast, Plan};

/// Models fitted at one pass, the oldest first: 8 ms each and 20 ms more where it is tried as well,
/// half a second of one core. At a pass every 30 s that is every series of some 2,000 in an hour; of
/// more the models are older.
const FITS_MAX: usize = 16;

/// What all series have in common. There is always some: a test reads what ships.
static CONSTANTS: LazyLock<Option<Constants>> = LazyLock::new(|| Constants::shipped().ok());

impl Engine {
    /// From now on forecasts wait until they were [told](Self::recall_cells) of the past.
    pub fn expect_past(&mut self) {
        self.expects_past = true;
    }

    /// Nobody stores the usage that forecasts are made from: at every start they begin with what is
    /// seen from then on, and say so.
    pub fn begin_forecasts_anew(&mut self) {
        self.begins_anew = true;
    }

    /// The containers that are to be forecast and were not told of their past yet.
    pub fn without_past(&self) -> Vec<ContainerKey> {
        let is_new = |container: &Container| {
            container.forecast.as_ref().is_some_and(|forecast| !forecast.knows_past())
        };
        let new = self.containers.iter().filter(|(_, container)| is_new(container));
        new.map(|(key, _)| key.clone()).collect()
    }

    /// More has become known of a container's past: where it is forecast, it waits until it is
    /// [told](Self::recall_cells) of it again.
    pub fn expect_past_of(&mut self, key: &ContainerKey) {
        let container = self.containers.get_mut(key);
        if let Some(forecast) = container.and_then(Container::forecast_mut) {
            forecast.expect_past();
        }
    }

    /// Tells of a container's past, in order of time, what is to be forecast from; nothing is an
    /// answer too. Told again, what was known stays where nothing else is told of it.
    pub fn recall_cells(&mut self, key: &ContainerKey, cells: &[UsageCell]) {
        let container = self.containers.get_mut(key);
        if let Some(forecast) = container.and_then(Container::forecast_mut) {
            forecast.recall(cells);
        }
    }

    /// Fits the oldest models anew, as many as one pass may, and makes the forecasts that are due.
    pub(crate) fn foresee(&mut self, now: Timestamp) {
        let expects_past = self.expects_past;
        let is_ready = |one: &ContainerForecast| one.knows_past() || !expects_past;
        let forecasts = self.containers.forecasts_mut();
        let behind = forecasts.filter(|(_, forecast)| is_ready(forecast));
        let behind = behind.filter_map(|(key, forecast)| Some((forecast.behind()?, key, forecast)));
        let mut behind: Vec<_> = behind.collect();
        // The order of the identities decides among those equally old.
        behind.sort_by_key(|(cells, key, _)| (std::cmp::Reverse(*cells), *key));
        let mut fitted = 0;
        for (_, _, forecast) in behind {
            if fitted >= FITS_MAX {
                break;
            }
            fitted += forecast.fit();
        }
        for (_, forecast) in self.containers.forecasts_mut() {
            if is_ready(forecast) {
                forecast.predict(now);
            }
        }
    }
}

/// Which part of the usage to come is asked for, where a forecast is asked for at all.
pub(crate) fn strategy(policy: &Policy, resource: Resource) -> Option<Strategy> {
    match policy.resources.get(resource).target.value {
        Target::Forecast(strategy) => Some(strategy),
        // Whoever wants to be told by `auto` is not told by a forecast as well.
        Target::Auto => None,
        Target::Quantile(_) | Target::Pooled(_) | Target::Max => {
            let is_predicted = resource == Resource::Cpu && policy.vertical.predictive_cpu.value;
            is_predicted.then_some(Strategy::Balanced)
        }
    }
}

/// What a policy wants foreseen of a container; `None` where it wants nothing.
pub(crate) fn plan(policy: &Policy) -> Option<Plan> {
    let vertical = &policy.vertical;
    let asked = PerResource::from_fn(|resource| strategy(policy, resource).is_some());
    (asked.cpu || asked.memory).then(|| Plan {
        asked,
        horizon: vertical.forecast_horizon.value,
        cadence: vertical.forecast_cadence.value.clone(),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_constants_that_ship_can_be_read() {
        assert!(super::CONSTANTS.is_some());
    }
}
