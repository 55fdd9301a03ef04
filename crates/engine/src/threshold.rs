//! How great a change is, and how great it must be.

use plimsoll_domain::{Allocation, Amount, Direction, Ratio, Resource, Threshold};

use crate::values;

/// The unit the adaptive threshold counts memory in: with bytes or mebibytes it would be under 0.1 %
/// for any real container.
const GIBIBYTE: f64 = 1024.0 * 1024.0 * 1024.0;

/// A difference counts as greater than the threshold only beyond this: 500m to 550m is 10 % exactly,
/// and 10.000000000000009 % in binary floating point.
const NOISE: f64 = 1e-9;

/// How one allocation differs from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Difference {
    /// Up: relative to what is there; down: relative to what comes. `None` when there is nothing to
    /// compare with, which is greater than any ratio.
    pub(crate) ratio: Option<Ratio>,
    /// Which way.
    pub(crate) direction: Direction,
}

impl Difference {
    /// Whether it exceeds the threshold; equality does not.
    pub(crate) fn exceeds(self, threshold: Ratio) -> bool {
        self.direction != Direction::Same
            && self.ratio.is_none_or(|ratio| ratio.value() > threshold.value() + NOISE)
    }

    /// Its size, to compare differences by.
    pub(crate) fn size(self) -> f64 {
        match (self.direction, self.ratio) {
            (Direction::Same, _) => 0.0,
            (_, ratio) => ratio.map_or(f64::INFINITY, Ratio::value),
        }
    }
}

/// The difference of the requests or, where these are the same, of the limits.
pub(crate) fn difference(present: Allocation, wanted: Allocation) -> Difference {
    let requests = between(present.request, wanted.request);
    if requests.direction == Direction::Same {
        between(present.limit, wanted.limit)
    } else {
        requests
    }
}

fn between(present: Option<Amount>, wanted: Option<Amount>) -> Difference {
    if values::same(present, wanted) {
        return Difference { ratio: Some(Ratio::ZERO), direction: Direction::Same };
    }
    let (ratio, direction) = match (present, wanted) {
        (Some(present), Some(wanted)) if wanted > present => {
            (wanted.relative_excess(present), Direction::Up)
        }
        (Some(present), Some(wanted)) => (present.relative_excess(wanted), Direction::Down),
        (None, _) => (None, Direction::Up),
        (Some(_), None) => (None, Direction::Down),
    };
    Difference { ratio, direction }
}

/// How great a change must be for a container that requests `current` of the resource.
pub(crate) fn threshold(rule: Threshold, current: Option<Amount>, resource: Resource) -> Ratio {
    match rule {
        Threshold::Ratio(ratio) => ratio,
        Threshold::Adaptive { numerator, denominator, exponent } => {
            let unit = match resource {
                Resource::Cpu => 1.0,
                Resource::Memory => GIBIBYTE,
            };
            let current = current.map_or(0.0, Amount::value) / unit;
            let least = numerator / (current + denominator).powf(exponent);
            // Infinite where request and denominator are zero: nothing can exceed it but the change
            // from nothing, which exceeds everything.
            Ratio::new(least).unwrap_or(Ratio::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(value: f64) -> Option<Amount> {
        Amount::new(value)
    }

    fn request(value: Option<f64>) -> Allocation {
        Allocation { request: value.and_then(Amount::new), limit: None }
    }

    /// `percent` to a tenth.
    fn check_threshold(rule: Threshold, current: f64, percent: f64) {
        let is = threshold(rule, cores(current), Resource::Cpu).percent();
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
        let endless = threshold(custom(0.5, 0.0, 1.0), None, Resource::Cpu);
        assert_eq!(endless, Ratio::MAX);
    }

    #[test]
    fn memory_counts_in_gibibytes() {
        let current = Some(Amount::from_mebibytes(512));
        let is = threshold(Threshold::DEFAULT_ADAPTIVE, current, Resource::Memory);
        assert!((is.percent() - 33.333).abs() < 0.001);
    }

    /// From and to in cores, the difference in percent to a tenth, whether it exceeds the limit in
    /// percent.
    fn check(from: Option<f64>, to: Option<f64>, percent: Option<f64>, limit: f64, passes: bool) {
        let is = difference(request(from), request(to));
        let close = match (is.ratio, percent) {
            (Some(is), Some(percent)) => (is.percent() - percent).abs() < 0.06,
            (is, percent) => is.is_none() && percent.is_none(),
        };
        assert!(close, "{from:?} to {to:?} differ by {:?}", is.ratio);
        let limit = Ratio::new(limit / 100.0).unwrap();
        assert_eq!(is.exceeds(limit), passes, "{from:?} to {to:?} against {limit:?}");
    }

    #[test]
    fn up_is_relative_to_what_is_and_down_to_what_comes() {
        check(Some(0.5), Some(0.22), Some(127.3), 33.3, true);
        check(Some(0.512), Some(0.451), Some(13.5), 33.3, false);
        check(Some(0.512), Some(0.451), Some(13.5), 10.0, true);
        check(Some(0.1), Some(0.12), Some(20.0), 10.0, true);
        check(Some(0.11), Some(0.12), Some(9.1), 10.0, false);
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
    fn limits_count_where_requests_are_the_same() {
        let with = |limit| Allocation { request: cores(0.2), limit };
        let is = difference(with(cores(0.4)), with(cores(0.6)));
        assert_eq!(is.direction, Direction::Up);
        assert!((is.size() - 0.5).abs() < 1e-9);
    }
}
