//! What must hold for any usage.

use std::time::Duration;

use plimsoll_domain::{Amount, Timestamp};
use proptest::prelude::*;

use super::super::histogram::Histogram;
use super::super::price::Terms;
use super::super::{
    BurstableAuto, BurstableConstants, CpuAuto, CpuConstants, MemoryAuto, MemoryConstants,
    MemoryTick, Verdict,
};
use super::{TICK, amount, start};

/// Usage over seven orders of magnitude, with gaps and zeros.
fn usage() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(0.0)),
        8 => (-3.0..4.0_f64).prop_map(|power| Some(10_f64.powf(power))),
    ]
}

/// Anything at all that is an amount.
fn anything() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        2 => usage(),
        1 => any::<f64>().prop_map(|value| Some(value.abs()).filter(|value| value.is_finite())),
        1 => Just(Some(f64::MAX)),
        1 => Just(Some(f64::MIN_POSITIVE)),
    ]
}

/// Runs of one value: what real usage looks like more than noise does.
fn runs() -> impl Strategy<Value = Vec<Option<f64>>> {
    prop::collection::vec((usage(), 1..30_usize), 1..20).prop_map(|runs| {
        runs.into_iter().flat_map(|(value, times)| std::iter::repeat_n(value, times)).collect()
    })
}

/// From a bit to an exbibyte; by powers of two nothing is rounded.
fn select_scale() -> impl Strategy<Value = f64> {
    (-30..60_i32).prop_map(|power| f64::from(power).exp2())
}

fn constants() -> impl Strategy<Value = CpuConstants> {
    prop_oneof![Just(CpuConstants::in_place()), Just(CpuConstants::restart())]
}

/// Every request, tick by tick, with the moves applied as they come.
fn requests(constants: &CpuConstants, usages: &[Option<f64>], scale: f64) -> Vec<f64> {
    let mut auto = CpuAuto::new(constants.clone(), TICK);
    let mut request = None;
    let mut all = Vec::new();
    for (n, usage) in usages.iter().enumerate() {
        auto.tick(usage.map(|usage| amount(usage * scale)));
        if let Some(decision) = auto.decide(start(n + 1)).filter(|d| d.verdict.moves()) {
            auto.applied(decision.request);
            request = Some(decision.request.value());
        }
        all.extend(request);
    }
    all
}

/// Every level of memory, guaranteed and burstable, tick by tick; a kill is one at the level in force.
fn levels(ticks: &[(Option<f64>, bool)], scale: f64) -> Vec<f64> {
    let mut auto = MemoryAuto::new(MemoryConstants::guaranteed().scale_free(), TICK);
    let mut burstable = BurstableAuto::new(BurstableConstants::standard().scale_free(), TICK);
    let (mut level, mut levels) = (None, None);
    let mut all = Vec::new();
    for (n, (usage, kill)) in ticks.iter().enumerate() {
        let usage = usage.map(|usage| usage * scale);
        auto.tick(start(n), seen(usage, *kill, level));
        burstable.tick(start(n), seen(usage, *kill, levels.map(|(_, limit)| limit)));
        if let Some(decision) = auto.decide(start(n + 1)) {
            auto.applied(decision.level);
            level = Some(decision.level);
        }
        if let Some(decision) = burstable.decide(start(n + 1)) {
            burstable.applied(decision.request, decision.limit);
            levels = Some((decision.request, decision.limit));
        }
        let values = [level, levels.map(|levels| levels.0), levels.map(|levels| levels.1)];
        all.extend(values.map(|value| value.map_or(0.0, Amount::value)));
    }
    all
}

fn seen(usage: Option<f64>, kill: bool, limit: Option<Amount>) -> MemoryTick {
    match (usage, limit) {
        (_, Some(limit)) if kill => MemoryTick::killed(limit),
        (Some(usage), _) => MemoryTick::Usage(amount(usage)),
        (None, _) => MemoryTick::Gap,
    }
}

fn is_amount(amount: Amount) -> bool {
    amount.value().is_finite() && amount.value() >= 0.0
}

