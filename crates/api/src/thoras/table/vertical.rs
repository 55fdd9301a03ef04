//! Sizes of containers: `vertical`.

use super::row::{Kind, Row, row};

/// Whether something is changed or only shown; the first two words say that it is changed.
pub(in crate::thoras) const MODES: &[&str] =
    &["autonomous", "auto", "recommendation", "recommend", "rec", "observe", "observation"];

/// The most containers that are listed; Kubernetes has no bound, and pods have a handful.
pub(super) const CONTAINERS_MAX: u32 = 128;

pub(super) const ROWS: &[Row] = &[
    row("", Kind::Group, "Sizes of containers. Without it they are recommended, never changed."),
    row(
        "mode",
        Kind::Word(MODES),
        "`autonomous` or `auto`: what is recommended is applied; any other word: it is shown.",
    )
    .required(),
    row(
        "containers[]",
        Kind::List(CONTAINERS_MAX),
        "The containers that are scaled; others keep what their template says.",
    )
    .required(),
    row(
        "containers[].name",
        Kind::Text,
        "The container, or `*` for every container without an entry of its own.",
    )
    .required(),
    row(
        "containers[].cpu",
        Kind::GroupOrNull,
        "Its CPU. Without it the container keeps the CPU of its template.",
    ),
    row(
        "containers[].memory",
        Kind::GroupOrNull,
        "Its memory. Without it the container keeps the memory of its template.",
    ),
    row("containers[].jvm_options", Kind::Group, "For a container that runs a Java virtual machine.")
        .newer()
        .later(),
    row("update_policy", Kind::Group, "How running pods get new values.").newer(),
    row(
        "update_policy.update_mode",
        Kind::Word(UPDATE_MODES),
        "`initial`: only new pods get them. With all others running pods are changed in place where that is possible; replacing those where it is not (`recreate`, `in_place_or_recreate`) is not in effect yet.",
    )
    .written("\"recreate\"")
    .newer(),
    row(
        "update_policy.recreate_resources[]",
        Kind::Texts(8),
        "The resources whose change is worth replacing a pod: `cpu`, `memory`.",
    )
    .written("[\"memory\"]")
    .newer()
    .later(),
    row("in_place_resizing", Kind::Group, "The older form of update_policy."),
    row(
        "in_place_resizing.enabled",
        Kind::Boolean,
        "`true`: as update_mode `in_place_or_recreate`; `false`: running pods are not changed in place.",
    ),
    row(
        "in_place_resizing.allow_restart_on_memory_limit_decrease",
        Kind::Boolean,
        "Whether a container may restart for a lower memory limit.",
    )
    .later(),
    row("disruption", Kind::Group, "How many pods may be disrupted at a time.").newer().later(),
    row(
        "disruption.max_disrupted",
        Kind::Pods,
        "At most this many pods, or this share of the pods wanted, whatever disrupts them.",
    )
    .written("\"20%\"")
    .newer()
    .later(),
    row("disruption.interval", Kind::Duration, "The time between two batches of evictions.")
        .written("\"60s\"")
        .newer()
        .later(),
    row("oom_remediation", Kind::Group, "What a kill for exceeding the memory limit leads to.")
        .newer(),
    row(
        "oom_remediation.enabled",
        Kind::Boolean,
        "Whether it raises that container's memory. Left out it does; Thoras needs it said.",
    )
    .otherwise("true")
    .newer(),
    row(
        "oom_remediation.stabilization_window",
        Kind::Duration,
        "How long the raised memory is not lowered again.",
    )
    .otherwise("forecast_interval, at least 1h")
    .newer(),
    row(
        "scaling_behavior",
        Kind::Group,
        "How great a change must be to be made. What is left open: more than 10 % of what is there.",
    ),
];

/// How running pods get new values.
pub(in crate::thoras) const UPDATE_MODES: &[&str] =
    &["initial", "recreate", "in_place_or_recreate", "in_place"];

/// What is said of one resource of a container.
pub(super) const RESOURCE: &[Row] = &[
    row(
        "lowerbound",
        Kind::Quantity,
        "The least request. With 0, and in objects that lack it: 10m of CPU, 10Mi of memory.",
    )
    .required(),
    row(
        "upperbound",
        Kind::Quantity,
        "The greatest request. An existing limit that stays is one too.",
    ),
    row("limit", Kind::Group, "What becomes of the limit. Without it the limit stays as it is."),
    row("limit.ratio", Kind::Factor, "The limit is the request times this; 1 or more.").required(),
];

/// What is said of a Java virtual machine.
pub(super) const JVM: &[Row] = &[
    row(
        "enable_auto_heap_size",
        Kind::Boolean,
        "Whether the heap is sized with the memory; needs memory.limit. Until it is in effect, the container's memory is recommended and not changed.",
    )
    .newer()
    .later(),
    row("xmx_buffer", Kind::Percent, "What -Xmx has above the heap used.")
        .written("\"10%\"")
        .newer()
        .later(),
    row("xms_ratio", Kind::Percent, "-Xms as a share of -Xmx.").written("\"80%\"").newer().later(),
    row("memory_buffer", Kind::Percent, "What the container has above heap and other memory.")
        .written("\"10%\"")
        .newer()
        .later(),
    row("xmx_bounds", Kind::Group, "The least and the greatest -Xmx.").newer().later(),
];

/// The bounds of a heap.
pub(super) const HEAP: &[Row] = &[
    row("lowerbound", Kind::Quantity, "The least.").required().newer().later(),
    row("upperbound", Kind::Quantity, "The greatest.").newer().later(),
    row("limit", Kind::Group, "Read and not used.").newer().later(),
    row("limit.ratio", Kind::Factor, "Read and not used.").required().newer().later(),
];

/// Thresholds of vertical changes.
pub(super) const BEHAVIOR: &[Row] = &[
    row("scale_up", Kind::Group, "For raising."),
    row("scale_up.type", Kind::Word(THRESHOLDS), "Which of percent and absolute counts.")
        .required(),
    row(
        "scale_up.percent",
        Kind::Integer(0),
        "The change must exceed this share of what is there.",
    ),
    row("scale_up.absolute", Kind::Map(8), "The change must exceed this amount."),
    row("scale_up.absolute.*", Kind::Quantity, "By `cpu` and `memory`."),
    row("scale_down", Kind::Group, "For lowering."),
    row("scale_down.type", Kind::Word(THRESHOLDS), "Which of percent and absolute counts.")
        .required(),
    row(
        "scale_down.percent",
        Kind::Integer(0),
        "The change must exceed this share of what is there.",
    ),
    row("scale_down.absolute", Kind::Map(8), "The change must exceed this amount."),
    row("scale_down.absolute.*", Kind::Quantity, "By `cpu` and `memory`."),
];

/// The two forms of a threshold.
pub(in crate::thoras) const THRESHOLDS: &[&str] = &["percent", "absolute"];
