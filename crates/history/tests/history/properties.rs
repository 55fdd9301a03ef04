//! What holds for all usage.

use plimsoll_domain::{Amount, Resource, Sample};
use plimsoll_history::{ContainerHistory, PastUsage, Span};
use proptest::prelude::*;

use crate::mk::{mk_quantile, mk_sample, mk_span};

const DAY: i64 = 86_400;

const PODS: [&str; 4] = ["pod-0", "pod-1", "pod-2", "pod-3"];

/// Samples of up to four pods in order of time, with gaps of up to three hours: up to 18 days.
pub(crate) fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let amount = || prop_oneof![1 => Just(0.0), 9 => (-8.0..12.0f64).prop_map(|e| 10f64.powf(e))];
    let sample = (0..4u8, 1..10_800i64, 0..7_200u64, amount(), amount());
    prop::collection::vec(sample, 1..150).prop_map(|parts| {
        let mut second = 0;
        let sample = |(pod, step, age, cpu, memory)| {
            second += step;
            mk_sample(&format!("pod-{pod}"), second, age, cpu, memory)
        };
        parts.into_iter().map(sample).collect()
    })
}

pub(crate) fn mk_history(samples: &[Sample]) -> ContainerHistory {
    let mut history = ContainerHistory::new();
    for sample in samples {
        assert!(history.observe(sample));
    }
    history
}

/// The same told as the past, resources apart, in an order that this number gives.
fn mk_past(samples: &[Sample], order: u64) -> ContainerHistory {
    let mut history = ContainerHistory::new();
    let mut told: Vec<(&Sample, Resource)> =
        samples.iter().flat_map(|sample| Resource::ALL.map(|one| (sample, one))).collect();
    told.sort_by_key(|(sample, resource)| {
        (sample.at.seconds().cast_unsigned() ^ order).wrapping_mul(order | 1) ^ *resource as u64
    });
    for (sample, resource) in told {
        if let Some(amount) = *sample.usage.get(resource) {
            let (pod, at, age) = (Some(&*sample.pod), sample.at, sample.age);
            history.recall(&PastUsage { pod, at, age, resource, amount, times: 1 });
        }
    }
    history
}

fn end_of(samples: &[Sample]) -> i64 {
    let begin = mk_span(0, 0, 0).now;
    let last = samples.last().map_or(begin, |sample| sample.at);
    last.seconds() - begin.seconds()
}

/// Whether a sample belongs to the window, by the rules of the documentation alone.
fn counts(sample: &Sample, span: &Span) -> bool {
    let classes = [0, 120, 300, 900, 3600];
    let begin_of = |seconds: u64| classes.iter().rfind(|begin| **begin <= seconds).copied();
    let class = begin_of(sample.age.as_secs()).unwrap_or(0);
    let old_enough = class >= span.startup.as_secs() || class == 3600;
    let width = if span.look_back.as_secs() <= 86_400 { 3600 } else { 6 * 3600 };
    let begin = sample.at.seconds().div_euclid(width) * width;
    let from = span.now.minus(span.look_back).seconds();
    old_enough && begin <= span.now.seconds() && begin + width > from
}

fn amounts_of(samples: &[Sample], span: &Span) -> Vec<Amount> {
    let counting = samples.iter().filter(|sample| counts(sample, span));
    let mut amounts: Vec<Amount> = counting.filter_map(|sample| sample.usage.cpu).collect();
    amounts.sort();
    amounts
}

