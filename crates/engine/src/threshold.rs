//! How great a change is, and how great it must be.

use plimsoll_domain::{Allocation, Amount, Direction, Origin, Ratio, Resource, Target, Threshold};

use crate::rules::Rule;
use crate::values;

/// The unit the adaptive threshold counts memory in: with bytes or mebibytes it would be under 0.1 %
/// for any real container.
const GIBIBYTE: f64 = 1024.0 * 1024.0 * 1024.0;

/// A difference counts as greater than the threshold only beyond this: 500m to 550m is 10 % exactly,
/// and 10.000000000000009 % in binary floating point.
const NOISE: f64 = 1e-9;

/// How one allocation differs from another, and how great a difference must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judgement {
    /// As a share of what the threshold compares with. `None` when that is nothing, which is greater
    /// than any ratio.
    pub(crate) ratio: Option<Ratio>,
    /// Which way.
    pub(crate) direction: Direction,
    /// What the ratio must exceed.
    pub(crate) threshold: Ratio,
}

impl Judgement {
    /// Whether the threshold is exceeded; equality does not.
    pub(crate) fn passes(self) -> bool {
        self.direction != Direction::Same
            && self.ratio.is_none_or(|ratio| ratio.value() > self.threshold.value() + NOISE)
    }
}

/// The size of a difference, to compare differences by.
pub(crate) fn size(direction: Direction, ratio: Option<Ratio>) -> f64 {
    match (direction, ratio) {
        (Direction::Same, _) => 0.0,
        (_, ratio) => ratio.map_or(f64::INFINITY, Ratio::value),
    }
}

/// The judgement on the requests. On the limits where the requests are the same, and where only the
/// limit must rise enough: one that is too low throttles or kills, one that is too high costs nothing
/// and can wait for the next change.
pub(crate) fn judge(
    rule: &Rule<'_>,
    present: Allocation,
    wanted: Allocation,
    resource: Resource,
) -> Judgement {
    let one = |from, to| between(rule, (from, to), present.request, resource);
    let requests = one(present.request, wanted.request);
    let limits = one(present.limit, wanted.limit);
    let rises = limits.direction == Direction::Up && limits.passes();
    let is_limit = requests.direction == Direction::Same || (!requests.passes() && rises);
    if is_limit { limits } else { requests }
}

/// The judgement on one value of a container that requests `current` of the resource.
fn between(
    rule: &Rule<'_>,
    (present, wanted): (Option<Amount>, Option<Amount>),
    current: Option<Amount>,
    resource: Resource,
) -> Judgement {
    let direction = direction(present, wanted);
    let rising = threshold_of(rule);
    let rule = match direction {
        Direction::Down => rule.resource.lowering_threshold.value.unwrap_or(rising),
        Direction::Up | Direction::Same => rising,
    };
    let base = if direction == Direction::Down && !is_of_current(rule) { wanted } else { present };
    let ratio = match (present, wanted, base) {
        _ if direction == Direction::Same => Some(Ratio::ZERO),
        (Some(present), Some(wanted), Some(base)) => {
            Ratio::new((wanted.value() - present.value()).abs() / base.value())
        }
        _ => None,
    };
    Judgement { ratio, direction, threshold: threshold(rule, base, current, resource) }
}

/// The threshold for a rise. `auto` moves only when that is worth it, so that without a threshold
/// that somebody set any difference counts.
fn threshold_of(rule: &Rule<'_>) -> Threshold {
    let threshold = &rule.resource.threshold;
    let is_auto = rule.resource.target.value == Target::Auto;
    if is_auto && threshold.origin == Origin::Default {
        return Threshold::Ratio(Ratio::ZERO);
    }
    threshold.value
}

fn direction(present: Option<Amount>, wanted: Option<Amount>) -> Direction {
    match (present, wanted) {
        _ if values::same(present, wanted) => Direction::Same,
        (Some(present), Some(wanted)) if wanted < present => Direction::Down,
        (Some(_), None) => Direction::Down,
        (Some(_) | None, _) => Direction::Up,
    }
}

/// Whether the threshold compares with what is there also when that falls.
fn is_of_current(threshold: Threshold) -> bool {
    match threshold {
        Threshold::OfCurrent(_) | Threshold::Absolute(_) => true,
        Threshold::Ratio(_) | Threshold::Adaptive { .. } => false,
    }
}

