//! What people write and read in a cluster: custom resources and annotations, read into what each
//! says of a workload, with a diagnostic for every field that could not be. What holds of it all is
//! resolved elsewhere.

mod annotation;
mod convert;
mod crd;
mod document;
mod duration;
mod fields;
#[doc(hidden)]
pub mod fuzz;
mod judge;
mod kind;
mod labels;
mod name;
mod policy;
mod quantity;
mod read;
mod reference;
mod settings;
pub mod thoras;

pub use annotation::{read_annotation, read_annotations};
pub use convert::{state_from_status, state_to_status, time, timestamp};
pub use crd::{
    AppliedStatus, ContainerResources, ContainerStatus, DecisionStatus, GroupingStatus,
    HistoryCheckpoint, HistoryCheckpointSpec, MoveStatus, OomFloorStatus, PolicyStatus,
    PublishedStatus, ScaledWorkload, ScaledWorkloadSpec, ScaledWorkloadStatus, ScalingPolicy,
    ScalingPolicySpec, ScalingPolicyStatus, TargetRef, crds, crds_yaml, thoras_crds_yaml,
};
pub use duration::{DurationError, parse_duration};
pub use judge::{judge, judge_change, judge_manifest};
pub use kind::{CUSTOM_WORKLOAD_LABEL, custom_workload, custom_workload_name, workload_kind};
pub use labels::{
    ANNOTATION_PREFIX, CONFIGURATION_ANNOTATION, FIELD_MANAGER, IGNORE_LABEL, MANAGED_BY_LABEL,
};
pub use name::scaled_workload_name;
pub use policy::{scaling_policy, write_rule};
pub use quantity::{
    QuantityError, format_quantity, parse_quantity, resources_from_k8s, resources_to_k8s,
};
pub use reference::{ReferencePage, reference_page};
pub use settings::{read_settings, write_settings};
pub use thoras::thoras_crds;
