//! `horizontal`: checked in full, so that nothing comes as a surprise when it takes effect.

use plimsoll_domain::Mode;

use super::{model, vertical};
use crate::document::Value;
use crate::read::{Place, Reader};
use crate::thoras::table::METRIC_TYPES;

/// Reads `horizontal` below `spec`.
pub(super) fn read(spec: &Place<'_>, reader: &mut Reader) -> Option<Mode> {
    let place = spec.get("horizontal");
    if !place.is_group() {
        return None;
    }
    if spec.get("selector").is_given() {
        let message = "stands beside selector, which is for sizes only: leave horizontal out, or name one workload with scaleTargetRef";
        reader.error(&place, message.to_owned());
    }
    let own = place.get("model");
    if own.is_given() {
        model::read(&own, reader);
    }
    replicas(&place, reader);
    for way in ["scale_up", "scale_down"] {
        threshold(&place.get("scaling_behavior").get(way), reader);
    }
    for metric in place.get("additional_metrics").elements() {
        self::metric(&metric, reader);
    }
    vertical::mode(&place.get("mode"), reader)
}

fn replicas(place: &Place<'_>, reader: &mut Reader) {
    let (at_min, at_max) = (place.get("minReplicas"), place.get("maxReplicas"));
    let (at_multiple, at_allowed) = (place.get("multipleOf"), place.get("allowedReplicas"));
    let (min, max, multiple) = (whole(&at_min), whole(&at_max), whole(&at_multiple));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        reader.error(&at_min, format!("is {min}, and maxReplicas is {max}: make it at most that"));
    }
    if let (Some(multiple), Some(max)) = (multiple, max)
        && multiple > max
    {
        let message = format!("is {multiple}, and maxReplicas is {max}: make it at most that");
        reader.error(&at_multiple, message);
    }
    if at_allowed.is_given() && at_multiple.is_given() {
        reader.error(&at_allowed, "stands beside multipleOf: write one of the two".to_owned());
    }
    for element in at_allowed.elements() {
        let Some(allowed) = whole(&element) else { continue };
        if min.is_some_and(|min| allowed < min) || max.is_some_and(|max| allowed > max) {
            let message = "is outside of minReplicas to maxReplicas: leave it out, or widen those";
            reader.error(&element, message.to_owned());
        }
    }
}

/// A whole number; what is none is remarked on where fields without effect are.
fn whole(place: &Place<'_>) -> Option<i64> {
    match place.value()? {
        Value::Scalar(text) => text.parse().ok(),
        Value::Map(_) | Value::Seq(_) | Value::Null => None,
    }
}

fn threshold(place: &Place<'_>, reader: &mut Reader) {
    let Some(kind) = word(&place.get("type")) else { return };
    let example = match kind {
        "percent" if !place.get("percent").is_given() => "percent: 20",
        "absolute" if !place.get("absolute").is_given() => "absolute: {pods: 2}",
        _ => "",
    };
    if !example.is_empty() {
        reader.error(place, format!("has type {kind}, expected {kind} with it, such as {example}"));
    }
    for (name, at) in place.get("absolute").entries() {
        if name != "pods" {
            reader.error(&at, "is no amount of pods, expected pods".to_owned());
        }
    }
}

fn metric(place: &Place<'_>, reader: &mut Reader) {
    let at = place.get("type");
    let Some(kind) = word(&at) else { return };
    match METRIC_TYPES.iter().find(|(name, _)| *name == kind) {
        None => {
            let names: Vec<&str> = METRIC_TYPES.iter().map(|(name, _)| *name).collect();
            reader.error(&at, format!("found {kind:?}, expected one of {}", names.join(", ")));
        }
        Some((_, group)) if !place.get(group).is_group() => {
            reader.error(place, format!("has type {kind}, expected {group} with it"));
        }
        Some((_, group)) => target(&place.get(group).get("target"), reader),
    }
}

/// The value a metric is held at, under the name that its type says.
fn target(place: &Place<'_>, reader: &mut Reader) {
    let at = place.get("type");
    let Some(kind) = word(&at) else { return };
    let name = match kind {
        "Utilization" => "averageUtilization",
        "Value" => "value",
        "AverageValue" => "averageValue",
        _ => {
            let message = format!("found {kind:?}, expected Utilization, Value or AverageValue");
            return reader.error(&at, message);
        }
    };
    if !place.get(name).is_given() {
        reader.error(place, format!("has type {kind}, expected {name} with it"));
    }
}

fn word<'a>(place: &Place<'a>) -> Option<&'a str> {
    match place.value()? {
        Value::Scalar(text) => Some(text.trim()),
        Value::Map(_) | Value::Seq(_) | Value::Null => None,
    }
}
