//! The Vertical Pod Autoscaler with its defaults: its histograms, estimators and the updater's
//! rules for when a pod is changed. Its absolute minima (25m, 250 MB, 100 MiB after a kill) are
//! left out: on a machine's fraction they mean nothing.

use std::time::Duration;

use plimsoll_domain::{Amount, Resource, Timestamp};

use super::histogram::DecayingHistogram;
use crate::trace::SeriesInfo;
use crate::vertical::drive::{Recommender, Seen, Values};

const DAY: f64 = 86_400.0;
/// The first buckets: 10m, 10 MB. Fractions are taken as those of a machine of 64 cores and 64 GB.
const FIRST_CPU: f64 = 0.01;
const FIRST_MEMORY: f64 = 1e7;
const MACHINE_CORES: f64 = 64.0;
const MACHINE_BYTES: f64 = 64e9;
const MARGIN: f64 = 1.15;
/// A kill counts as so much more than the limit.
const KILL_FACTOR: f64 = 1.2;
/// A pod that is inside its bounds is changed after this long ...
const SETTLED: f64 = DAY / 2.0;
/// ... if the change is this large.
const SETTLED_CHANGE: f64 = 0.1;

/// The recommender and updater for one container.
#[derive(Debug)]
pub(super) struct Vpa {
    resource: Resource,
    tick: f64,
    histogram: DecayingHistogram,
    first: Option<f64>,
    samples: f64,
    /// The memory interval: its end, and the peak that is in the histogram.
    interval_end: f64,
    peak: Option<f64>,
    in_force: Option<(f64, f64)>,
}

impl Vpa {
    pub(super) fn new(info: &SeriesInfo, tick: Duration) -> Self {
        let first_bucket = match info.resource {
            Resource::Cpu if info.is_fraction => FIRST_CPU / MACHINE_CORES,
            Resource::Cpu => FIRST_CPU,
            Resource::Memory if info.is_fraction => FIRST_MEMORY / MACHINE_BYTES,
            Resource::Memory => FIRST_MEMORY,
        };
        Self {
            resource: info.resource,
            tick: tick.as_secs_f64(),
            histogram: DecayingHistogram::new(first_bucket, DAY),
            first: None,
            samples: 0.0,
            interval_end: f64::NEG_INFINITY,
            peak: None,
            in_force: None,
        }
    }

    /// Only the peak of each interval of a day is kept: a higher one takes the lower one's place.
    fn memory(&mut self, at: f64, usage: f64) {
        if at >= self.interval_end {
            let start = self.first.unwrap_or(at);
            self.interval_end = start + (((at - start) / DAY).floor() + 1.0) * DAY;
            self.peak = None;
        }
        let before = self.peak.unwrap_or(f64::NEG_INFINITY);
        if usage <= before {
            return;
        }
        if let Some(before) = self.peak {
            self.histogram.add(self.interval_end, before, -1.0);
        }
        self.histogram.add(self.interval_end, usage, 1.0);
        self.peak = Some(usage);
    }
}

impl Recommender for Vpa {
    fn tick(&mut self, start: Timestamp, seen: Seen) {
        let at = start.seconds() as f64;
        let (usage, killed) = match seen {
            Seen::Gap => return,
            Seen::Usage(usage) => (usage.value(), false),
            Seen::OutOfMemory(limit) => (limit.value(), true),
        };
        self.first.get_or_insert(at);
        self.samples += 1.0;
        match self.resource {
            Resource::Cpu => self.histogram.add(at, usage, 0.1),
            Resource::Memory if killed => self.memory(at, usage * KILL_FACTOR),
            Resource::Memory => self.memory(at, usage),
        }
    }

    fn decide(&mut self, now: Timestamp) -> Option<Values> {
        let now = now.seconds() as f64;
        let quantile = |quantile| Some(self.histogram.quantile(quantile)? * MARGIN);
        let target = quantile(0.9)?;
        let lifespan = (now - self.first?) / DAY;
        let confidence = lifespan.min(self.samples * self.tick / DAY).max(f64::MIN_POSITIVE);
        if let Some((value, since)) = self.in_force {
            let lower = quantile(0.5)? * (1.0 + 0.001 / confidence).powi(-2);
            let upper = quantile(0.95)? * (1.0 + 1.0 / confidence);
            let outside = value < lower || value > upper;
            let change = (target - value).abs() / value.max(f64::MIN_POSITIVE);
            let settled = now - since >= SETTLED && change >= SETTLED_CHANGE;
            let same = target.total_cmp(&value).is_eq();
            if same || !(outside || settled) {
                return None;
            }
        }
        self.in_force = Some((target, now));
        let request = Amount::new(target)?;
        let limit = (self.resource == Resource::Memory).then_some(request);
        Some(Values { request, limit })
    }
}
