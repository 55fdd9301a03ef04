//! Numbers of replicas: no effect yet, but checked in full, since whoever relies on them should
//! learn of a slip before they have one. What each value may be is in the table; here is what
//! depends on others.

use crate::document::Value;
use crate::fields::Kind;
use crate::read::{Place, Reader};

/// Types of targets, and the field that each has.
const TARGETS: [(&str, &str); 3] =
    [("Utilization", "averageUtilization"), ("AverageValue", "averageValue"), ("Value", "value")];

/// Checks `horizontal`. Where anything of it is refused, nothing of it is kept.
pub(super) fn check(reader: &mut Reader, place: &Place<'_>) {
    replicas(reader, place);
    if is_true(&place.get("useNative")) {
        native(reader, place);
    } else {
        older(reader, place);
    }
    reader.forget_refused("horizontal");
}

fn replicas(reader: &mut Reader, place: &Place<'_>) {
    let [min, max] = ["minReplicas", "maxReplicas"].map(|name| place.get(name));
    let number = |place: &Place<'_>| reader.kept(&place.path())?.parse::<i64>().ok();
    let (Some(least), Some(greatest)) = (number(&min), number(&max)) else { return };
    if least > greatest {
        let message = format!("found {greatest}, expected at least minReplicas, {least}");
        reader.error(&max, message);
    }
}

/// With a HorizontalPodAutoscaler.
fn native(reader: &mut Reader, place: &Place<'_>) {
    let metrics = place.get("metrics");
    if metrics.elements().next().is_none() {
        reader.error(place, "lacks metrics, expected at least one with useNative".to_owned());
    }
    for metric in metrics.elements() {
        of_type(reader, &metric);
    }
    for name in ["scaleDown", "shortAverage"] {
        ignored(reader, &place.get(name), "is ignored with useNative");
    }
}

/// The algorithm of before.
fn older(reader: &mut Reader, place: &Place<'_>) {
    for name in ["metrics", "behavior", "takeOwnership"] {
        ignored(reader, &place.get(name), "is ignored without useNative");
    }
}

/// The groups that say more of a metric: each is called like its type.
const METRICS: [&str; 5] = ["resource", "containerResource", "pods", "object", "external"];

/// Whether a metric has the group of its type, and none of another.
fn of_type(reader: &mut Reader, metric: &Place<'_>) {
    let Some(found) = kind_of(metric) else { return };
    for name in METRICS {
        let group = metric.get(name);
        if name != found {
            ignored(reader, &group, &format!("is ignored with type {found}"));
        } else if group.is_given() {
            target(reader, &group.get("target"));
        } else if metric.field().is_some_and(|field| !field.required.contains(&name)) {
            reader.error(metric, format!("lacks {name}, expected it with type {found}"));
        }
    }
}

/// The type that is written in a group.
fn kind_of(group: &Place<'_>) -> Option<&'static str> {
    let kind = group.get("type");
    match (kind.value(), kind.field()) {
        (Some(Value::Scalar(text)), Some(field)) => field.kind.word(text.trim()),
        _ => None,
    }
}

/// Whether a target has the field of its type, and none of another.
fn target(reader: &mut Reader, place: &Place<'_>) {
    let Some(found) = kind_of(place) else { return };
    for (of, name) in TARGETS {
        let field = place.get(name);
        if of == found && !field.is_given() {
            reader.error(place, format!("lacks {name}, expected it with type {of}"));
        } else if of != found {
            ignored(reader, &field, &format!("is ignored with type {found}"));
        }
    }
}

fn ignored(reader: &mut Reader, field: &Place<'_>, why: &str) {
    if field.is_given() {
        reader.warn(field, why.to_owned());
    }
}

fn is_true(place: &Place<'_>) -> bool {
    match place.value() {
        Some(Value::Scalar(text)) => Kind::boolean(text.trim()) == Some(true),
        _ => false,
    }
}
