//! The questions of a back-fill: one day at a time, less where a day is too much, again where one
//! fails.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use plimsoll_domain::{Resource, Timestamp};

use super::book::Book;
use super::outlet::Outlet;
use super::owners::Owners;
use super::{Counts, STEP, pause};
use crate::prometheus::{
    Prometheus, PrometheusError, Query, Series, owners_of_jobs, owners_of_pods,
    owners_of_replica_sets, usage_over_time,
};

/// What one question is about: a day, so that its answer is taken in before the next is asked.
pub(super) const SPAN: Duration = Duration::from_hours(24);

/// The least that a question is about; where that is still too much, it is left out.
const SPAN_MIN: Duration = Duration::from_hours(1);

/// The most values of one answer: 8 MB here, and there, where each is worked out from the 20 scrapes
/// of five minutes at 15 s, 10 million samples: a fifth of what Prometheus lets one question load
/// by default. 1,700 containers for a day.
const MAX_VALUES: usize = 500_000;

/// How often owners are looked at. Pods that lived for less are known by their names.
const OWNERS_STEP: Duration = Duration::from_hours(1);

/// The pauses before a question is asked again; after the last it counts as failed.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];

/// Questions that may fail one after another before the server is given up: with their repetitions
/// three minutes, longer than a server takes to start.
const FAILURES_MAX: u32 = 5;

/// Asks one server, and knows how that goes.
pub(super) struct Asking<'a> {
    pub(super) prometheus: &'a Prometheus,
    pub(super) counts: &'a Counts,
    /// Questions that failed since one was answered.
    failures: AtomicU32,
}

impl<'a> Asking<'a> {
    pub(super) fn new(prometheus: &'a Prometheus, counts: &'a Counts) -> Self {
        Self { prometheus, counts, failures: AtomicU32::new(0) }
    }

    /// Asks once, and pauses.
    async fn once(
        &self,
        query: &Query,
        span: (Timestamp, Timestamp),
        step: Duration,
    ) -> Result<Vec<Series>, PrometheusError> {
        let asked = Instant::now();
        self.counts.questions.fetch_add(1, Ordering::Relaxed);
        let answer = self.prometheus.range(query, span, step, MAX_VALUES).await;
        pause(asked).await;
        answer
    }

    /// Asks, and again where that fails for another reason than its size.
    pub(super) async fn patiently(
        &self,
        query: &Query,
        span: (Timestamp, Timestamp),
        step: Duration,
    ) -> Result<Vec<Series>, PrometheusError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let answer = self.once(query, span, step).await;
            match (answer, pauses.next()) {
                (Err(error), Some(pause)) if !error.is_too_much() => {
                    tracing::debug!(%error, "Prometheus is asked again");
                    tokio::time::sleep(pause).await;
                }
                (answer, _) => return answer,
            }
        }
    }

    /// The answer; none where it cannot be had this time. An error once the server is given up.
    fn judged(
        &self,
        answer: Result<Vec<Series>, PrometheusError>,
    ) -> Result<Option<Vec<Series>>, PrometheusError> {
        match answer {
            Ok(series) => {
                self.failures.store(0, Ordering::Relaxed);
                Ok(Some(series))
            }
            Err(error) => {
                let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
                if failures >= FAILURES_MAX { Err(error) } else { Ok(None) }
            }
        }
    }

    /// Learns from kube-state-metrics, where the server has it, who owns the pods of a namespace.
    pub(super) async fn owners(
        &self,
        owners: &mut Owners<'_>,
        namespace: &str,
        span: (Timestamp, Timestamp),
    ) -> Result<(), PrometheusError> {
        let scope = self.prometheus.scope();
        for (name, query) in [
            ("pod", owners_of_pods(scope, namespace)),
            ("replicaset", owners_of_replica_sets(scope, namespace)),
            ("job_name", owners_of_jobs(scope, namespace)),
        ] {
            let answer = self.patiently(&query, span, OWNERS_STEP).await;
            for series in self.judged(answer)?.unwrap_or_default() {
                owners.learn(name, &series);
            }
        }
        Ok(())
    }

    /// Takes the usage of a namespace in one span into the book, oldest first, and sends its cells. Where CPU
    /// is too much, both are asked for in halves, so that few cells are gathered at once.
    pub(super) async fn usage(
        &self,
        book: &mut Book<'_>,
        namespace: &str,
        span: (Timestamp, Timestamp),
        outlet: &Outlet,
    ) -> Result<(), PrometheusError> {
        let mut waiting = vec![span];
        while let Some(span) = waiting.pop() {
            if let Some(halves) = self.part(book, namespace, Resource::Cpu, span).await? {
                waiting.extend(halves);
                continue;
            }
            let mut of_memory = vec![span];
            while let Some(span) = of_memory.pop() {
                let halves = self.part(book, namespace, Resource::Memory, span).await?;
                of_memory.extend(halves.into_iter().flatten());
            }
            outlet.cells(book.cells()).await;
        }
        Ok(())
    }

    /// One span of one resource; its halves, the later first, where it is too much. An answer is taken
    /// in whole or not at all, so that nothing counts twice.
    async fn part(
        &self,
        book: &mut Book<'_>,
        namespace: &str,
        resource: Resource,
        (begin, end): (Timestamp, Timestamp),
    ) -> Result<Option<[(Timestamp, Timestamp); 2]>, PrometheusError> {
        let query = usage_over_time(self.prometheus.scope(), namespace, resource, STEP);
        // A value tells of the step before its moment, so the first moment is a step later.
        let answer = self.patiently(&query, (begin.plus(STEP), end), STEP).await;
        let length = end.since(begin);
        match answer {
            Err(error) if error.is_too_much() && length > SPAN_MIN => {
                let middle = begin.plus(whole_steps(length / 2));
                return Ok(Some([(middle, end), (begin, middle)]));
            }
            answer => {
                if let Some(series) = self.judged(answer)? {
                    book.take(resource, &series);
                } else {
                    let hours = length.as_secs().div_ceil(3600);
                    self.counts.hours_missed.fetch_add(hours, Ordering::Relaxed);
                }
            }
        }
        Ok(None)
    }
}

/// As many whole steps as fit.
fn whole_steps(length: Duration) -> Duration {
    Duration::from_secs(length.as_secs() / STEP.as_secs() * STEP.as_secs())
}
