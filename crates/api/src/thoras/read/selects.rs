//! Which workloads a target is for.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use kube::core::Selector;

use crate::document::Value;
use crate::read::{Place, Reader};

/// The workloads that a target is for, all in its own namespace.
#[derive(Clone, Debug, PartialEq)]
pub enum Selects {
    /// One workload.
    ByName {
        /// Its API version, where that is given.
        api_version: Option<String>,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
    /// Those whose pods have these labels.
    BySelector(Selector),
    /// None: it names none, or one elsewhere.
    Nothing,
}

/// Reads `scaleTargetRef` and `selector`.
pub(super) fn read(spec: &Place<'_>, namespace: &str, reader: &mut Reader) -> Selects {
    let (reference, selector) = (spec.get("scaleTargetRef"), spec.get("selector"));
    match (reference.is_given(), selector.is_given()) {
        (true, false) => by_name(&reference, namespace, reader),
        (false, true) => {
            by_selector(&selector, reader).map_or(Selects::Nothing, Selects::BySelector)
        }
        (given, _) => {
            let found = if given { "both are there" } else { "neither is there" };
            let message =
                format!("{found}: name one workload with scaleTargetRef or several with selector");
            reader.error(spec, message);
            Selects::Nothing
        }
    }
}

fn by_name(reference: &Place<'_>, namespace: &str, reader: &mut Reader) -> Selects {
    let mut text = |key| {
        let place = reference.get(key);
        let found = reader.text(&place);
        if !place.is_given() {
            reader.error(reference, format!("lacks {key}, expected the workload's kind and name"));
        }
        found
    };
    let (kind, name) = (text("kind"), text("name"));
    let api_version = reader.text(&reference.get("apiVersion"));
    let elsewhere = reference.get("namespace");
    if let Some(other) =
        reader.text(&elsewhere).filter(|other| !namespace.is_empty() && other != namespace)
    {
        let message = format!(
            "names the namespace {other:?}, and a workload must be in that of the AIScaleTarget: leave it out, and create the AIScaleTarget there"
        );
        reader.error(&elsewhere, message);
        return Selects::Nothing;
    }
    match (kind, name) {
        (Some(kind), Some(name)) => Selects::ByName { api_version, kind, name },
        _ => Selects::Nothing,
    }
}

/// Reads a label selector; `None` when it is refused.
pub(super) fn by_selector(place: &Place<'_>, reader: &mut Reader) -> Option<Selector> {
    let labels = place.get("matchLabels");
    let match_labels = labels
        .entries()
        .filter_map(|(key, value)| match value.value() {
            Some(Value::Scalar(text)) => Some((key.to_owned(), text.clone())),
            _ => None,
        })
        .collect();
    let expressions = place.get("matchExpressions");
    let match_expressions: Option<Vec<_>> =
        expressions.elements().map(|element| requirement(&element, reader)).collect();
    let selector = LabelSelector {
        match_labels: Some(match_labels),
        match_expressions: Some(match_expressions?),
    };
    let selector = Selector::try_from(selector).ok();
    match &selector {
        None => {
            reader.error(place, "expected operators In, NotIn, Exists and DoesNotExist".to_owned());
        }
        Some(selector) if selector.selects_all() => {
            let message = "is empty and matches everything; write matchLabels to narrow it";
            reader.warn(place, message.to_owned());
        }
        Some(_) => {}
    }
    selector
}

fn requirement(place: &Place<'_>, reader: &mut Reader) -> Option<LabelSelectorRequirement> {
    const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];
    let (at_key, at_operator, at_values) =
        (place.get("key"), place.get("operator"), place.get("values"));
    let key = reader.text(&at_key);
    let operator = reader.text(&at_operator);
    let (Some(key), Some(operator)) = (key, operator) else {
        if !at_key.is_given() || !at_operator.is_given() {
            reader.error(place, "expected a key and an operator".to_owned());
        }
        return None;
    };
    if !OPERATORS.contains(&&*operator) {
        let message = format!("found {operator:?}, expected In, NotIn, Exists or DoesNotExist");
        reader.error(&at_operator, message);
        return None;
    }
    let values = at_values.is_given().then(|| reader.texts(&at_values)).flatten();
    let needs_values = matches!(&*operator, "In" | "NotIn");
    if needs_values && values.is_none() {
        reader.error(place, format!("has operator {operator}, expected values with it"));
        return None;
    }
    Some(LabelSelectorRequirement { key, operator, values: values.filter(|_| needs_values) })
}
