//! From what containers counted to what they used: the rate of CPU between two readings.

use std::collections::BTreeMap;

use plimsoll_domain::{PerResource, Resource, Timestamp};
use plimsoll_pipeline::{Collected, PodUsage};

use super::page::{Named, Page, Reading};
use crate::usage::amount;

/// The longest span a rate may be over, in milliseconds: the history's cells of five minutes. A mean
/// over more would hide the peaks in it.
const SPAN_MAX_MS: i64 = 5 * 60 * 1000;

/// The shortest span, in milliseconds: a kubelet counts no oftener than every second.
const SPAN_MIN_MS: i64 = 1000;

/// The last readings of one node's containers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates {
    last: BTreeMap<Named, Reading>,
}

impl Rates {
    /// What was used, by this page and the one before it. Containers that the page tells nothing
    /// new of are left out; values that are no usage are left out and counted.
    pub(crate) fn next(&mut self, page: Page, collected: &mut Collected) {
        collected.dropped += page.dropped;
        for (named, reading) in &page.readings {
            let before = self.last.get(named);
            let mut usage = PerResource::default();
            for (resource, value) in
                [(Resource::Cpu, cpu(before, reading)), (Resource::Memory, memory(before, reading))]
            {
                if let Some(value) = value {
                    let amount = amount(resource, value);
                    collected.dropped += u64::from(amount.is_none());
                    *usage.get_mut(resource) = amount;
                }
            }
            let at = reading.cpu.or(reading.memory).map(|(_, at)| at);
            let (Some(at), true) = (at, usage.cpu.is_some() || usage.memory.is_some()) else {
                continue;
            };
            collected.usage.push(PodUsage {
                namespace: named.namespace.clone(),
                pod: named.pod.clone(),
                container: named.container.clone(),
                at: Timestamp::from_seconds(at.div_euclid(1000)),
                usage,
            });
        }
        self.last = page.readings;
    }
}

/// The mean since the reading before, or since the start where that is later; `None` where neither
/// is known, nothing is new, or the counter began anew at an unknown moment.
fn cpu(before: Option<&Reading>, now: &Reading) -> Option<f64> {
    let (value, at) = now.cpu?;
    if !is_count(value) {
        // Seen by the caller to be no usage, and counted.
        return Some(value);
    }
    let before = before.and_then(|before| before.cpu).filter(|(value, _)| is_count(*value));
    let began = now.started_ms.filter(|began| before.is_none_or(|(_, last)| *began >= last));
    let (from, since) = began.map(|began| (0.0, began)).or(before)?;
    let span = at.saturating_sub(since);
    let is_rate = (SPAN_MIN_MS..=SPAN_MAX_MS).contains(&span) && value >= from;
    is_rate.then(|| (value - from) / (span as f64 / 1000.0))
}

fn is_count(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

fn memory(before: Option<&Reading>, now: &Reading) -> Option<f64> {
    let (value, at) = now.memory?;
    let known = before.and_then(|before| before.memory);
    known.is_none_or(|(_, last)| at > last).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of one container, each as CPU seconds, memory, start and time in seconds (absent: not
    /// told); expects of each what was used, as `cores bytes`.
    fn check(pages: &[(f64, f64, Option<i64>, i64)], expect: &[&str], dropped: u64) {
        let mut rates = Rates::default();
        let mut collected = Collected::default();
        let mut found = Vec::new();
        for (cpu, memory, start, at) in pages {
            let reading = Reading {
                cpu: Some((*cpu, at * 1000)),
                memory: Some((*memory, at * 1000)),
                started_ms: start.map(|start| start * 1000),
            };
            let readings = BTreeMap::from([(Named::default(), reading)]);
            rates.next(Page { readings, dropped: 0 }, &mut collected);
            let usage = std::mem::take(&mut collected.usage);
            found.push(usage.first().map_or(String::new(), |one| {
                let value = |amount: Option<plimsoll_domain::Amount>| {
                    amount.map_or_else(|| "-".to_owned(), |amount| amount.value().to_string())
                };
                assert_eq!(one.at.seconds(), *at);
                format!("{} {}", value(one.usage.cpu), value(one.usage.memory))
            }));
        }
        assert_eq!(found, expect);
        assert_eq!(collected.dropped, dropped, "{pages:?}");
    }

    #[test]
    fn cpu_is_the_rate_between_two_readings() {
        check(&[(100.0, 5.0, None, 0), (115.0, 6.0, None, 30)], &["- 5", "0.5 6"], 0);
        check(&[(1.0, 5.0, Some(-99_999), 0), (1.0, 5.0, Some(-99_999), 30)], &["- 5", "0 5"], 0);
    }

    #[test]
    fn a_reading_told_again_is_no_news() {
        let twice = [(1.0, 5.0, None, 10), (4.0, 5.0, None, 20), (4.0, 5.0, None, 20)];
        check(&twice, &["- 5", "0.3 5", ""], 0);
    }

    #[test]
    fn a_container_that_started_since_counts_from_its_start() {
        check(&[(100.0, 5.0, Some(0), 400), (2.0, 5.0, Some(410), 430)], &["- 5", "0.1 5"], 0);
        check(&[(3.0, 5.0, Some(0), 30)], &["0.1 5"], 0);
        check(&[(0.1, 5.0, Some(30), 30)], &["- 5"], 0);
    }

    #[test]
    fn a_counter_that_fell_at_an_unknown_moment_begins_anew() {
        let pages = [(100.0, 5.0, None, 0), (2.0, 5.0, None, 30), (5.0, 5.0, None, 60)];
        check(&pages, &["- 5", "- 5", "0.1 5"], 0);
    }

    #[test]
    fn a_mean_over_more_than_five_minutes_is_none() {
        check(&[(0.0, 5.0, None, 0), (9.0, 5.0, None, 301)], &["- 5", "- 5"], 0);
        check(&[(0.0, 5.0, None, 0), (30.0, 5.0, None, 300)], &["- 5", "0.1 5"], 0);
    }

    #[test]
    fn what_is_no_usage_is_dropped_and_counted() {
        let nan = f64::NAN;
        check(&[(0.0, 5.0, None, 0), (nan, 5.0, None, 30)], &["- 5", "- 5"], 1);
        check(&[(0.0, 5.0, None, 0), (-1.0, 5.0, None, 30)], &["- 5", "- 5"], 1);
        check(&[(0.0, 5.0, None, 0), (f64::INFINITY, 5.0, None, 30)], &["- 5", "- 5"], 1);
        check(&[(0.0, nan, None, 0), (3.0, 1e30, None, 30)], &["", "0.1 -"], 2);
        check(&[(0.0, 5.0, None, 0), (1e9, 5.0, None, 30)], &["- 5", "- 5"], 1);
        check(&[(nan, 5.0, None, 0), (1.0, 5.0, None, 30)], &["- 5", "- 5"], 1);
    }
}
