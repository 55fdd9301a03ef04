//! Usage of the past: what is recalled and taken in is what would have been seen live.

use plimsoll_domain::Resource;
use plimsoll_history::{ContainerHistory, PastUsage};

use crate::mk::{mk_sample, mk_time};

const DAY: i64 = 86_400;

/// The usage of a pod (`live`, or one that is gone) at a second.
fn usage(pod: &str, second: i64) -> (f64, f64) {
    let wave = (second / 300 % 17) as f64;
    let factor = if pod == "live" { 1.0 } else { 3.0 };
    (0.1 * factor + wave / 100.0, 1e8 * factor + wave * 1e6)
}

fn age(second: i64) -> u64 {
    second.cast_unsigned()
}

fn watch(history: &mut ContainerHistory, pod: &str, seconds: impl Iterator<Item = i64>) {
    for second in seconds {
        let (cpu, memory) = usage(pod, second);
        history.observe(&mk_sample(pod, second, age(second), cpu, memory));
    }
}

fn recall(history: &mut ContainerHistory, pod: &str, seconds: impl Iterator<Item = i64>) {
    for second in seconds {
        let (cpu, memory) = usage(pod, second);
        for (resource, value) in [(Resource::Memory, memory), (Resource::Cpu, cpu)] {
            history.recall(&PastUsage {
                pod: (pod == "live").then_some(pod),
                at: mk_time(second),
                age: std::time::Duration::from_secs(age(second)),
                resource,
                amount: plimsoll_domain::Amount::new(value).unwrap(),
                times: 1,
            });
        }
    }
}

/// Two pods, one of which ends after a day; three days of which the last `watched` seconds are seen
/// live and the rest is recalled, newest first. Expects the same bytes as when all was seen.
fn check(watched: i64) {
    let end = 3 * DAY;
    let seconds = |from: i64, to: i64| (from / 300..to / 300).map(|cell| cell * 300);
    let mut all = ContainerHistory::new();
    watch(&mut all, "gone", seconds(0, DAY));
    all.end_pod("gone");
    watch(&mut all, "live", seconds(0, end));
    let mut past = ContainerHistory::new();
    recall(&mut past, "live", seconds(0, end - watched).rev());
    recall(&mut past, "gone", seconds(0, DAY).rev());
    past.recall_end(mk_time(DAY - 300));
    let mut history = ContainerHistory::new();
    watch(&mut history, "live", seconds(end - watched, end));
    history.absorb(past);
    for history in [&mut all, &mut history] {
        history.forget(mk_time(end));
    }
    assert_eq!(history.snapshot(), all.snapshot());
    assert_eq!(ContainerHistory::restore(&history.snapshot()), Ok(all));
}

#[test]
fn the_past_recalled_is_the_past_watched() {
    check(DAY);
    check(3600);
    check(600);
    check(2 * DAY);
}

#[test]
fn one_sample_may_stand_for_several() {
    let mut past = ContainerHistory::new();
    let usage = PastUsage {
        pod: None,
        at: mk_time(0),
        age: std::time::Duration::from_hours(1),
        resource: Resource::Cpu,
        amount: plimsoll_domain::Amount::from_millicores(100),
        times: 10,
    };
    past.recall(&usage);
    past.recall(&PastUsage { times: 0, ..usage });
    let window = past.window(Resource::Cpu, &crate::mk::mk_span(1, 0, 60));
    assert_eq!(window.samples(), 10);
}

#[test]
fn what_was_seen_is_known_by_five_minutes() {
    let mut history = ContainerHistory::new();
    watch(&mut history, "live", [0, 900].into_iter());
    let seen = history.seen();
    let found: Vec<bool> =
        [-1, 0, 299, 300, 899, 900, 1199, 1200].map(|second| seen.at(mk_time(second))).into();
    assert_eq!(found, [false, true, true, false, false, true, true, false]);
    assert!(!ContainerHistory::new().seen().at(mk_time(0)));
    let share = seen.share(std::time::Duration::from_hours(1), mk_time(900));
    assert!((share.percent() - 100.0 * 2.0 / 12.0).abs() < 1e-9);
}
