//! The book of one namespace: values become usage, usage becomes histories.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plimsoll_domain::{Amount, ContainerKey, Resource, Timestamp};
use plimsoll_history::{ContainerHistory, PastUsage};

use super::owners::{Owners, Whose};
use super::{BackFill, Counts, Past, STEP};
use crate::prometheus::Series;
use crate::usage::amount;

/// Older than any startup: what ran already when the past begins is past its own.
const SETTLED: Duration = Duration::from_hours(24);

/// What is known of a namespace so far.
pub(super) struct Book<'a> {
    plan: &'a BackFill,
    owners: &'a Owners<'a>,
    counts: &'a Counts,
    times: u32,
    histories: BTreeMap<ContainerKey, ContainerHistory>,
    /// Pods and the identities of their containers: when each was seen first and last.
    spans: BTreeMap<(String, String), Span>,
    /// What containers that go by one name used at one moment, of the answer being taken in: the
    /// most that any of them did, as young as the youngest, as where usage is seen live.
    shared: BTreeMap<(String, ContainerKey, Timestamp), (Amount, Duration)>,
}

struct Span {
    key: ContainerKey,
    is_living: bool,
    first: Timestamp,
    last: Timestamp,
}

/// How long a container had run at some moment.
struct Aging {
    /// When its present run began.
    started: Option<Timestamp>,
    /// When it was first told of, unless that is as far back as was asked.
    first: Option<Timestamp>,
}

impl Aging {
    fn at(&self, at: Timestamp) -> Duration {
        let began = self.started.filter(|started| *started <= at).or(self.first);
        began.map_or(SETTLED, |began| at.since(began))
    }
}

impl<'a> Book<'a> {
    pub(super) fn new(plan: &'a BackFill, owners: &'a Owners<'a>, counts: &'a Counts) -> Self {
        Self {
            plan,
            owners,
            counts,
            times: plan.times(),
            histories: BTreeMap::new(),
            spans: BTreeMap::new(),
            shared: BTreeMap::new(),
        }
    }

    /// Takes in an answer about one resource. Those about earlier days come first.
    pub(super) fn take(&mut self, resource: Resource, answer: &[Series]) {
        for series in answer {
            self.add(resource, series);
        }
        for ((pod, key, at), (amount, age)) in std::mem::take(&mut self.shared) {
            let pod = self.owners.living(&pod);
            let usage = PastUsage { pod, at, age, resource, amount, times: self.times };
            self.histories.entry(key).or_default().recall(&usage);
        }
    }

    fn add(&mut self, resource: Resource, series: &Series) {
        let (pod, container) = (series.label("pod"), series.label("container"));
        let Some(whose) = self.owners.whose(pod, container) else {
            self.counts.unknown.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let points = self.points(resource, series);
        let Some((first, last)) = points.first().zip(points.last()) else { return };
        let aging = self.aging(pod, &whose, (first.0, last.0));
        let seen = self.plan.seen.get(&whose.key);
        let history = self.histories.entry(whose.key.clone()).or_default();
        let mut taken = 0;
        for (at, amount) in points {
            if seen.is_some_and(|seen| seen.at(at)) {
                continue;
            }
            taken += 1;
            let age = aging.at(at);
            if whose.shares {
                let place = (pod.to_owned(), whose.key.clone(), at);
                let known = self.shared.entry(place).or_insert((amount, age));
                *known = (known.0.max(amount), known.1.min(age));
            } else {
                let times = self.times;
                history.recall(&PastUsage { pod: whose.uid, at, age, resource, amount, times });
            }
        }
        self.counts.values.fetch_add(taken, Ordering::Relaxed);
    }

    /// The usage among the values; what is none is counted.
    fn points(&self, resource: Resource, series: &Series) -> Vec<(Timestamp, Amount)> {
        let span = self.plan.from..self.plan.until;
        let points = series.points.iter().filter_map(|(at, value)| {
            let at = moment(*at).filter(|at| span.contains(at))?;
            let amount = amount(resource, *value);
            let dropped = u64::from(amount.is_none());
            self.counts.dropped.fetch_add(dropped, Ordering::Relaxed);
            Some((at, amount?))
        });
        points.collect()
    }

    /// Remembers from when to when a pod was told of; how its container aged.
    fn aging(&mut self, pod: &str, whose: &Whose<'_>, seen: (Timestamp, Timestamp)) -> Aging {
        let name = (pod.to_owned(), whose.key.container.clone());
        let span = self.spans.entry(name).or_insert_with(|| Span {
            key: whose.key.clone(),
            is_living: whose.uid.is_some(),
            first: seen.0,
            last: seen.1,
        });
        span.first = span.first.min(seen.0);
        span.last = span.last.max(seen.1);
        // What is told of from the very beginning began before it.
        let first = (span.first >= self.plan.from.plus(STEP * 2)).then_some(span.first);
        Aging { started: whose.started, first }
    }

    /// The histories, of which what is older than is remembered is gone.
    pub(super) fn close(mut self) -> Past {
        for span in self.spans.values().filter(|span| !span.is_living) {
            if let Some(history) = self.histories.get_mut(&span.key) {
                history.recall_end(span.last);
            }
        }
        for history in self.histories.values_mut() {
            history.forget(self.plan.until);
        }
        self.histories.retain(|_, history| history.last_seen().is_some());
        self.histories.into_iter().collect()
    }
}

/// The last second of the step that a value tells of: it is named by the moment after it.
fn moment(at: f64) -> Option<Timestamp> {
    /// The year 9999.
    const LATEST: f64 = 253_402_300_799.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be within the range")]
    (1.0..=LATEST).contains(&at).then(|| Timestamp::from_seconds(at as i64 - 1))
}
