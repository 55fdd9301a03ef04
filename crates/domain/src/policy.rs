//! What holds for a workload: every setting with its origin, and the same settings as one source
//! says them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Amount, Origin, PerResource, Quantile, Ratio, Sourced};

/// Declares a group of settings twice: `$policy` with a resolved value for each, and `$settings`
/// with what one source says, each absent where it says nothing. One list, so that no setting can be
/// read and then forgotten.
macro_rules! settings {
    (
        $(#[$doc:meta])* $policy:ident, $(#[$said_doc:meta])* $settings:ident;
        $( $(#[$field_doc:meta])* $field:ident: $type:ty = $built_in:expr, )*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $policy {
            $( $(#[$field_doc])* pub $field: Sourced<$type>, )*
        }

        $(#[$said_doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $settings {
            $( $(#[$field_doc])* pub $field: Option<$type>, )*
        }

        impl $policy {
            /// Resolves what sources say, in any order, over what is built in.
            pub fn resolve(said: &[(&Origin, &$settings)]) -> Self {
                Self {
                    $( $field: Sourced::resolve(
                        said.iter().map(|(origin, settings)| (*origin, settings.$field.as_ref())),
                        $built_in,
                    ), )*
                }
            }
        }

        impl From<&$policy> for $settings {
            fn from(policy: &$policy) -> Self {
                Self { $( $field: Some(policy.$field.value.clone()), )* }
            }
        }
    };
}

/// All settings for one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Sizing as a whole.
    pub vertical: VerticalPolicy,
    /// Settings for each resource.
    pub resources: PerResource<ResourcePolicy>,
    /// What holds for single containers, by name; [`ANY_CONTAINER`] for those without an entry of
    /// their own. What an entry leaves open is as for the resource.
    pub containers: BTreeMap<String, PerResource<ContainerPolicy>>,
    /// Settings that are read and have no effect yet: path and value as text.
    pub later: BTreeMap<String, Sourced<String>>,
}

/// What one source says about a workload.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Sizing as a whole.
    pub vertical: VerticalSettings,
    /// Settings for each resource.
    pub resources: PerResource<ResourceSettings>,
    /// What holds for single containers.
    pub containers: BTreeMap<String, PerResource<ContainerSettings>>,
    /// Settings that have no effect yet.
    pub later: BTreeMap<String, String>,
}

/// The name under which settings hold for every container that has none of its own. No container
/// can be called that.
pub const ANY_CONTAINER: &str = "*";

settings! {
    /// Settings for sizing as a whole.
    VerticalPolicy,
    /// What one source says about sizing as a whole.
    VerticalSettings;
    /// Whether recommendations are applied or only shown.
    mode: Mode = Mode::Recommend,
    /// Whether running pods are changed or only new ones.
    apply_type: ApplyType = ApplyType::Immediate,
    /// The same for lowering; absent: as `apply_type`.
    lowering: Option<ApplyType> = None,
    /// The same for raising memory after a kill for exceeding it; absent: as `apply_type`.
    memory_event: Option<ApplyType> = None,
    /// How running pods come to new values, where they do; absent: in place.
    update: Option<Update> = None,
    /// Whether pods that can share no node with their like are changed by replacement only.
    consider_anti_affinity: bool = false,
    /// Usage this soon after a container's start is not learned from.
    startup: Duration = Duration::from_mins(2),
    /// Whether a recommendation must be sure enough.
    confidence_required: bool = false,
    /// The share of the look-back that must be covered by samples, 0 to 1.
    confidence_threshold: Ratio = Ratio::NINE_TENTHS,
    /// How long after a change of running pods no other is begun; absent: as the program is told.
    cooldown: Option<Duration> = None,
    /// How long the usage seen must reach back before anything is applied.
    min_history: Duration = Duration::ZERO,
    /// Whether a kill for exceeding the memory limit raises that memory.
    oom_remediation: bool = true,
    /// How long what a kill has taught stands under the memory; absent: memory's look-back.
    oom_window: Option<Duration> = None,
    /// What `auto` takes time above the CPU request to cost, 1 to 200; absent: what it ships with,
    /// which goes by how pods are changed.
    risk_price: Option<Ratio> = None,
    /// Containers that keep what their template says.
    excluded_containers: Vec<String> = Vec::new(),
    /// Containers that count as one, whatever they are called.
    grouping: Vec<Grouping> = Vec::new(),
    /// How the workload runs; absent: as its kind says.
    schedule: Option<Schedule> = None,
    /// How far ahead usage is forecast, where a target is a forecast; 5 min to 24 h.
    forecast_horizon: Duration = Duration::from_mins(15),
    /// When forecasts are made.
    forecast_cadence: Cadence = Cadence::Every(Duration::from_mins(15)),
    /// Whether CPU follows a forecast wherever forecasts do better than repeating the past.
    predictive_cpu: bool = false,
}

settings! {
    /// Settings for one resource.
    ResourcePolicy,
    /// What one source says about one resource.
    ResourceSettings;
    /// Whether this resource is changed, where the workload is.
    mode: Mode = Mode::Apply,
    /// Which usage counts.
    target: Target = Target::Max,
    /// How far back usage is looked at; 3 h to 8 d.
    look_back: Duration = Duration::from_hours(24),
    /// The least request.
    min: Option<Bound> = None,
    /// The greatest request.
    max: Option<Bound> = None,
    /// What is added on top of the usage, as a share of it; 0 to 2.5.
    overhead: Ratio = Ratio::ZERO,
    /// How great a change must be to be made on running pods.
    threshold: Threshold = Threshold::DEFAULT_ADAPTIVE,
    /// The same for lowering; absent: as `threshold`.
    lowering_threshold: Option<Threshold> = None,
    /// What becomes of the limit.
    limit: LimitRule = LimitRule::Automatic,
}

settings! {
    /// Settings for one resource of one container; what is absent is as for the resource.
    ContainerPolicy,
    /// What one source says about one resource of one container.
    ContainerSettings;
    /// Whether it is changed, where the workload is.
    mode: Option<Mode> = None,
    /// The least request.
    min: Option<Bound> = None,
    /// The greatest request.
    max: Option<Bound> = None,
    /// What becomes of the limit.
    limit: Option<LimitRule> = None,
}

impl Policy {
    /// Resolves what sources say, field by field. The order in which they come does not matter, as
    /// long as no two have one origin.
    pub fn resolve(said: &[(&Origin, &Settings)]) -> Self {
        let vertical: Vec<_> = said.iter().map(|(origin, one)| (*origin, &one.vertical)).collect();
        let resources = PerResource::from_fn(|resource| {
            let said = said.iter().map(|(origin, one)| (*origin, one.resources.get(resource)));
            ResourcePolicy::resolve(&said.collect::<Vec<_>>())
        });
        Self {
            vertical: VerticalPolicy::resolve(&vertical),
            resources,
            containers: by_key(
                said,
                |settings| &settings.containers,
                |said| {
                    PerResource::from_fn(|resource| {
                        let said = said.iter().map(|(origin, one)| (*origin, one.get(resource)));
                        ContainerPolicy::resolve(&said.collect::<Vec<_>>())
                    })
                },
            ),
            later: by_key(
                said,
                |settings| &settings.later,
                |said| {
                    let said = said.iter().map(|(origin, text)| (*origin, Some(*text)));
                    Sourced::resolve(said, String::new())
                },
            ),
        }
    }
}

/// Resolves maps key by key.
fn by_key<'a, V: 'a, R>(
    said: &[(&'a Origin, &'a Settings)],
    map: impl Fn(&'a Settings) -> &'a BTreeMap<String, V>,
    resolve: impl Fn(&[(&'a Origin, &'a V)]) -> R,
) -> BTreeMap<String, R> {
    let mut keys: BTreeMap<&str, Vec<(&Origin, &V)>> = BTreeMap::new();
    for (origin, settings) in said {
        for (key, value) in map(settings) {
            keys.entry(key).or_default().push((origin, value));
        }
    }
    keys.into_iter().map(|(key, said)| (key.to_owned(), resolve(&said))).collect()
}

impl From<&Policy> for Settings {
    fn from(policy: &Policy) -> Self {
        let Policy { vertical, resources, containers, later } = policy;
        Self {
            vertical: vertical.into(),
            resources: PerResource::from_fn(|resource| resources.get(resource).into()),
            containers: containers
                .iter()
                .map(|(name, one)| {
                    (name.clone(), PerResource::from_fn(|resource| one.get(resource).into()))
                })
                .collect(),
            later: later.iter().map(|(path, said)| (path.clone(), said.value.clone())).collect(),
        }
    }
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

/// How running pods come to new values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// In place; what cannot be reached in place is left to new pods.
    InPlace,
    /// In place where that is possible, else by replacement; replacing has no effect yet.
    InPlaceOrRecreate,
    /// By replacement. Until that has an effect, in place: it is the gentler of the two.
    Recreate,
}

/// When forecasts are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// So long after one another, counted from the epoch: a restart changes nothing.
    Every(Duration),
    /// In the minutes of UTC that a cron expression of five fields names.
    Cron(String),
}

impl Update {
    /// Whether all that it says has an effect.
    pub fn is_in_effect(self) -> bool {
        self == Self::InPlace
    }
}

/// Which usage a request covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The mean over pods of each pod's quantile.
    Quantile(Quantile),
    /// The quantile of the usage of all pods together.
    Pooled(Quantile),
    /// The greatest sample of any pod.
    Max,
    /// The program's own judgement.
    Auto,
    /// The greatest usage predicted for the time to come, by this strategy.
    Forecast(Strategy),
}

/// How much of a predicted load is provided for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strategy {
    /// Less than what is expected.
    Undershoot,
    /// Little more than what is expected.
    CostOptimized,
    /// In between.
    Balanced,
    /// More where the load varies.
    AssuranceOptimized,
    /// Much more at all times.
    Overshoot,
    /// This quantile of what may come.
    Percentile(Quantile),
}

impl Strategy {
    /// Which quantile of the greatest usage of the time to come is provided for, 0 to 1: in so many
    /// windows of as many the usage stays at or below the request. The strategies are known by their
    /// names only; these numbers are ours.
    pub fn quantile(self) -> f64 {
        match self {
            Self::Undershoot => 0.5,
            Self::CostOptimized => 0.75,
            Self::Balanced => 0.9,
            Self::AssuranceOptimized => 0.95,
            Self::Overshoot => 0.99,
            Self::Percentile(quantile) => quantile.value(),
        }
    }
}

/// A least or a greatest request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// This much.
    Constant(Amount),
    /// This share of the template's request; no bound where the template has none.
    OfOriginal(Ratio),
}

/// How great a change must be, relative to what is there, to be made on running pods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// A fixed share: of the present request when rising, of the new one when falling.
    Ratio(Ratio),
    /// A fixed share of the present request, whichever way.
    OfCurrent(Ratio),
    /// A fixed amount.
    Absolute(Amount),
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

/// Containers that count as one: those whose name contains any of some words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// The words.
    pub contains: Vec<String>,
    /// The name they share.
    pub into: String,
}

impl Grouping {
    /// The name a container counts under: that of the first group whose words its name contains or
    /// whose name it has, else its own.
    pub fn name_in<'a>(groups: &'a [Self], container: &'a str) -> &'a str {
        let joins = |group: &&Self| {
            group.into == container || group.contains.iter().any(|word| container.contains(word))
        };
        groups.iter().find(joins).map_or(container, |group| &group.into)
    }
}

/// How a workload runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// In runs that end: three of them in the look-back are enough to be sure.
    JobLike,
    /// All the time.
    Continuous,
}
