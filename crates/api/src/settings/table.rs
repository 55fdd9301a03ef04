//! Every field of the settings, as data: those of the annotation, and those of our own objects. Most
//! are the same; where the annotation has a form that a structural schema cannot say well (`on` and
//! `off`), or where only our objects can say a thing, each has a row of its own.

mod container;
mod forecast;
mod horizontal;
mod metric;
mod resource;
mod runtime;
mod vertical;
mod workload;

use std::sync::LazyLock;

use crate::fields::{Field, Kind, Tree};

/// What is known in the annotation.
pub(crate) static ANNOTATION: LazyLock<Tree> = LazyLock::new(|| {
    tree(&[
        workload::FIRST,
        vertical::TOP,
        vertical::ANNOTATION,
        vertical::BOTH,
        resource::ANNOTATION,
        resource::BOTH,
        container::BOTH,
        container::ANNOTATION,
        runtime::BOTH,
        workload::LAST,
        horizontal::BOTH,
        metric::ANNOTATION,
        metric::RESOURCE,
        metric::RESOURCE_TARGET,
        horizontal::BEHAVIOR,
    ])
});

/// What is known in the settings of a ScalingPolicy or a ScaledWorkload.
pub(crate) static OBJECT: LazyLock<Tree> = LazyLock::new(|| {
    tree(&[
        workload::FIRST,
        vertical::TOP,
        vertical::OBJECT,
        vertical::BOTH,
        resource::OBJECT,
        resource::BOTH,
        container::BOTH,
        container::OBJECT,
        runtime::BOTH,
        forecast::OBJECT,
        workload::LAST,
        horizontal::BOTH,
        metric::OBJECT,
        metric::RESOURCE,
        metric::RESOURCE_TARGET,
        metric::OTHERS,
        metric::CONTAINER_TARGET,
        metric::PODS_METRIC,
        metric::PODS_TARGET,
        metric::OBJECT_METRIC,
        metric::OBJECT_TARGET,
        metric::EXTERNAL_METRIC,
        metric::EXTERNAL_TARGET,
        horizontal::BEHAVIOR,
    ])
});

/// The longest name of a container or an object.
const NAME_MAX: usize = 253;
/// The most containers of one workload with settings of their own; Kubernetes has no bound, and
/// pods have a handful.
const CONTAINERS_MAX: usize = 128;

/// The word with which a value says that another setting decides.
pub(super) const INHERIT: &str = "inherit";
/// The word with which a bound says that there is none.
pub(super) const NONE: &str = "none";

const APPLY_TYPES: &[&str] = &["immediate", "deferred"];
const MODES: Kind = Kind::Word(&["Apply", "Recommend"]);

/// The page that describes the annotation today.
const REFERENCE: &str = "docs.cast.ai: annotations reference";
/// The schema of Cast AI's Terraform provider.
const PROVIDER: &str =
    "docs.cast.ai: annotations reference; ranges from the Cast AI Terraform provider";
/// What policies of Cast AI have beside what the annotation's description has.
const API: &str = "Cast AI API and Terraform provider";
/// Nobody's but ours.
const OURS: &str = "ours";

fn tree(parts: &[&'static [Field]]) -> Tree {
    Tree::of(parts.iter().flat_map(|part| part.iter().copied()))
}
