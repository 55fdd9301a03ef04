//! Answers to small usage, computed by hand.

use plimsoll_domain::{Amount, OomKill, Resource};
use plimsoll_history::ContainerHistory;

use crate::mk::{mk_quantile, mk_sample, mk_span, mk_time};

/// Samples a pod must have to count in these tests.
const MIN_SAMPLES: u64 = 10;

/// CPU of one pod, a sample a minute, in millicores.
struct Run {
    pod: &'static str,
    from_minute: i64,
    age_minutes: u64,
    millicores: &'static [(u32, usize)],
}

fn run(pod: &'static str, from_minute: i64, millicores: &'static [(u32, usize)]) -> Run {
    Run { pod, from_minute, age_minutes: 60, millicores }
}

fn observe(history: &mut ContainerHistory, run: &Run) {
    let values = run.millicores.iter();
    let values = values.flat_map(|(value, times)| std::iter::repeat_n(*value, *times));
    for (minute, millicores) in (0..).zip(values) {
        let cores = f64::from(millicores) / 1000.0;
        let age = (run.age_minutes + u64::try_from(minute).unwrap()) * 60;
        history.observe(&mk_sample(
            run.pod,
            (run.from_minute + minute) * 60,
            age,
            cores,
            cores * 1e9,
        ));
    }
}

fn mk_history(runs: &[Run]) -> ContainerHistory {
    let mut history = ContainerHistory::new();
    for run in runs {
        observe(&mut history, run);
    }
    history
}

/// Expects samples, counting pods, p80 and maximum in millicores (the p80 within 2.5 %).
fn check(
    history: &ContainerHistory,
    (look_back_hours, startup_s, now_minute): (u64, u64, i64),
    expect: (u64, u32, Option<(u32, u32)>),
) {
    let span = mk_span(look_back_hours, startup_s, now_minute * 60);
    let window = history.window(Resource::Cpu, &span);
    assert_eq!((window.samples(), window.pods(MIN_SAMPLES)), (expect.0, expect.1));
    let p80 = window.mean_quantile(mk_quantile(0.8), MIN_SAMPLES);
    let max = window.max(MIN_SAMPLES);
    assert_eq!(p80.is_some(), expect.2.is_some());
    assert_eq!(max, expect.2.map(|(_, max)| Amount::from_millicores(max)));
    if let (Some(p80), Some((expect, _))) = (p80, expect.2) {
        let excess = p80.value() / f64::from(expect) * 1000.0 - 1.0;
        assert!(excess.abs() <= 0.025, "p80 {p80:?}, expected {expect}m");
    }
}

#[test]
fn a_quantile_is_the_mean_over_pods_and_the_maximum_that_of_all_pods() {
    let history = mk_history(&[
        run("a", 0, &[(180, 20), (900, 5)]),
        run("b", 0, &[(220, 20), (100, 5)]),
        run("c", 0, &[(200, 25)]),
    ]);
    check(&history, (24, 0, 30), (75, 3, Some((200, 900))));
}

#[test]
fn constant_usage_answers_exactly() {
    let pods = ["a", "b", "c"].map(|pod| run(pod, 0, &[(200, 20)]));
    let window = mk_history(&pods).window(Resource::Cpu, &mk_span(24, 0, 1800));
    assert_eq!(
        window.mean_quantile(mk_quantile(0.8), MIN_SAMPLES),
        Some(Amount::from_millicores(200))
    );
}

#[test]
fn nothing_seen_has_no_answer() {
    check(&ContainerHistory::new(), (24, 0, 0), (0, 0, None));
}

#[test]
fn idle_containers_used_zero_which_is_not_nothing() {
    let history = mk_history(&[run("a", 0, &[(0, 10)])]);
    let window = history.window(Resource::Cpu, &mk_span(24, 0, 600));
    let p80 = window.mean_quantile(mk_quantile(0.8), MIN_SAMPLES);
    assert_eq!(p80, Some(Amount::ZERO));
}

#[test]
fn a_pod_with_too_few_samples_does_not_count() {
    let history = mk_history(&[run("a", 0, &[(200, 10)]), run("b", 0, &[(900, 9)])]);
    check(&history, (24, 0, 30), (19, 1, Some((200, 200))));
}

