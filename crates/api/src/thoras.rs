//! The Thoras dialect: AIScaleTarget, ClusterAIScaleTemplate and DaemonSetAutoscaler of group
//! `thoras.ai`, as custom resources and read into settings.

mod crd;
mod make;
mod read;
mod refused;
mod rules;
mod schema;
mod status;
mod table;
mod validate;

pub use crd::{THORAS_GROUP, THORAS_VERSION, thoras_crds};
pub use make::target_from_template;
pub use read::{
    Conflict, Selects, TEMPLATE_ANNOTATION, Target, Template, read_daemon_set_autoscaler,
    read_target, read_template,
};
pub(crate) use refused::refused;
pub use status::{
    TargetFacts, TargetedWorkload, TemplateFacts, status_of_daemon_set_autoscaler,
    status_of_target, status_of_template,
};
pub use validate::validate;

use std::sync::LazyLock;

use crate::fields::Tree;

/// What stands in the status of each kind of object.
pub(crate) static STATUSES: LazyLock<[Tree; 3]> = LazyLock::new(|| {
    [&table::TARGET, &table::TEMPLATE, &table::DAEMON_SET]
        .map(|table| table::status_tree(&table.status))
});

/// What is known of each kind of object.
pub(crate) fn trees() -> [(&'static str, &'static Tree); 3] {
    [
        ("AIScaleTarget", &table::TARGET_TREE),
        ("ClusterAIScaleTemplate", &table::TEMPLATE_TREE),
        ("DaemonSetAutoscaler", &table::DAEMON_SET_TREE),
    ]
}