proptest! {
    // A quarter of the default: a history of 150 samples repacks at almost each of them.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_window_holds_just_the_samples_the_rules_say(
        samples in samples(),
        look_back in prop_oneof![Just(3u64), Just(24), Just(25), Just(48), Just(168)],
        startup in 0..4000u64,
        forgets in any::<bool>(),
    ) {
        let mut history = mk_history(&samples);
        let span = mk_span(look_back, startup, end_of(&samples) + 600);
        if forgets {
            history.forget(span.now);
        }
        let amounts = amounts_of(&samples, &span);
        let window = history.window(Resource::Cpu, &span);
        prop_assert_eq!(window.samples(), amounts.len() as u64);
        prop_assert_eq!(window.max(1), amounts.last().copied());
    }

    #[test]
    fn a_quantile_is_within_2_5_percent_of_the_nearest_rank(
        samples in samples(),
        quantile in 0.0..=1.0f64,
    ) {
        let one_pod: Vec<Sample> = samples
            .into_iter()
            .map(|sample| Sample { pod: "pod".into(), ..sample })
            .collect();
        let span = mk_span(168, 0, end_of(&one_pod));
        let amounts = amounts_of(&one_pod, &span);
        let rank = (quantile * amounts.len() as f64).ceil().max(1.0);
        let exact = (1..).zip(&amounts).find(|(place, _)| f64::from(*place) >= rank);
        let exact = exact.map_or(0.0, |(_, amount)| amount.value());
        let answer = mk_history(&one_pod)
            .window(Resource::Cpu, &span)
            .mean_quantile(mk_quantile(quantile), 1)
            .map_or(f64::NAN, Amount::value);
        prop_assert!((answer - exact).abs() <= 0.025 * exact, "{} for {}", answer, exact);
    }

    #[test]
    fn a_pooled_quantile_is_that_of_all_samples_of_all_pods(
        samples in samples(),
        quantile in 0.0..=1.0f64,
    ) {
        let span = mk_span(168, 0, end_of(&samples));
        let amounts = amounts_of(&samples, &span);
        let rank = (quantile * amounts.len() as f64).ceil().max(1.0);
        let exact = (1..).zip(&amounts).find(|(place, _)| f64::from(*place) >= rank);
        let exact = exact.map_or(0.0, |(_, amount)| amount.value());
        let window = mk_history(&samples).window(Resource::Cpu, &span);
        let answer = window.pooled_quantile(mk_quantile(quantile), 1).map_or(f64::NAN, Amount::value);
        prop_assert!((answer - exact).abs() <= 0.025 * exact, "{} for {}", answer, exact);
    }

    #[test]
    fn a_greater_quantile_is_no_smaller(samples in samples(), a in 0.0..=1.0f64, b in 0.0..=1.0f64) {
        let window = mk_history(&samples).window(Resource::Cpu, &mk_span(168, 0, end_of(&samples)));
        let low = window.mean_quantile(mk_quantile(a.min(b)), 1);
        let high = window.mean_quantile(mk_quantile(a.max(b)), 1);
        prop_assert!(low <= high);
        prop_assert!(high <= window.max(1));
    }

    #[test]
    fn pods_may_end_in_any_order(
        samples in samples(),
        order in Just(PODS).prop_shuffle(),
    ) {
        let mut sorted = mk_history(&samples);
        let mut shuffled = sorted.clone();
        for (in_order, in_any_order) in PODS.into_iter().zip(order) {
            sorted.end_pod(in_order);
            shuffled.end_pod(in_any_order);
        }
        prop_assert_eq!(sorted, shuffled);
    }

    /// The past and the present, in whatever order and however they were split, are one history:
    /// counts and extremes of each pod, and with them every answer, are exactly those of a history
    /// that saw all of it.
    #[test]
    fn what_is_merged_is_exactly_what_would_have_been_seen(
        samples in samples(),
        seen_from in 0..150usize,
        ends in prop::collection::vec(any::<bool>(), 4),
        shuffled in any::<u64>(),
    ) {
        let (past, live) = samples.split_at(seen_from.min(samples.len()));
        let mut merged = mk_history(live);
        merged.absorb(mk_past(past, shuffled));
        let mut whole = mk_history(&samples);
        for (pod, ends) in PODS.into_iter().zip(ends) {
            if ends {
                merged.end_pod(pod);
                whole.end_pod(pod);
            }
        }
        for (look_back, resource) in [(24, Resource::Cpu), (168, Resource::Memory)] {
            let span = mk_span(look_back, 120, end_of(&samples) + 60);
            let (merged, whole) = (merged.window(resource, &span), whole.window(resource, &span));
            prop_assert_eq!(merged.samples(), whole.samples());
            prop_assert_eq!(merged.max(1), whole.max(1));
            prop_assert_eq!(merged.pods(1), whole.pods(1));
            for quantile in [0.0, 0.5, 0.9, 1.0] {
                let quantile = mk_quantile(quantile);
                prop_assert_eq!(merged.quantiles(quantile, 1), whole.quantiles(quantile, 1));
            }
        }
    }

    #[test]
    fn usage_shifted_by_whole_days_gives_the_same_answers(samples in samples(), days in 1..400i64) {
        let shifted: Vec<Sample> = samples
            .iter()
            .map(|sample| Sample {
                at: plimsoll_domain::Timestamp::from_seconds(sample.at.seconds() + days * DAY),
                ..sample.clone()
            })
            .collect();
        let (here, there) = (mk_history(&samples), mk_history(&shifted));
        for look_back in [24, 168] {
            let here_span = mk_span(look_back, 120, end_of(&samples));
            let there_span = mk_span(look_back, 120, end_of(&samples) + days * DAY);
            for resource in Resource::ALL {
                prop_assert_eq!(
                    here.window(resource, &here_span),
                    there.window(resource, &there_span)
                );
            }
            prop_assert_eq!(
                here.coverage(here_span.look_back, here_span.now),
                there.coverage(there_span.look_back, there_span.now)
            );
        }
    }
}