#[test]
fn all_pods_gone_count_as_one() {
    let mut history = mk_history(&[
        run("a", 0, &[(100, 10)]),
        run("b", 0, &[(400, 5)]),
        run("c", 0, &[(400, 5)]),
    ]);
    history.end_pod("b");
    history.end_pod("c");
    history.end_pod("never seen");
    check(&history, (24, 0, 30), (20, 2, Some((250, 400))));
    assert_eq!(history.live_pods().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn startup_is_left_out_by_age_class() {
    let young = Run { age_minutes: 0, ..run("a", 0, &[(900, 2), (500, 3), (200, 20)]) };
    let history = mk_history(&[young]);
    check(&history, (24, 0, 30), (25, 1, Some((200, 900))));
    check(&history, (24, 120, 30), (23, 1, Some((200, 500))));
    check(&history, (24, 180, 30), (20, 1, Some((200, 200))));
}

#[test]
fn a_look_back_of_a_day_ends_at_the_hour_it_touches() {
    let history = mk_history(&[run("a", 59, &[(900, 1)]), run("a", 60, &[(200, 20)])]);
    check(&history, (24, 0, 24 * 60 + 59), (21, 1, Some((200, 900))));
    check(&history, (24, 0, 25 * 60), (20, 1, Some((200, 200))));
    check(&history, (24, 0, 26 * 60), (0, 0, None));
}

#[test]
fn a_longer_look_back_ends_at_the_six_hours_it_touches() {
    let history = mk_history(&[run("a", 359, &[(900, 1)]), run("a", 360, &[(200, 20)])]);
    check(&history, (48, 0, 53 * 60), (21, 1, Some((200, 900))));
    check(&history, (48, 0, 54 * 60), (20, 1, Some((200, 200))));
}

#[test]
fn usage_after_the_end_of_the_span_does_not_count() {
    let history = mk_history(&[run("a", 0, &[(200, 60), (900, 60)])]);
    check(&history, (24, 0, 59), (60, 1, Some((200, 200))));
}

#[test]
fn a_sample_not_newer_than_the_pods_last_is_ignored() {
    let mut history = mk_history(&[run("a", 0, &[(200, 10)])]);
    let before = history.clone();
    assert!(!history.observe(&mk_sample("a", 540, 60, 9.0, 9.0)));
    assert!(!history.observe(&mk_sample("a", 300, 60, 9.0, 9.0)));
    assert_eq!(history, before);
    assert!(history.observe(&mk_sample("b", 300, 60, 9.0, 9.0)));
}

#[test]
fn a_sample_without_amounts_is_ignored() {
    let mut history = ContainerHistory::new();
    assert!(!history.observe(&mk_sample("a", 0, 60, f64::NAN, -1.0)));
    assert_eq!(history.last_seen(), None);
}

#[test]
fn a_sample_of_one_resource_says_nothing_of_the_other() {
    let mut history = ContainerHistory::new();
    assert!(history.observe(&mk_sample("a", 0, 60, f64::NAN, 5.0)));
    let span = mk_span(3, 0, 60);
    assert_eq!(history.window(Resource::Cpu, &span).samples(), 0);
    assert_eq!(history.window(Resource::Memory, &span).samples(), 1);
}

#[test]
fn after_nine_days_nothing_is_left() {
    let mut history = mk_history(&[run("a", 0, &[(200, 20)]), run("b", 0, &[(200, 20)])]);
    let kill = OomKill { at: mk_time(60), limit: None };
    assert!(history.oom_kill("a", &kill));
    history.end_pod("b");
    history.forget(mk_time(9 * 86_400));
    check(&history, (24 * 8, 0, 20), (0, 0, None));
    assert_eq!(history.live_pods().count(), 0);
    assert_eq!(history.oom_kills(), []);
    let too_old = mk_sample("a", 86_400, 60, 1.0, 1.0);
    assert!(!history.observe(&too_old));
    assert!(!history.oom_kill("a", &kill));
}

#[test]
fn a_kill_knows_the_last_working_set_before_it() {
    let mut history = ContainerHistory::new();
    for (second, memory) in [(0, 100.0), (30, 200.0), (60, 50.0)] {
        history.observe(&mk_sample("a", second, 600, 0.1, memory));
    }
    let kill = OomKill { at: mk_time(45), limit: Amount::new(210.0) };
    assert!(history.oom_kill("a", &kill));
    assert!(!history.oom_kill("a", &kill));
    assert!(history.oom_kill("unseen", &kill));
    let working_sets = history.oom_kills().iter().map(|record| record.working_set);
    assert_eq!(working_sets.collect::<Vec<_>>(), [Amount::new(200.0), None]);
}

/// Pods that were seen at these minutes, those named first being gone; expects the runs in a
/// look-back of so many hours before minute 3000, and the minute usage reaches back to.
fn check_runs(
    (gone, live): (&[i64], &[i64]),
    look_back_hours: u64,
    (runs, oldest): (usize, Option<i64>),
) {
    let mut history = ContainerHistory::new();
    let minutes = gone.iter().chain(live);
    for (pod, minute) in minutes.enumerate() {
        history.observe(&mk_sample(&format!("pod-{pod}"), minute * 60, 60, 0.2, 4e8));
    }
    for pod in 0..gone.len() {
        history.end_pod(&format!("pod-{pod}"));
    }
    let restored = ContainerHistory::restore(&history.snapshot()).unwrap();
    let span = mk_span(look_back_hours, 0, 3000 * 60);
    for history in [history, restored] {
        assert_eq!(history.runs(span.look_back, span.now), runs);
        assert_eq!(history.oldest_seen(), oldest.map(|minute| mk_time(minute * 60)));
    }
}

#[test]
fn each_pod_seen_in_the_look_back_is_a_run_up_to_three() {
    check_runs((&[], &[]), 24, (0, None));
    check_runs((&[2980], &[2990]), 24, (2, Some(2980)));
    check_runs((&[60, 1500, 2940], &[]), 24, (1, Some(60)));
    check_runs((&[60, 1500, 2940], &[]), 48, (2, Some(60)));
    check_runs((&[60, 1500, 2940], &[]), 168, (3, Some(60)));
    check_runs((&[60, 1500, 2940], &[2950, 2960]), 168, (3, Some(60)));
}
