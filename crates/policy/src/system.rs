//! The policies that ship with the program, and what holds where no source says anything.
//!
//! The numbers are our own. All of them recommend only, until someone turns them on.

use std::time::Duration;

use plimsoll_domain::{
    Amount, ApplyType, Bound, Mode, PerResource, Quantile, Ratio, Resource, ResourceSettings,
    Settings, Target, Threshold, VerticalSettings,
};

use crate::rule::{NamespaceRule, Rule};

/// A policy that ships with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SystemPolicy {
    /// For the cluster's own workloads.
    Readonly,
    /// For workloads that must not run short.
    Resiliency,
    /// For load that comes in bursts.
    Burstable,
    /// For steady services.
    Stability,
    /// For workloads that may run short.
    CostSavings,
    /// For everything else that asks to be sized.
    Balanced,
    /// For workloads of which nobody said anything.
    Auto,
}

/// The order of the first policy that ships; the next ones follow in steps of [`ORDER_STEP`]. People's
/// policies have order 0 unless they say otherwise, and so come first.
const ORDER_FIRST: i32 = 1000;

/// Room for nine policies between two that ship.
const ORDER_STEP: i32 = 10;

/// The namespaces that Kubernetes makes for itself.
const CLUSTER_NAMESPACES: [&str; 3] = ["kube-node-lease", "kube-public", "kube-system"];

const DAY: Duration = Duration::from_hours(24);
const WEEK: Duration = Duration::from_hours(7 * 24);

impl SystemPolicy {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Readonly,
        Self::Resiliency,
        Self::Burstable,
        Self::Stability,
        Self::CostSavings,
        Self::Balanced,
        Self::Auto,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Readonly => "readonly",
            Self::Resiliency => "resiliency",
            Self::Burstable => "burstable",
            Self::Stability => "stability",
            Self::CostSavings => "cost-savings",
            Self::Balanced => "balanced",
            Self::Auto => "auto",
        }
    }

    /// What it is for, as the reference says it.
    pub fn doc(self) -> &'static str {
        match self {
            Self::Readonly => {
                "For the cluster's own workloads: those in the namespaces that Kubernetes makes for \
                 itself. They are recommended for and meant to stay as they are."
            }
            Self::Resiliency => {
                "For workloads that must not run short, such as databases. A week of usage, nearly \
                 its peak and a generous reserve; running pods are left alone and new ones get the \
                 values. StatefulSets whose annotation names no policy get it."
            }
            Self::Burstable => {
                "For load that comes in bursts. CPU covers nine tenths of the time, what is above is \
                 left to the node's spare capacity; running pods are left alone and new ones get \
                 the values."
            }
            Self::Stability => {
                "For steady services. A week of usage, all but its rare peaks and some reserve, \
                 applied to running pods."
            }
            Self::CostSavings => {
                "For workloads that may run short for a moment. A day of usage, its usual level and \
                 little reserve, applied to running pods."
            }
            Self::Balanced => {
                "What holds for an annotation that leaves a setting open. Workloads other than \
                 StatefulSets whose annotation names no policy get it."
            }
            Self::Auto => {
                "The program's own judgement of what is enough. Workloads that have neither an \
                 annotation nor a policy of their own get it."
            }
        }
    }

    /// Where it stands among the policies, lowest first.
    pub fn order(self) -> i32 {
        let before = Self::ALL.into_iter().take_while(|policy| *policy != self);
        before.fold(ORDER_FIRST, |order, _| order + ORDER_STEP)
    }

    /// Its assignment rules.
    pub fn rules(self) -> Vec<Rule> {
        if self != Self::Readonly {
            return Vec::new();
        }
        let names = CLUSTER_NAMESPACES.map(str::to_owned).into();
        let namespaces = Some(NamespaceRule { names, ..NamespaceRule::default() });
        vec![Rule { namespaces, workloads: None }]
    }

    /// Its settings.
    pub fn settings(self) -> Settings {
        use ApplyType::{Deferred, Immediate};
        let (p75, p80) = (percentile(0.75), percentile(0.8));
        let (p90, p95, p99) = (percentile(0.9), percentile(0.95), percentile(0.99));
        let max = Target::Max;
        match self {
            Self::Readonly | Self::Balanced => cast_like(Immediate, DAY, (p80, 0.1), (max, 0.1)),
            Self::Resiliency => cast_like(Deferred, WEEK, (p99, 0.2), (max, 0.3)),
            Self::Burstable => cast_like(Deferred, DAY, (p90, 0.1), (max, 0.2)),
            Self::Stability => cast_like(Immediate, WEEK, (p95, 0.15), (max, 0.2)),
            Self::CostSavings => cast_like(Immediate, DAY, (p75, 0.05), (p99, 0.05)),
            Self::Auto => Settings {
                vertical: VerticalSettings {
                    mode: Some(Mode::Recommend),
                    ..VerticalSettings::default()
                },
                resources: PerResource::from_fn(|_| ResourceSettings {
                    target: Some(Target::Auto),
                    ..ResourceSettings::default()
                }),
                ..Settings::default()
            },
        }
    }
}

/// What holds under annotations, policies and a workload's own settings where none of them says
/// anything: the documented defaults of the annotation. Beside these, what the domain has built in.
pub(crate) fn defaults() -> Settings {
    let resources = per_resource(DAY, (percentile(0.8), 0.1), (Target::Max, 0.1));
    Settings { resources, ..Settings::default() }
}

/// A policy by target and overhead for each resource.
fn cast_like(
    apply_type: ApplyType,
    look_back: Duration,
    cpu: (Target, f64),
    memory: (Target, f64),
) -> Settings {
    Settings {
        vertical: VerticalSettings {
            mode: Some(Mode::Recommend),
            apply_type: Some(apply_type),
            consider_anti_affinity: Some(false),
            startup: Some(Duration::from_mins(2)),
            confidence_threshold: Some(Ratio::NINE_TENTHS),
            ..VerticalSettings::default()
        },
        resources: per_resource(look_back, cpu, memory),
        ..Settings::default()
    }
}

fn per_resource(
    look_back: Duration,
    cpu: (Target, f64),
    memory: (Target, f64),
) -> PerResource<ResourceSettings> {
    PerResource::from_fn(|resource| {
        let ((target, overhead), min) = match resource {
            Resource::Cpu => (cpu, Amount::from_millicores(10)),
            Resource::Memory => (memory, Amount::from_mebibytes(10)),
        };
        ResourceSettings {
            target: Some(target),
            look_back: Some(look_back),
            overhead: Ratio::new(overhead),
            min: Some(Some(Bound::Constant(min))),
            threshold: Some(Threshold::DEFAULT_ADAPTIVE),
            ..ResourceSettings::default()
        }
    })
}

/// A target from a constant of this file.
fn percentile(quantile: f64) -> Target {
    Quantile::new(quantile).map_or(Target::Max, Target::Quantile)
}
