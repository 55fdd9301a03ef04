//! What the program writes into the status of the three objects. Fields of the lists that it does
//! not fill are taken as well, so that objects of another owner stay valid.

use super::row::{Kind, Row, row};
use super::{Part, part};

/// The most conditions: the program has four.
const CONDITIONS_MAX: u32 = 16;
/// The most containers that are spoken of: those of all workloads that a selector matches.
const CONTAINERS_MAX: u32 = 4096;

pub(super) const TARGET: &[Part] = &[
    part("", TOP),
    part(
        "",
        &[
            row("labelSelector", Kind::Text, "The pods, as a selector."),
            row("lastCollectionTime", Kind::Time, "Not filled.").later(),
            row(
                "lastOOMTime",
                Kind::Time,
                "When a container was last killed for exceeding its memory.",
            ),
            row("lastOOMMemoryAdjusted", Kind::Time, "When such a kill last raised memory."),
            row("lastProcessedSuggestionUID", Kind::Text, "Not filled.").later(),
            row(
                "oomAdjustedMemory",
                Kind::Any,
                "The least memory since such a kill, by container.",
            ),
            row(
                "oomKilledContainers[]",
                Kind::Texts(CONTAINERS_MAX),
                "The containers that were killed.",
            ),
            row(
                "oomStabilizationWindowExpiry",
                Kind::Time,
                "Until when that memory is not lowered.",
            ),
            row("previousVerticalMode", Kind::Text, "Not filled.").later(),
            row("replicas", Kind::Quantity, "The pods wanted."),
            row("thorasSuggestedReplicas", Kind::Quantity, "Not filled.").later(),
        ],
    ),
    part("conditions[]", CONDITION),
    part("horizontalSuggestion", SUGGESTION),
    part("horizontalSuggestion", REPLICAS),
    part("horizontalSuggestion", ERROR),
    part("latestSuggestion", SUGGESTION),
    part("latestSuggestion", REPLICAS),
    part("latestSuggestion", LATEST),
    part("verticalSuggestion", SUGGESTION),
    part("verticalSuggestion", ERROR),
    part("verticalSuggestion.containers[]", CONTAINER),
];

pub(super) const TEMPLATE: &[Part] = &[part("", TOP), part("conditions[]", CONDITION)];

pub(super) const DAEMON_SET: &[Part] = &[
    part("", TOP),
    part("conditions[]", CONDITION),
    part(
        "",
        &[
            row("lastResizedAt", Kind::Time, "When a pod was last changed."),
            row("podsObserved", Kind::Integer(0), "How many pods run."),
            row("podsResized", Kind::Integer(0), "How many of them have the recommended values."),
        ],
    ),
];

const TOP: &[Row] = &[row("", Kind::Group, "What was found and done. Written by the controller.")];

const CONDITION: &[Row] = &[
    row("", Kind::List(CONDITIONS_MAX), "The state of the object in Kubernetes' form."),
    row("type", Kind::Text, "What it is about.").required(),
    row("status", Kind::Word(&["True", "False", "Unknown"]), "Whether it holds.").required(),
    row("reason", Kind::Text, "Why, in one word.").required(),
    row("message", Kind::Text, "Why, in one sentence.").required(),
    row("lastTransitionTime", Kind::Time, "Since when.").required(),
    row("observedGeneration", Kind::Integer(0), "For which generation of the object."),
];

const SUGGESTION: &[Row] = &[
    row("", Kind::Group, "What is recommended."),
    row("start", Kind::Time, "From when on.").required(),
    row("end", Kind::Time, "Until when.").required(),
    row("hasEnoughDataToScale", Kind::Boolean, "Whether enough usage was seen.").required(),
    row("suggestionUID", Kind::Text, "Which recommendation it is: another value has another."),
];

const ERROR: &[Row] = &[row("forecastError", Kind::Text, "Why there is none.")];

const REPLICAS: &[Row] = &[
    row("currentReplicas", Kind::Integer(0), "The pods wanted.").required(),
    row("suggestedReplicas", Kind::Integer(0), "The pods that are recommended.").required(),
];

const LATEST: &[Row] = &[
    row("forecastErrorGeneral", Kind::Text, "Why there is no recommendation."),
    row("forecastErrorHorizontal", Kind::Text, "Not filled.").later(),
    row("forecastErrorVertical", Kind::Text, "Why there is no recommendation of sizes."),
    row("forecastedTotals[]", Kind::List(CONTAINERS_MAX), "Not filled.").later(),
    row("forecastedTotals[].metric", Kind::Text, "The metric.").required(),
    row("forecastedTotals[].metricType", Kind::Text, "Its type."),
    row("forecastedTotals[].targetName", Kind::Text, "Of what.").required(),
    row("forecastedTotals[].targetType", Kind::Text, "What kind of thing that is.").required(),
    row("forecastedTotals[].value", Kind::Quantity, "The value.").required(),
    row("resourceRecommendations[]", Kind::List(CONTAINERS_MAX), "Requests by container."),
    row("resourceRecommendations[].container", Kind::Text, "The container.").required(),
    row("resourceRecommendations[].recommendations[]", Kind::List(16), "Its requests.").required(),
    row("resourceRecommendations[].recommendations[].resource", Kind::Text, "The resource.")
        .required(),
    row("resourceRecommendations[].recommendations[].value", Kind::Quantity, "The request.")
        .required(),
];

const CONTAINER: &[Row] = &[
    row("", Kind::List(CONTAINERS_MAX), "By container."),
    row("name", Kind::Text, "The container.").required(),
    row("resources", Kind::Group, "Requests and limits.").required(),
    row("resources.requests", Kind::Map(16), "Requests."),
    row("resources.requests.*", Kind::Quantity, "By resource."),
    row("resources.limits", Kind::Map(16), "Limits."),
    row("resources.limits.*", Kind::Quantity, "By resource."),
    row("resources.claims[]", Kind::List(64), "Not filled.").later(),
    row("resources.claims[].name", Kind::Text, "The claim.").required(),
    row("resources.claims[].request", Kind::Text, "What of it."),
    row("jvm_args", Kind::Group, "Not filled.").later(),
    row("jvm_args.max_heap_size", Kind::Quantity, "-Xmx.").required(),
    row("jvm_args.min_heap_size", Kind::Quantity, "-Xms.").required(),
];
