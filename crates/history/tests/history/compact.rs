//! A compact history answers as the whole one does, six hours for an hour, and is taken in only
//! where nothing is known.

use plimsoll_domain::{OomKill, Resource};
use plimsoll_history::ContainerHistory;

use crate::mk::{Noise, mk_noisy_week, mk_quantile, mk_sample, mk_span, mk_time};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What it says of a resource: samples, greatest, and the quantiles of all pods together.
fn said(history: &ContainerHistory, resource: Resource, hours: u64, now: i64) -> String {
    let window = history.window(resource, &mk_span(hours, 120, now));
    let quantiles = [0.0, 0.5, 0.9, 1.0].map(|q| window.pooled_quantile(mk_quantile(q), 1));
    format!("{} samples, {:?}, {quantiles:?}", window.samples(), window.max(1))
}

/// Three pods, one of which ended, seen from the first hour to the last; the usage tells hours apart.
fn mk_pods(from: i64, until: i64) -> ContainerHistory {
    let mut history = ContainerHistory::new();
    let mut noise = Noise(3);
    for hour in from..until {
        for (pod, age) in [("a", 30), ("b", 400), ("c", 90_000)] {
            let cpu = hour as f64 + noise.uniform();
            history.observe(&mk_sample(pod, hour * HOUR + 60, age, cpu, 1e9 + cpu));
        }
    }
    history.end_pod("a");
    history
}

#[test]
fn look_backs_beyond_a_day_are_answered_the_same() {
    let history = mk_noisy_week("a");
    let compact = history.compact();
    assert_eq!(compact.live_pods().count(), 0);
    for hours in [25, 100, 168, 192] {
        for resource in Resource::ALL {
            let expect = said(&history, resource, hours, 7 * DAY - 1);
            assert_eq!(said(&compact, resource, hours, 7 * DAY - 1), expect, "{hours} h");
        }
    }
    // Shorter ones count all six hours that they touch.
    let window = compact.window(Resource::Cpu, &mk_span(6, 0, 7 * DAY - 1));
    assert_eq!(window.samples(), 12 * 120);
    let coverage =
        |it: &ContainerHistory| it.coverage(mk_span(168, 0, 0).look_back, mk_time(7 * DAY));
    assert_eq!(coverage(&compact), coverage(&history));
    assert_eq!(compact.last_seen(), history.last_seen());
}

#[test]
fn all_pods_are_one_and_only_those_that_ended_are_runs() {
    let compact = mk_pods(0, 30).compact();
    let window = compact.window(Resource::Cpu, &mk_span(192, 0, 30 * HOUR));
    assert_eq!((window.samples(), window.pods(1)), (90, 1));
    assert_eq!(compact.runs(mk_span(192, 0, 0).look_back, mk_time(30 * HOUR)), 1);
    // Age classes stay: the pod of 30 s does not count after a startup of 2 minutes.
    let window = compact.window(Resource::Cpu, &mk_span(192, 120, 30 * HOUR));
    assert_eq!(window.samples(), 60);
}

#[test]
fn it_survives_its_bytes_and_goes_on() {
    let compact = mk_pods(0, 30).compact();
    let mut restored = ContainerHistory::restore(&compact.snapshot()).unwrap();
    assert_eq!(restored, compact);
    // The pods are seen again, and their hours join the six they belong to.
    for hour in 30..80 {
        restored.observe(&mk_sample("b", hour * HOUR, 500_000, 1.0, 1e9));
    }
    restored.end_pod("b");
    let window = restored.window(Resource::Cpu, &mk_span(192, 0, 80 * HOUR));
    assert_eq!(window.samples(), 90 + 50);
}

#[test]
fn what_is_known_is_never_counted_twice_nor_replaced() {
    let whole = mk_pods(0, 30);
    let mut filled = whole.clone();
    filled.fill_in(&whole.compact());
    assert_eq!(filled, whole);
    // One that knows nothing takes all, at any number of times.
    let mut empty = ContainerHistory::new();
    empty.fill_in(&whole);
    assert_eq!(empty, whole.compact());
    empty.fill_in(&whole);
    assert_eq!(empty, whole.compact());
}

#[test]
fn of_two_that_overlap_each_hour_counts_once() {
    // Hours 24 to 29 are known to both, more of them here.
    let mut own = mk_pods(24, 60);
    own.fill_in(&mk_pods(0, 30));
    let window = own.window(Resource::Cpu, &mk_span(192, 0, 60 * HOUR));
    assert_eq!(window.samples(), 60 * 3);
    assert_eq!(
        window.max(1),
        mk_pods(24, 60).window(Resource::Cpu, &mk_span(24, 0, 60 * HOUR)).max(1)
    );
    // Covered are the five minutes of each hour, once.
    let share = own.coverage(mk_span(60, 0, 0).look_back, mk_time(60 * HOUR));
    assert!((share.percent() - 100.0 / 12.0).abs() < 1e-9, "{share:?}");
    // The other way round the newer hours are what is missing.
    let mut old = mk_pods(0, 30);
    old.fill_in(&mk_pods(24, 60));
    let window = old.window(Resource::Cpu, &mk_span(192, 0, 60 * HOUR));
    assert_eq!(window.samples(), 60 * 3);
    assert_eq!(old.last_seen(), own.last_seen());
}

#[test]
fn kills_are_taken_in_once() {
    let kill = OomKill { at: mk_time(5), limit: None };
    let mut told = ContainerHistory::new();
    assert!(told.oom_kill("a", &kill));
    let mut own = ContainerHistory::new();
    own.fill_in(&told);
    own.fill_in(&told);
    assert_eq!(own.oom_kills().len(), 1);
    assert!(!own.oom_kill("a", &kill), "a pod's status goes on telling of it");
}

#[test]
fn the_newest_moment_it_tells_of_is_known_whatever_tells_it() {
    assert_eq!(
        ContainerHistory::new().newest_told(),
        Some(plimsoll_domain::Timestamp::from_seconds(0))
    );
    let history = mk_pods(0, 30);
    let last = mk_time(29 * HOUR + 60);
    assert_eq!(history.newest_told(), Some(last));
    assert_eq!(history.compact().newest_told(), Some(last));
    let mut killed = history.compact();
    killed.oom_kill("a", &OomKill { at: mk_time(90 * HOUR), limit: None });
    assert_eq!(killed.newest_told(), Some(mk_time(90 * HOUR)));
}