/// How great a difference must be, as a share of `base`, for a container that requests `current`.
fn threshold(
    rule: Threshold,
    base: Option<Amount>,
    current: Option<Amount>,
    resource: Resource,
) -> Ratio {
    match rule {
        Threshold::Ratio(ratio) | Threshold::OfCurrent(ratio) => ratio,
        Threshold::Absolute(amount) => {
            let base = base.map_or(0.0, Amount::value);
            Ratio::new(amount.value() / base).unwrap_or(Ratio::MAX)
        }
        Threshold::Adaptive { numerator, denominator, exponent } => {
            let unit = match resource {
                Resource::Cpu => 1.0,
                Resource::Memory => GIBIBYTE,
            };
            let current = current.map_or(0.0, Amount::value) / unit;
            let least = numerator / (current + denominator).powf(exponent);
            // Infinite, or 0 / 0, where request and denominator are zero: nothing can exceed it but
            // the change from nothing, which exceeds everything.
            Ratio::new(least).unwrap_or(Ratio::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_domain::{ContainerSpec, Origin, ResourcePolicy, ResourceSettings, Resources};

    use super::*;

    /// The judgement by this threshold, or these two.
    fn judged(
        thresholds: (Threshold, Option<Threshold>),
        present: Allocation,
        wanted: Allocation,
    ) -> Judgement {
        let said = ResourceSettings {
            threshold: Some(thresholds.0),
            lowering_threshold: Some(thresholds.1),
            ..ResourceSettings::default()
        };
        let policy = ResourcePolicy::resolve(&[(&Origin::Default, &said)]);
        let spec = ContainerSpec { name: "".into(), original: Resources::default() };
        let rule = Rule::new(&policy, None, &spec, Resource::Cpu);
        judge(&rule, present, wanted, Resource::Cpu)
    }

    fn share(value: f64) -> Threshold {
        Threshold::Ratio(Ratio::new(value / 100.0).unwrap())
    }

    fn cores(value: f64) -> Option<Amount> {
        Amount::new(value)
    }

    fn request(value: Option<f64>) -> Allocation {
        Allocation { request: value.and_then(Amount::new), limit: None }
    }

    /// `percent` to a tenth.
    fn check_threshold(rule: Threshold, current: f64, percent: f64) {
        let is = threshold(rule, None, cores(current), Resource::Cpu).percent();
        assert!((is - percent).abs() < 0.06, "{current} cores: {is} %");
    }

    #[test]
    fn the_default_threshold_falls_as_the_request_grows() {
        let documented = [
            (0.05, 47.6),
            (0.1, 45.5),
            (0.25, 40.0),
            (0.5, 33.3),
            (1.0, 25.0),
            (2.0, 16.7),
            (4.0, 10.0),
            (8.0, 5.6),
            (16.0, 2.9),
            (50.0, 1.0),
        ];
        for (current, percent) in documented {
            check_threshold(Threshold::DEFAULT_ADAPTIVE, current, percent);
        }
    }

    #[test]
    fn a_custom_threshold_takes_its_three_constants() {
        let custom = |numerator, denominator, exponent| Threshold::Adaptive {
            numerator,
            denominator,
            exponent,
        };
        check_threshold(custom(1.0, 0.0, 1.0), 0.5, 200.0);
        check_threshold(custom(1.0, 1.0, 1.0), 50.0, 1.96);
        check_threshold(custom(1.0, 1.0, 0.8), 50.0, 4.3);
        check_threshold(custom(0.5, 1.0, 0.0), 50.0, 50.0);
        let endless = threshold(custom(0.5, 0.0, 1.0), None, None, Resource::Cpu);
        assert_eq!(endless, Ratio::MAX);
    }

    #[test]
    fn memory_counts_in_gibibytes() {
        let current = Some(Amount::from_mebibytes(512));
        let is = threshold(Threshold::DEFAULT_ADAPTIVE, None, current, Resource::Memory);
        assert!((is.percent() - 33.333).abs() < 0.001);
    }

    /// From and to in cores, the difference in percent to a tenth, whether it exceeds the limit in
    /// percent.
    fn check(from: Option<f64>, to: Option<f64>, percent: Option<f64>, limit: f64, passes: bool) {
        let is = judged((share(limit), None), request(from), request(to));
        let close = match (is.ratio, percent) {
            (Some(is), Some(percent)) => (is.percent() - percent).abs() < 0.06,
            (is, percent) => is.is_none() && percent.is_none(),
        };
        assert!(close, "{from:?} to {to:?} differ by {:?}", is.ratio);
        assert_eq!(is.passes(), passes, "{from:?} to {to:?} against {limit:?}");
    }

    #[test]
    fn up_is_relative_to_what_is_and_down_to_what_comes() {
        check(Some(0.5), Some(0.22), Some(127.3), 33.3, true);
        check(Some(0.512), Some(0.451), Some(13.5), 33.3, false);
        check(Some(0.512), Some(0.451), Some(13.5), 10.0, true);
        check(Some(0.1), Some(0.12), Some(20.0), 10.0, true);
        check(Some(0.11), Some(0.12), Some(9.1), 10.0, false);
    }

    /// From and to in cores, difference and threshold in percent to a tenth, whether it passes.
    fn check_both(
        thresholds: (Threshold, Option<Threshold>),
        (from, to): (f64, f64),
        (difference, least): (f64, f64),
        passes: bool,
    ) {
        let is = judged(thresholds, request(Some(from)), request(Some(to)));
        let close = |is: Ratio, expect: f64| (is.percent() - expect).abs() < 0.06;
        let matches =
            is.ratio.is_some_and(|is| close(is, difference)) && close(is.threshold, least);
        assert!(matches && is.passes() == passes, "{from} to {to}: {is:?}");
    }

    #[test]
    fn a_share_of_the_present_request_goes_by_it_both_ways() {
        let half = Threshold::OfCurrent(Ratio::new(0.5).unwrap());
        check_both((half, None), (1.0, 1.6), (60.0, 50.0), true);
        check_both((half, None), (1.0, 1.5), (50.0, 50.0), false);
        check_both((half, None), (1.0, 0.6), (40.0, 50.0), false);
        check_both((half, None), (1.0, 0.4), (60.0, 50.0), true);
        check_both((half, None), (1.0, 0.0), (100.0, 50.0), true);
    }

    #[test]
    fn an_amount_is_shown_as_a_share_of_the_present_request() {
        let fifth = Threshold::Absolute(Amount::from_millicores(200));
        check_both((fifth, None), (1.0, 1.25), (25.0, 20.0), true);
        check_both((fifth, None), (1.0, 1.2), (20.0, 20.0), false);
        check_both((fifth, None), (1.0, 0.85), (15.0, 20.0), false);
        check_both((fifth, None), (1.0, 0.75), (25.0, 20.0), true);
        check_both((fifth, None), (0.1, 0.0), (100.0, 200.0), false);
        let from_nothing = judged((fifth, None), request(Some(0.0)), request(Some(0.1)));
        assert!(from_nothing.passes());
    }

    #[test]
    fn lowering_may_have_a_threshold_of_its_own() {
        let of_current = |value| Threshold::OfCurrent(Ratio::new(value).unwrap());
        let both = (share(10.0), Some(of_current(0.5)));
        check_both(both, (1.0, 1.2), (20.0, 10.0), true);
        check_both(both, (1.0, 0.8), (20.0, 50.0), false);
        check_both(both, (1.0, 0.4), (60.0, 50.0), true);
        let both = (of_current(0.5), Some(share(10.0)));
        check_both(both, (1.0, 0.8), (25.0, 10.0), true);
    }

    /// Without a denominator a request of nothing has no finite threshold.
    #[test]
    fn constants_that_divide_by_nothing_give_no_number_that_is_none() {
        for (numerator, exponent) in [(0.5, 1.0), (0.0, 1.0), (0.5, 0.0), (0.0, 0.0)] {
            let rule = Threshold::Adaptive { numerator, denominator: 0.0, exponent };
            for (from, to) in [(None, Some(0.1)), (Some(0.0), Some(0.1))] {
                let is = judged((rule, None), request(from), request(to));
                assert!(is.threshold.value().is_finite() && is.passes(), "{is:?}");
            }
            let is = judged((rule, None), request(Some(0.0)), request(None));
            assert!(is.threshold.value().is_finite(), "{is:?}");
        }
    }

    #[test]
    fn the_threshold_itself_is_not_enough() {
        check(Some(0.5), Some(0.55), Some(10.0), 10.0, false);
        check(Some(0.55), Some(0.5), Some(10.0), 10.0, false);
        check(Some(0.5), Some(0.551), Some(10.2), 10.0, true);
    }

    #[test]
    fn from_nothing_everything_exceeds_and_nothing_to_nothing_is_no_change() {
        check(None, Some(0.1), None, 1e9, true);
        check(Some(0.0), Some(0.1), None, 1e9, true);
        check(None, None, Some(0.0), 0.0, false);
        check(Some(0.1), Some(0.1 + 1e-16), Some(0.0), 0.0, false);
    }

    #[test]
    fn a_limit_that_must_rise_counts_beside_a_request_that_hardly_changes() {
        let with = |request, limit| Allocation { request: cores(request), limit: cores(limit) };
        let check = |to, direction, passes| {
            let is = judged((share(10.0), None), with(0.2, 0.4), to);
            assert_eq!((is.direction, is.passes()), (direction, passes), "{to:?}");
        };
        check(with(0.21, 0.6), Direction::Up, true);
        check(with(0.19, 0.6), Direction::Up, true);
        check(with(0.19, 0.2), Direction::Down, false);
        check(with(0.1, 0.6), Direction::Down, true);
    }

    #[test]
    fn limits_count_where_requests_are_the_same() {
        let with = |limit| Allocation { request: cores(0.2), limit };
        let is = judged((share(10.0), None), with(cores(0.4)), with(cores(0.6)));
        assert_eq!(is.direction, Direction::Up);
        assert!((is.ratio.unwrap().value() - 0.5).abs() < 1e-9);
    }
}
