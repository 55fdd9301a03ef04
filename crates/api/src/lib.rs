//! What people write and read in a cluster: custom resources and annotations, parsed into domain
//! policies, with a diagnostic for every field that could not be.

mod annotation;
mod convert;
mod crd;
mod duration;
mod fields;
mod labels;
mod name;
mod quantity;

pub use annotation::{Defaults, parse_configuration};
pub use convert::{state_from_status, state_to_status, time, timestamp};
pub use crd::{
    AppliedStatus, ContainerResources, ContainerStatus, DecisionStatus, MoveStatus, OomFloorStatus,
    PolicyStatus, PublishedStatus, ScaledWorkload, ScaledWorkloadSpec, ScaledWorkloadStatus,
    TargetRef, crds, crds_yaml,
};
pub use duration::{DurationError, parse_duration};
pub use fields::reference_page;
pub use labels::{
    ANNOTATION_PREFIX, CONFIGURATION_ANNOTATION, FIELD_MANAGER, IGNORE_LABEL, MANAGED_BY_LABEL,
};
pub use name::scaled_workload_name;
pub use quantity::{
    QuantityError, format_quantity, parse_quantity, resources_from_k8s, resources_to_k8s,
};
