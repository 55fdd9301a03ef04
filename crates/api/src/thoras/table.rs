//! Every field of the three `thoras.ai` objects, as data. The schemas of the custom resources, the
//! remarks on unknown fields and on those without effect, and the reference page all come from here.
//!
//! A field is written once even where it occurs at several places: a [`Part`] says under which path
//! a list of rows stands, and [`Table`] joins them.

mod daemon_set;
mod field;
mod horizontal;
mod legacy;
mod metric;
mod model;
mod row;
mod status;
mod target;
mod template;
mod vertical;

use std::sync::LazyLock;

pub(super) use field::{DAEMON_SET_TREE, TARGET_TREE, TEMPLATE_TREE, status as status_tree};
pub(super) use metric::TYPES as METRIC_TYPES;
pub(super) use row::{Kind, Row};

/// The fields of one kind of object.
#[derive(Debug)]
pub(super) struct Table {
    /// `spec` and everything below it, in the order of the reference page.
    pub(super) spec: Vec<Row>,
    /// `status` and everything below it.
    pub(super) status: Vec<Row>,
}

/// Rows, and the path that they stand under.
pub(super) struct Part {
    at: &'static str,
    rows: &'static [Row],
}

/// AIScaleTarget.
pub(super) static TARGET: LazyLock<Table> = LazyLock::new(|| Table {
    spec: [join("spec", target::PARTS), join("spec", SCALING), join("spec", legacy::PARTS)]
        .concat(),
    status: join("status", status::TARGET),
});

/// ClusterAIScaleTemplate.
pub(super) static TEMPLATE: LazyLock<Table> = LazyLock::new(|| Table {
    spec: [join("spec", template::PARTS), join("spec.template", SCALING)].concat(),
    status: join("status", status::TEMPLATE),
});

/// DaemonSetAutoscaler.
pub(super) static DAEMON_SET: LazyLock<Table> = LazyLock::new(|| Table {
    spec: join("spec", daemon_set::PARTS),
    status: join("status", status::DAEMON_SET),
});

/// What a target says of its workload, and a template of the targets it makes.
const SCALING: &[Part] = &[
    part("model", model::ROWS),
    part("vertical", vertical::ROWS),
    part("vertical.containers[].cpu", vertical::RESOURCE),
    part("vertical.containers[].memory", vertical::RESOURCE),
    part("vertical.containers[].jvm_options", vertical::JVM),
    part("vertical.containers[].jvm_options.xmx_bounds", vertical::HEAP),
    part("vertical.model", model::ROWS_OF_ONE_DIRECTION),
    part("vertical.scaling_behavior", vertical::BEHAVIOR),
    part("horizontal", horizontal::ROWS),
    part("horizontal.model", model::ROWS_WITHOUT_EFFECT),
    part("horizontal.scaling_behavior", horizontal::BEHAVIOR),
    part("horizontal.additional_metrics[]", metric::ROWS),
    part("horizontal.additional_metrics[].containerResource", metric::CONTAINER_RESOURCE),
    part("horizontal.additional_metrics[].external", metric::EXTERNAL),
    part("horizontal.additional_metrics[].object", metric::OBJECT),
    part("horizontal.additional_metrics[].pods", metric::PODS),
    part("horizontal.additional_metrics[].resource", metric::RESOURCE),
];

const fn part(at: &'static str, rows: &'static [Row]) -> Part {
    Part { at, rows }
}

/// All rows with their full paths. They live as long as the program, once for each kind of object.
fn join(top: &str, parts: &[Part]) -> Vec<Row> {
    let rows = parts.iter().flat_map(|part| part.rows.iter().map(move |row| (part.at, row)));
    rows.map(|(at, row)| {
        let steps: Vec<&str> =
            [top, at, row.path].into_iter().filter(|step| !step.is_empty()).collect();
        Row { path: steps.join(".").leak(), ..*row }
    })
    .collect()
}
