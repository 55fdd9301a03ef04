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
