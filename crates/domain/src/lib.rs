//! The nouns of Plimsoll: what a stage of the line receives and what it hands on.
//!
//! Data only, no behaviour beyond arithmetic on the values themselves; no clock, no I/O, no wire
//! format. The stages that turn one noun into the next live in `plimsoll-engine`; the overview is
//! `ARCHITECTURE.md`.

mod amount;
mod cell;
mod configuration;
mod container;
mod decision;
mod evaluation;
mod foreseen;
mod judgement;
mod origin;
mod pod;
mod policy;
mod reason;
mod recommendation;
mod sample;
mod state;
mod time;
mod workload;

pub use amount::{Amount, PerResource, Quantile, Ratio, Resource, Rounding};
pub use cell::UsageCell;
pub use configuration::{
    Assigned, AssignedBy, Configuration, Configured, Diagnostic, Governor, Parsed, Severity,
};
pub use container::{
    Allocation, ContainerKey, ContainerSpec, ResizeRestart, Resources, RunningContainer,
};
pub use decision::{
    Action, ContainerChange, ContainerPatch, Decision, Direction, NewPods, Outcome, OutcomeResult,
    PodChange, Running, Verdict,
};
pub use evaluation::{Applied, ContainerEvaluation, Evaluation, MetricsState};
pub use foreseen::{ForecastModel, Foreseen, Trial};
pub use judgement::{AutoVerdict, CpuWhy, Judgement, MemoryWhy, Why};
pub use origin::{Beaten, Origin, Sourced};
pub use pod::{OomKill, Pod, PodPhase, QosClass, ResizeStatus};
pub use policy::{
    ANY_CONTAINER, ApplyType, Bound, Cadence, ContainerPolicy, ContainerSettings, Grouping,
    LimitRule, Mode, Policy, ResourcePolicy, ResourceSettings, Schedule, Settings, Strategy,
    Target, Threshold, Update, VerticalPolicy, VerticalSettings,
};
pub use reason::{Deferral, Exclusion, Gap, Reason, RecreateCause};
pub use recommendation::{
    Constraint, ContainerRecommendation, Estimate, LimitStep, Recommendation, Trail,
};
pub use sample::{Sample, Signal};
pub use state::{DecisionState, Move, OomFloor, Published};
pub use time::Timestamp;
pub use workload::{
    Capabilities, ForeignActuator, OptOut, Rollout, Stop, Workload, WorkloadId, WorkloadKind, World,
};
