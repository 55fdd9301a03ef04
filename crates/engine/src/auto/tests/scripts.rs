//! Usage as text (`288*1` is a day of 1, `x` a gap, `!` a kill at the limit in force) and the moves
//! that follow, as `tick:verdict:request`.

use super::super::{
    BurstableAuto, BurstableConstants, BurstableDecision, CpuAuto, CpuConstants, MemoryAuto,
    MemoryConstants, MemoryTick, Verdict,
};
use super::{TICK, amount, start};

/// `3*0.5` is three times 0.5.
fn words(script: &str) -> Vec<&str> {
    let repeat = |word: &'static str| -> Vec<&'static str> {
        match word.split_once('*') {
            Some((times, word)) => vec![word; times.parse().unwrap()],
            None => vec![word],
        }
    };
    let script: &'static str = script.to_owned().leak();
    script.split_whitespace().flat_map(repeat).collect()
}

/// First moves only: what matters is when and why, and the request to two digits.
fn cpu(constants: &CpuConstants, script: &str) -> Vec<String> {
    let mut auto = CpuAuto::new(constants.clone(), TICK);
    let mut moves = Vec::new();
    for (n, word) in words(script).into_iter().enumerate() {
        auto.tick(word.parse().ok().map(amount));
        let decision = auto.decide(start(n + 1)).filter(|decision| decision.verdict.moves());
        if let Some(decision) = decision.filter(|_| n + 1 >= 12) {
            auto.applied(decision.request);
            moves.push(format!("{n}:{:?}:{:.2}", decision.verdict, decision.request.value()));
        }
    }
    moves
}

fn check_cpu(script: &str, expect: &[&str]) {
    assert_eq!(cpu(&CpuConstants::in_place(), script), expect, "{script}");
}

fn tick(word: &str, limit: Option<f64>) -> MemoryTick {
    match (word, limit) {
        ("!", Some(limit)) => MemoryTick::killed(amount(limit)),
        ("x" | "!", _) => MemoryTick::Gap,
        (usage, _) => MemoryTick::Usage(amount(usage.parse().unwrap())),
    }
}

fn check_memory(script: &str, expect: &[&str]) {
    check_memory_given(None, script, expect);
}

/// With a template that gives it so much.
fn check_memory_given(given: Option<f64>, script: &str, expect: &[&str]) {
    let mut auto = MemoryAuto::new(MemoryConstants::guaranteed().scale_free(), TICK);
    auto.set_given(given.map(amount));
    let mut limit = None;
    let mut moves = Vec::new();
    for (n, word) in words(script).into_iter().enumerate() {
        auto.tick(start(n), tick(word, limit));
        let decision = auto.decide(start(n + 1)).filter(|decision| decision.verdict.moves());
        if let Some(decision) = decision.filter(|_| n + 1 >= 288) {
            auto.applied(decision.level);
            limit = Some(decision.level.value());
            moves.push(format!("{n}:{:?}:{:.2}", decision.verdict, decision.level.value()));
        }
    }
    assert_eq!(moves, expect, "{script}");
}

fn check_burstable(script: &str, expect: &[&str]) {
    let mut auto = BurstableAuto::new(BurstableConstants::standard().scale_free(), TICK);
    let mut limit = None;
    let mut moves = Vec::new();
    for (n, word) in words(script).into_iter().enumerate() {
        auto.tick(start(n), tick(word, limit));
        let decision = auto.decide(start(n + 1)).filter(BurstableDecision::moves);
        if let Some(decision) = decision.filter(|_| n + 1 >= 288) {
            auto.applied(decision.request, decision.limit);
            limit = Some(decision.limit.value());
            let (request, limit) = (decision.request.value(), decision.limit.value());
            moves.push(format!("{n}:{:?}:{request:.2}/{limit:.2}", decision.verdict));
        }
    }
    assert_eq!(moves, expect, "{script}");
}

#[test]
fn steady_cpu_is_asked_for_once_at_the_edge_above_it() {
    check_cpu("600*1", &["11:First:1.00"]);
    check_cpu("600*0.5", &["11:First:0.51"]);
    check_cpu("600*0", &["11:First:0.00"]);
    check_cpu("600*x", &[]);
}

#[test]
fn three_ticks_above_the_request_raise_it_at_once_and_a_gap_between_them_changes_nothing() {
    check_cpu("294*1 2", &["11:First:1.00"]);
    check_cpu("294*1 3*2", &["11:First:1.00", "296:RaisedAtOnce:2.00"]);
    check_cpu("294*1 2 x 2 x 2", &["11:First:1.00", "298:RaisedAtOnce:2.00"]);
}

#[test]
fn a_container_that_falls_silent_is_asked_for_less_within_hours() {
    let moves = cpu(&CpuConstants::in_place(), "288*1 288*0.1");
    assert!(moves.last().is_some_and(|last| last.contains("Lowered")), "{moves:?}");
}

