//! What Cast AI's policies say beside the description of the annotation: Java, GPUs, and what becomes of
//! other autoscalers. None of it has an effect yet.

use super::{API, NAME_MAX};
use crate::fields::{Field, Kind};

/// The most rules for other autoscalers; there is one type.
const CONVERTERS_MAX: usize = 8;

pub(super) const BOTH: &[Field] = &[
    new("vertical.jvm", Kind::Group, "Java programs.").since("provider 2026-03"),
    new(
        "vertical.jvm.autoInstrument",
        Kind::Boolean,
        "Whether an agent that reports on the heap is put beside Java programs.",
    )
    .since("provider 2026-03")
    .else_holds("false"),
    new("vertical.jvm.memory", Kind::Group, "The heap.").since("provider 2026-03"),
    new(
        "vertical.jvm.memory.optimization",
        Kind::Switch,
        "Whether the heap follows the memory request.",
    )
    .since("provider 2026-03"),
    new("vertical.containers.*.jvm", Kind::Group, "Java in this container.")
        .since("provider 2026-03"),
    new("vertical.containers.*.jvm.enabled", Kind::Boolean, "Whether it runs Java.")
        .since("provider 2026-03"),
    new(
        "vertical.containers.*.jvm.autoInstrument",
        Kind::Boolean,
        "The same for this container.",
    )
    .since("provider 2026-03"),
    new(
        "vertical.containers.*.jvm.optionsEnvVar",
        Kind::Text(NAME_MAX),
        "The variable of its environment through which Java takes options.",
    )
    .since("provider 2026-03")
    .else_holds("JAVA_OPTS"),
    new("vertical.gpu", Kind::Group, "GPUs."),
    new(
        "vertical.gpu.managementOption",
        Kind::Word(&["MANAGED", "READ_ONLY"]),
        "Whether recommendations for GPUs are applied or shown.",
    ),
    new(
        "vertical.hpaConverters",
        Kind::List(CONVERTERS_MAX),
        "What becomes of a HorizontalPodAutoscaler that follows a share of requests.",
    )
    .since("provider 2026-07")
    .requires(&["type"]),
    new(
        "vertical.hpaConverters[].type",
        Kind::Word(&["AVERAGE_VALUE_FROM_ORIGINAL_REQUESTS"]),
        "`AVERAGE_VALUE_FROM_ORIGINAL_REQUESTS`: it follows the amount that is that share of the template's requests.",
    )
    .since("provider 2026-07"),
    new(
        "vertical.startup.twoPhaseRecommendations",
        Kind::Group,
        "Other requests while a container starts than after it.",
    )
    .since("provider 2026-07"),
    new("vertical.startup.twoPhaseRecommendations.enabled", Kind::Boolean, "Whether there are.")
        .since("provider 2026-07")
        .else_holds("false"),
    new(
        "vertical.startup.twoPhaseRecommendations.requestsOnStartup",
        Kind::Group,
        "The requests while it starts.",
    )
    .since("provider 2026-07"),
    new(
        "vertical.startup.twoPhaseRecommendations.requestsOnStartup.{cpuCores,memoryGib}",
        Kind::Number(0.0, f64::INFINITY),
        "In cores and in GiB.",
    )
    .since("provider 2026-07"),
    new(
        "vertical.anomalyDetection.infiniteMemoryScaling",
        Kind::Group,
        "Memory that grows without end.",
    )
    .since("provider 2026-03"),
    new(
        "vertical.anomalyDetection.infiniteMemoryScaling.enabled",
        Kind::Boolean,
        "Whether such growth ends the raising of memory.",
    )
    .since("provider 2026-03"),
];

const fn new(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field::new(path, kind, doc).since("API").source(API).later()
}
