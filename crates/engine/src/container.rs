//! What is remembered of one container, under the identity that all its pods share.

use std::time::Duration;

use plimsoll_domain::{Sample, Signal};
use plimsoll_history::ContainerHistory;

use crate::auto::ContainerAuto;
use crate::foresee::{ContainerForecast, Plan};

/// What `auto` has watched for so long it need not be told.
const KNOWN: Duration = Duration::from_hours(24);

/// Its usage, and what was made of it.
#[derive(Debug, Default)]
pub(crate) struct Container {
    pub(crate) history: ContainerHistory,
    pub(crate) auto: ContainerAuto,
    /// Of those whose policy asks for it.
    pub(crate) forecast: Option<Box<ContainerForecast>>,
}

impl Container {
    /// Takes one sample in; whether it told anything new.
    pub(crate) fn observe(&mut self, sample: &Sample) -> bool {
        let is_new = self.history.observe(sample);
        if is_new {
            self.auto.observe(sample);
        }
        is_new
    }

    /// Takes one signal in; whether it told anything new.
    pub(crate) fn signal(&mut self, signal: &Signal) -> bool {
        let Signal::OomKill { container: _, pod, kill } = signal;
        let is_new = self.history.oom_kill(pod, kill);
        if is_new {
            self.auto.kill(kill);
        }
        is_new
    }

    /// Lets `auto` learn from the history where it has watched for less than a day.
    pub(crate) fn relearn(&mut self) {
        if self.auto.seen().iter().all(|(_, seen)| *seen < KNOWN) {
            self.auto.relearn(&self.history);
        }
    }

    /// Has forecasts made, or no more.
    pub(crate) fn set_plan(&mut self, plan: Option<&Plan>) {
        match (plan, &mut self.forecast) {
            (None, forecast) => *forecast = None,
            (Some(plan), Some(forecast)) => forecast.set_plan(plan),
            (Some(plan), forecast) => {
                *forecast = Some(Box::new(ContainerForecast::new(plan.clone())));
            }
        }
    }

    pub(crate) fn forecast_mut(&mut self) -> Option<&mut ContainerForecast> {
        self.forecast.as_deref_mut()
    }

    /// A pod is gone.
    pub(crate) fn end_pod(&mut self, pod: &str) {
        self.history.end_pod(pod);
        self.auto.end_pod(pod);
    }
}