#[test]
fn where_moves_restart_pods_they_are_rarer() {
    let script = "288*1 144*3 144*1 144*3 144*1 144*3 144*1 144*3 288*1";
    let in_place = cpu(&CpuConstants::in_place(), script).len();
    let restart = cpu(&CpuConstants::restart(), script).len();
    assert!(restart < in_place, "{restart} moves, {in_place} in place");
}

#[test]
fn memory_is_the_peak_and_a_margin_that_shrinks_with_every_quiet_day() {
    check_memory("288*100", &["287:First:121.47"]);
    check_memory("4032*100", &["287:First:121.47", "2231:Lowered:110.30"]);
}

#[test]
fn a_higher_peak_raises_memory_before_it_is_reached() {
    check_memory("288*100 119", &["287:First:121.47", "288:RaisedForPeak:178.33"]);
}

#[test]
fn a_kill_is_answered_at_once_and_held_for_a_day() {
    check_memory("288*100 ! 287*125", &["287:First:121.47", "288:RaisedAfterKill:194.35"]);
}

/// Killed every hour, whatever it is given: at ten times the limit it was first killed at it is left.
#[test]
fn a_container_that_fills_all_it_is_given_is_not_fed_without_bound() {
    let killed = "! 11*100 ! 11*100 ! 11*100 ! 11*100 ! 11*100 ! 11*100 ! 11*100 ! 11*100";
    check_memory_given(
        Some(100.0),
        &format!("288*100 {killed}"),
        &[
            "287:First:121.47",
            "288:RaisedAfterKill:194.35",
            "300:RaisedAfterKill:331.01",
            "312:RaisedAfterKill:622.39",
            "324:RaisedAfterKill:1214.68",
        ],
    );
}

/// A third more every day: followed up to ten times what it was, and on from there eight days after the
/// last day that was higher than the one before.
#[test]
fn memory_that_rises_day_after_day_is_bounded_until_it_stops() {
    let days = |days: i32| -> String {
        let peaks = (0..days).map(|day| format!("288*{:.0} ", 100.0 * 1.35_f64.powi(day)));
        peaks.collect()
    };
    let last = |script: &str| {
        let (mut auto, mut level) =
            (MemoryAuto::new(MemoryConstants::guaranteed().scale_free(), TICK), 0.0);
        auto.set_given(Some(amount(100.0)));
        let mut verdicts = Vec::new();
        for (n, word) in words(script).into_iter().enumerate() {
            auto.tick(start(n), tick(word, None));
            if let Some(decision) = auto.decide(start(n + 1)) {
                auto.applied(decision.level);
                level = decision.level.value();
                verdicts.push(decision.verdict);
            }
        }
        (level, verdicts.last().copied())
    };
    let (level, verdict) = last(&days(10));
    assert!(level <= 1000.0 && verdict == Some(Verdict::HeldAsLeak), "{level} {verdict:?}");
    let peak = 100.0 * 1.35_f64.powi(9);
    let (level, _) = last(&format!("{}{}", days(10), format!("288*{peak:.0} ").repeat(10)));
    assert!(level > peak, "{level} {peak}");
    let (level, _) = last(&days(5));
    assert!(level > 100.0 * 1.35_f64.powi(4), "not growth yet: {level}");
}

/// What was idle and wakes is found within the hour, however much it needs.
#[test]
fn without_a_template_kills_are_followed_as_far_as_it_takes() {
    let moves = "24*!";
    let mut auto = MemoryAuto::new(MemoryConstants::guaranteed().scale_free(), TICK);
    let mut level = amount(1.0);
    for (n, word) in words(&format!("288*1 {moves}")).into_iter().enumerate() {
        auto.tick(start(n), tick(word, Some(level.value())));
        if let Some(decision) = auto.decide(start(n + 1)) {
            auto.applied(decision.level);
            level = decision.level;
        }
    }
    assert!(level > amount(1000.0), "{level:?}");
}

#[test]
fn usage_of_nothing_gets_no_limit_of_nothing() {
    check_memory("288*0 5*0 10", &["293:First:14.96"]);
}

#[test]
fn a_burstable_request_follows_the_day_below_a_limit_of_twice_the_peak() {
    check_burstable("288*100", &["287:First:105.00/200.00"]);
    check_burstable("288*100 110", &["287:First:105.00/200.00", "288:RaisedForPeak:115.50/200.00"]);
    check_burstable("288*100 120", &["287:First:105.00/200.00", "288:RaisedForPeak:126.00/240.00"]);
}

#[test]
fn nothing_seen_has_no_levels() {
    let histogram = super::super::histogram::Histogram::new();
    assert_eq!(histogram.levels(0.5).count(), 0);
}
