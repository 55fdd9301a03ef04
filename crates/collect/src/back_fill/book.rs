//! The book of one namespace: values become usage, usage becomes histories and cells.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plimsoll_domain::{Amount, ContainerKey, Resource, Timestamp, UsageCell};
use plimsoll_history::{ContainerHistory, PastUsage, RETENTION};

use super::owners::{Owners, Whose};
use super::tally::{PodUsage, Tallies};
use super::{BackFill, Counts, STEP};
use crate::prometheus::Series;
use crate::usage::amount;

/// Older than any startup: what ran already when the past begins is past its own.
const SETTLED: Duration = Duration::from_hours(24);

/// CPU this soon after a start is the start's, and in no cell: the built-in `startup.period`, as
/// where usage is seen live.
const STARTUP: Duration = Duration::from_mins(2);

/// What is known of a namespace so far.
pub(super) struct Book<'a> {
    plan: &'a BackFill,
    owners: &'a Owners<'a>,
    counts: &'a Counts,
    times: u32,
    histories: BTreeMap<ContainerKey, ContainerHistory>,
    tallies: Tallies,
    /// Pods and the identities of their containers: when each was seen first and last.
    spans: BTreeMap<(String, Arc<str>), Span>,
    /// What containers that go by one name used at one moment, of the answer being taken in: the
    /// most that any of them did, as young as the youngest, as where usage is seen live.
    shared: BTreeMap<(String, ContainerKey, Timestamp), Point>,
}

/// What a container used in one step.
#[derive(Clone, Copy)]
struct Point {
    amount: Amount,
    age: Duration,
    starts: bool,
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

    /// Whether some of the step that ends here is a start's, as far as is known: of a pod that is
    /// gone it is the step that tells of it first.
    fn starts(&self, at: Timestamp) -> bool {
        match (self.started.filter(|started| *started <= at), self.first) {
            (Some(started), _) => at.since(started) < STARTUP + STEP,
            (None, Some(first)) => at.since(first) < STARTUP,
            (None, None) => false,
        }
    }

    fn point(&self, at: Timestamp, amount: Amount) -> Point {
        Point { amount, age: self.at(at), starts: self.starts(at) }
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
            tallies: Tallies::default(),
            spans: BTreeMap::new(),
            shared: BTreeMap::new(),
        }
    }

    /// Takes in an answer about one resource. Those about earlier days come first.
    pub(super) fn take(&mut self, resource: Resource, answer: &[Series]) {
        for series in answer {
            self.add(resource, series);
        }
        for ((pod, key, at), point) in std::mem::take(&mut self.shared) {
            let pod = self.owners.living(&pod);
            self.count(&key, pod, (resource, at), point);
        }
    }

    /// The cells of what was taken in since this was last asked.
    pub(super) fn cells(&mut self) -> Vec<(ContainerKey, Vec<UsageCell>)> {
        let cells = self.tallies.take();
        let count: usize = cells.iter().map(|(_, cells)| cells.len()).sum();
        self.counts.cells.fetch_add(count as u64, Ordering::Relaxed);
        cells
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
        let new = points.iter().filter(|(at, _)| !seen.is_some_and(|seen| seen.at(*at)));
        self.counts.values.fetch_add(new.count() as u64, Ordering::Relaxed);
        for (at, amount) in points {
            let point = aging.point(at, amount);
            if whose.shares {
                let place = (pod.to_owned(), whose.key.clone(), at);
                let known = self.shared.entry(place).or_insert(point);
                known.amount = known.amount.max(amount);
                known.age = known.age.min(point.age);
                known.starts |= point.starts;
            } else {
                self.count(&whose.key, whose.uid, (resource, at), point);
            }
        }
    }

    /// Counts what a pod used: in cells always, in its history where it was not seen live.
    fn count(
        &mut self,
        key: &ContainerKey,
        pod: Option<&str>,
        (resource, at): (Resource, Timestamp),
        point: Point,
    ) {
        let Point { amount, age, starts } = point;
        self.tallies.add(key, &PodUsage { at, resource, amount, starts });
        let is_remembered = at > self.plan.until.minus(RETENTION);
        if !is_remembered || self.plan.seen.get(key).is_some_and(|seen| seen.at(at)) {
            return;
        }
        let usage = PastUsage { pod, at, age, resource, amount, times: self.times };
        match self.histories.get_mut(key) {
            Some(history) => history.recall(&usage),
            None => self.histories.entry(key.clone()).or_default().recall(&usage),
        }
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
        let name = (pod.to_owned(), Arc::clone(&whose.key.container));
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
    pub(super) fn close(mut self) -> Vec<(ContainerKey, ContainerHistory)> {
        let horizon = self.plan.until.minus(RETENTION);
        let ended = |span: &&Span| !span.is_living && span.last > horizon;
        for span in self.spans.values().filter(ended) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_starts_as_far_as_is_known() {
        let at = Timestamp::from_seconds;
        let check = |started: Option<i64>, first: Option<i64>, expect: [bool; 4]| {
            let aging = Aging { started: started.map(at), first: first.map(at) };
            let found = [299, 599, 899, 1_199].map(|end| aging.starts(at(end)));
            assert_eq!(found, expect, "{started:?} {first:?}");
        };
        // Until a minute after the second step began, or just so long as the first lasts.
        check(Some(240), Some(299), [true, true, false, false]);
        check(Some(179), Some(299), [true, false, false, false]);
        // Gone: told of first in the first step.
        check(None, Some(299), [true, false, false, false]);
        // An earlier run was over before the container was started again in the third step.
        check(Some(610), None, [false, false, true, false]);
        check(None, None, [false; 4]);
    }
}
