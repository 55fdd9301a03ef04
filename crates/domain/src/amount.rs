//! Amounts of a resource, and the ratios and quantiles they are compared by.

use std::cmp::Ordering;

/// The two resources that are sized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Processor time; amounts are cores.
    Cpu,
    /// Memory; amounts are bytes.
    Memory,
}

impl Resource {
    /// Both, in the order every output uses.
    pub const ALL: [Self; 2] = [Self::Cpu, Self::Memory];

    /// The word Kubernetes uses: `cpu` or `memory`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }
}

/// One value for each resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerResource<T> {
    /// The value for CPU.
    pub cpu: T,
    /// The value for memory.
    pub memory: T,
}

impl<T> PerResource<T> {
    /// Builds both values from their resource.
    pub fn from_fn(mut make: impl FnMut(Resource) -> T) -> Self {
        Self { cpu: make(Resource::Cpu), memory: make(Resource::Memory) }
    }

    /// The value for one resource.
    pub fn get(&self, resource: Resource) -> &T {
        match resource {
            Resource::Cpu => &self.cpu,
            Resource::Memory => &self.memory,
        }
    }

    /// The value for one resource, to change it.
    pub fn get_mut(&mut self, resource: Resource) -> &mut T {
        match resource {
            Resource::Cpu => &mut self.cpu,
            Resource::Memory => &mut self.memory,
        }
    }

    /// Both values in the order of [`Resource::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Resource, &T)> {
        Resource::ALL.into_iter().map(|resource| (resource, self.get(resource)))
    }
}

/// An amount of one resource: cores for CPU, bytes for memory. Finite and not negative.
///
/// Which resource it counts is said by where it is kept (a [`PerResource`] field or a [`Resource`]
/// beside it), so that every stage is written once for both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount(f64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);

    /// `None` for NaN, infinities and negative numbers.
    pub fn new(value: f64) -> Option<Self> {
        (value.is_finite() && value >= 0.0).then_some(Self(value))
    }

    /// An amount of CPU from thousandths of a core.
    pub fn from_millicores(millicores: u32) -> Self {
        Self(f64::from(millicores) / 1000.0)
    }

    /// An amount of memory from whole mebibytes.
    pub fn from_mebibytes(mebibytes: u32) -> Self {
        Self(f64::from(mebibytes) * MEBIBYTE)
    }

    /// Cores or bytes.
    pub fn value(self) -> f64 {
        self.0
    }

    /// This amount times a ratio, within what an amount can be.
    #[must_use]
    pub fn scaled(self, by: Ratio) -> Self {
        within(self.0 * by.value())
    }

    /// This amount plus `by` of itself: an overhead of 0.1 turns 200m into 220m.
    #[must_use]
    pub fn raised(self, by: Ratio) -> Self {
        within(self.0 * (1.0 + by.value()))
    }

    /// How far this amount is above `base`, as a share of `base`; `None` when `base` is zero.
    pub fn relative_excess(self, base: Self) -> Option<Ratio> {
        Ratio::new((self.0 - base.0) / base.0)
    }

    /// Rounded up to the grid Kubernetes objects are written in: 1m of CPU, 1Mi of memory.
    ///
    /// A value above the grid by no more than a rounding error counts as on it: 200m + 10 % is
    /// 220.00000000000003m in binary floating point and must stay 220m.
    #[must_use]
    pub fn rounded_up(self, resource: Resource) -> Self {
        let step = match resource {
            Resource::Cpu => 0.001,
            Resource::Memory => MEBIBYTE,
        };
        let steps = (self.0 / step * (1.0 - 1e-12)).ceil();
        match resource {
            // Divided, not multiplied: 220.0 * 0.001 is 0.22000000000000003, 220.0 / 1000.0 is 0.22.
            Resource::Cpu => within(steps / 1000.0),
            Resource::Memory => within(steps * MEBIBYTE),
        }
    }
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// The nearest amount: what is computed from the greatest amounts is not infinite.
fn within(value: f64) -> Amount {
    Amount(value.clamp(0.0, f64::MAX))
}

impl Eq for Amount {}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How amounts are rounded when they become part of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Up to 1m and 1Mi, as Kubernetes objects are written.
    Kubernetes,
    /// Not at all: recorded usage in fractions of a machine has no grid.
    None,
}

impl Rounding {
    /// Applies the rule to one amount.
    pub fn apply(self, amount: Amount, resource: Resource) -> Amount {
        match self {
            Self::Kubernetes => amount.rounded_up(resource),
            Self::None => amount,
        }
    }
}

/// A finite ratio; 0.1 is ten percent. May be negative where it is a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Ratio(f64);

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);
    /// All of it.
    pub const ONE: Self = Self(1.0);
    /// Nine tenths of it.
    pub const NINE_TENTHS: Self = Self(0.9);
    /// Greater than any that occurs.
    pub const MAX: Self = Self(f64::MAX);

    /// `None` for NaN and infinities.
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// `part` of `whole`, at most 1; 0 of 0 is 0.
    pub fn of(part: u64, whole: u64) -> Self {
        if whole == 0 { Self::ZERO } else { Self((part as f64 / whole as f64).min(1.0)) }
    }

    /// The plain number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// A hundred times the plain number.
    pub fn percent(self) -> f64 {
        self.0 * 100.0
    }
}

/// A quantile, from 0 (the minimum) to 1 (the maximum); percentile 80 is quantile 0.8.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Quantile(f64);

impl Quantile {
    /// `None` outside 0 to 1.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The plain number, 0 to 1.
    pub fn value(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(resource: Resource, value: f64, expect: f64) {
        let rounded = Amount::new(value).unwrap().rounded_up(resource).value();
        assert!(
            (rounded - expect).abs() < f64::EPSILON * expect.max(1.0),
            "{value} became {rounded}"
        );
    }

    #[test]
    fn rounds_up_to_the_grid_but_not_past_a_rounding_error() {
        check(Resource::Cpu, 0.2 * 1.1, 0.220);
        check(Resource::Cpu, 0.2201, 0.221);
        check(Resource::Cpu, 0.0, 0.0);
        check(Resource::Memory, 410.0 * MEBIBYTE * 1.1, 451.0 * MEBIBYTE);
        check(Resource::Memory, 1.0, MEBIBYTE);
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.001] {
            assert_eq!(Amount::new(value), None);
        }
    }

    #[test]
    fn a_difference_from_nothing_has_no_ratio() {
        assert_eq!(Amount::from_millicores(5).relative_excess(Amount::ZERO), None);
    }
}
