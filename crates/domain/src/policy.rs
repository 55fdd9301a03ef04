//! What the user wants for a workload, with the origin of every value.

use std::time::Duration;

use crate::{Amount, PerResource, Quantile, Ratio};

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A built-in default.
    pub fn default_value(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }
}

/// Where a setting came from, weakest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Built in.
    Default,
    /// A flag of the program.
    Flag(&'static str),
    /// The workload's annotation.
    Annotation,
}

/// All settings for one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Whether recommendations are applied or only shown.
    pub mode: Sourced<Mode>,
    /// Whether running pods are changed or only new ones.
    pub apply_type: Sourced<ApplyType>,
    /// Usage this soon after a container's start is not learned from.
    pub startup: Sourced<Duration>,
    /// How sure a recommendation must be.
    pub confidence: ConfidenceRule,
    /// Settings for each resource.
    pub resources: PerResource<ResourcePolicy>,
}

/// Whether recommendations are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Applied to new pods and, as [`ApplyType`] says, to running ones.
    Apply,
    /// Shown, never applied.
    Recommend,
}

/// When running pods are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyType {
    /// As soon as all guards allow.
    Immediate,
    /// Never: only new pods get the values.
    Deferred,
}

/// How sure a recommendation must be before it is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfidenceRule {
    /// Whether it matters at all.
    pub required: Sourced<bool>,
    /// The share of the look-back that must be covered by samples, 0 to 1.
    pub threshold: Sourced<Ratio>,
}

/// Settings for one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourcePolicy {
    /// Which usage counts.
    pub target: Sourced<Target>,
    /// How far back usage is looked at; 3 h to 7 d.
    pub look_back: Sourced<Duration>,
    /// The least request.
    pub min: Sourced<Option<Amount>>,
    /// The greatest request.
    pub max: Sourced<Option<Amount>>,
    /// What is added on top of the usage, as a share of it; 0 to 2.5.
    pub overhead: Sourced<Ratio>,
    /// How great a change must be to be made on running pods.
    pub threshold: Sourced<Threshold>,
    /// What becomes of the limit.
    pub limit: Sourced<LimitRule>,
}

/// Which usage a request covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The mean over pods of each pod's quantile.
    Quantile(Quantile),
    /// The greatest sample of any pod.
    Max,
}

/// How great a change must be, relative to what is there, to be made on running pods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// A fixed share.
    Ratio(Ratio),
    /// `numerator / (current + denominator) ^ exponent`, current in cores or GiB.
    Adaptive {
        /// Not negative.
        numerator: f64,
        /// Not negative.
        denominator: f64,
        /// 0 to 1.
        exponent: f64,
    },
}

impl Threshold {
    /// The adaptive threshold with the documented constants: 0.5 / (current + 1).
    pub const DEFAULT_ADAPTIVE: Self =
        Self::Adaptive { numerator: 0.5, denominator: 1.0, exponent: 1.0 };
}

/// What becomes of a container's limit when its request changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LimitRule {
    /// CPU: removed. Memory: grows with the request, never below the original, absent where the
    /// original had none.
    Automatic,
    /// Removed.
    None,
    /// Left as in the template.
    Keep,
    /// The request times a factor.
    Multiplier {
        /// 1 or more.
        factor: Ratio,
        /// No limit is added where the template has none.
        only_if_original_exists: bool,
        /// An original limit above the computed one is kept.
        only_if_original_lower: bool,
    },
    /// The template's ratio of limit to request.
    MaintainRatio,
}