proptest! {
    #[test]
    fn cpu_scales_with_its_samples(
        constants in constants(),
        usages in runs(),
        power in -60..60_i32,
    ) {
        let scale = 1.05_f64.powi(power);
        let plain = requests(&constants, &usages, 1.0);
        let scaled = requests(&constants, &usages, scale);
        prop_assert_eq!(plain.len(), scaled.len());
        for (plain, scaled) in plain.iter().zip(scaled) {
            prop_assert!((plain * scale - scaled).abs() <= 1e-9 * scaled, "{plain} {scaled}");
        }
    }

    /// Between two powers of 1.05 the grid lies differently: another level may be chosen where two
    /// cost nearly the same, but none that costs more than one bucket.
    #[test]
    fn at_any_scale_the_cheapest_level_costs_the_same_within_a_bucket(
        usages in prop::collection::vec(usage(), 2..100),
        scale in 0.01..100.0_f64,
    ) {
        let terms = Terms { price: 15.0, share_max: 0.25, fast_weight: 0.5 };
        let cost = |scale: f64| {
            let mut histogram = Histogram::new();
            for usage in usages.iter().flatten() {
                histogram.age(1.01, 1.001);
                histogram.add(usage * scale, 1.0);
            }
            // Below the lowest bucket the levels end, at another place at another scale.
            terms.cheapest(&histogram).filter(|(level, _)| level.share_above < 0.2).map(|c| c.1)
        };
        if let (Some(plain), Some(scaled)) = (cost(1.0), cost(scale)) {
            prop_assert!((plain + scale.ln() - scaled).abs() <= 1.05_f64.ln() + 1e-6);
        }
    }

    #[test]
    fn steady_cpu_is_asked_for_within_a_bucket_at_any_scale(
        usage in 0.001..1000.0_f64,
        scale in 0.001..1000.0_f64,
        constants in constants(),
    ) {
        let last = |scale| requests(&constants, &[Some(usage); 300], scale).last().copied();
        let (plain, scaled) = (last(1.0).unwrap_or_default(), last(scale).unwrap_or_default());
        let ratio = plain * scale / scaled;
        prop_assert!((1.0 / 1.0501..1.0501).contains(&ratio), "{plain} {scaled}");
    }

    /// No grid is in it: only rounding errors could stand between two scales.
    #[test]
    fn memory_scales_with_its_samples(
        ticks in prop::collection::vec((prop::option::of(1..1000_u16), any::<bool>()), 1..300),
        scale in select_scale(),
    ) {
        let ticks: Vec<(Option<f64>, bool)> =
            ticks.into_iter().map(|(usage, kill)| (usage.map(f64::from), kill)).collect();
        let (plain, scaled) = (levels(&ticks, 1.0), levels(&ticks, scale));
        prop_assert_eq!(plain.len(), scaled.len());
        for (plain, scaled) in plain.iter().zip(scaled) {
            prop_assert!((plain * scale - scaled).abs() <= 1e-9 * scaled, "{plain} {scaled}");
        }
    }

    #[test]
    fn cpu_holds_right_after_a_move(constants in constants(), usages in runs()) {
        let mut auto = CpuAuto::new(constants.clone(), TICK);
        for (n, usage) in usages.into_iter().enumerate() {
            auto.tick(usage.map(amount));
            let now = start(n + 1);
            if let Some(decision) = auto.decide(now) {
                auto.applied(decision.request);
                let again = auto.decide(now);
                prop_assert!(again.is_none_or(|again| !again.verdict.moves()), "{again:?}");
            }
        }
    }

    #[test]
    fn memory_holds_right_after_a_move(
        ticks in prop::collection::vec((usage(), any::<bool>()), 1..300),
    ) {
        let mut auto = MemoryAuto::new(MemoryConstants::guaranteed(), TICK);
        let mut burstable = BurstableAuto::new(BurstableConstants::standard(), TICK);
        let mut limits = (None, None);
        for (n, (usage, kill)) in ticks.into_iter().enumerate() {
            let now = start(n + 1);
            auto.tick(start(n), seen(usage, kill, limits.0));
            burstable.tick(start(n), seen(usage, kill, limits.1));
            if let Some(decision) = auto.decide(now) {
                auto.applied(decision.level);
                limits.0 = Some(decision.level);
                prop_assert!(auto.decide(now).is_none_or(|again| !again.verdict.moves()));
            }
            if let Some(decision) = burstable.decide(now) {
                prop_assert!(decision.request <= decision.limit);
                burstable.applied(decision.request, decision.limit);
                limits.1 = Some(decision.limit);
                prop_assert!(burstable.decide(now).is_none_or(|again| !again.moves()));
            }
        }
    }

    #[test]
    fn more_memory_pressure_never_lowers_memory(
        ticks in prop::collection::vec((usage(), any::<bool>()), 1..300),
        more in 1.0..10.0_f64,
    ) {
        let mut auto = MemoryAuto::new(MemoryConstants::guaranteed(), TICK);
        let mut level = None;
        for (n, (usage, kill)) in ticks.into_iter().enumerate() {
            let now = start(n + 1);
            let mut is_leak = false;
            let mut after = |seen| {
                let mut auto = auto.clone();
                auto.tick(start(n), seen);
                let decision = auto.decide(now);
                is_leak |= decision.is_some_and(|one| one.verdict == Verdict::HeldAsLeak);
                decision.map_or(level, |decision| Some(decision.level))
            };
            let calm = after(seen(usage, false, None));
            let pressed = after(seen(usage.map(|usage| usage * more), kill, None));
            prop_assert!(pressed >= calm, "{pressed:?} {calm:?}");
            if let Some(limit) = level {
                let survived = after(MemoryTick::Usage(limit));
                let killed = after(MemoryTick::killed(limit));
                prop_assert!(killed >= survived, "{killed:?} {survived:?}");
                prop_assert!(killed > level || is_leak, "{killed:?}");
            }
            auto.tick(start(n), seen(usage, kill, level));
            if let Some(decision) = auto.decide(now) {
                auto.applied(decision.level);
                level = Some(decision.level);
            }
        }
    }

    #[test]
    fn only_amounts_come_out_whatever_goes_in(
        constants in constants(),
        ticks in prop::collection::vec((anything(), any::<bool>(), any::<i64>()), 1..100),
        tick in prop_oneof![Just(0), Just(1), Just(300), any::<u64>()],
        ordered in any::<bool>(),
    ) {
        let tick = Duration::from_secs(tick);
        let mut cpu = CpuAuto::new(constants, tick);
        let mut memory = MemoryAuto::new(MemoryConstants::guaranteed(), tick);
        let mut burstable = BurstableAuto::new(BurstableConstants::standard(), tick);
        let mut limit = None;
        for (n, (usage, kill, at)) in ticks.into_iter().enumerate() {
            let at = if ordered { start(n) } else { Timestamp::from_seconds(at) };
            cpu.tick(usage.map(amount));
            memory.tick(at, seen(usage, kill, limit));
            burstable.tick(at, seen(usage, kill, limit));
            if let Some(decision) = cpu.decide(at.plus(tick)) {
                let why = decision.why;
                prop_assert!(is_amount(decision.request) && is_amount(why.cheapest));
                prop_assert!(why.price.value() >= 0.0 && why.time_above_cheapest.value() >= 0.0);
                cpu.applied(decision.request);
            }
            if let Some(decision) = memory.decide(at.plus(tick)) {
                prop_assert!(is_amount(decision.level) && decision.why.margin.value() >= 0.0);
                memory.applied(decision.level);
                limit = Some(decision.level);
            }
            if let Some(decision) = burstable.decide(at.plus(tick)) {
                prop_assert!(is_amount(decision.request) && decision.request <= decision.limit);
                burstable.applied(decision.request, decision.limit);
            }
        }
    }
}

/// Both resources of one container, with room for the usage history beside them.
#[test]
fn the_state_of_a_container_is_small() {
    let memory = size_of::<MemoryAuto>().max(size_of::<BurstableAuto>());
    assert!(size_of::<CpuAuto>() + memory <= 4096);
}
