//! Assignment rules.

use plimsoll_policy::{LabelExpression, NamespaceRule, Operator, Rule, WorkloadRule};
use serde_json::{Map, Value as Json, json};

use crate::read::{Place, Reader};

/// Reads all rules. One of which anything is refused or unknown would match more than it was written
/// for: it stays in its place, and matches nothing.
pub(super) fn read(reader: &mut Reader, place: &Place<'_>) -> Option<Vec<Rule>> {
    place.is_given().then(|| place.elements().map(|rule| one(reader, &rule)).collect())
}

fn one(reader: &mut Reader, place: &Place<'_>) -> Rule {
    let namespaces = place.get("namespaces");
    let workloads = place.get("workloads");
    let rule = Rule {
        namespaces: namespaces.is_group().then(|| NamespaceRule {
            names: texts(reader, &namespaces.get("names")),
            patterns: texts(reader, &namespaces.get("patterns")),
            labels: labels(reader, &namespaces.get("labels")),
        }),
        workloads: workloads.is_group().then(|| WorkloadRule {
            kinds: texts(reader, &workloads.get("kinds")),
            labels: labels(reader, &workloads.get("labels")),
        }),
    };
    // An unknown field is a condition that we do not understand.
    if reader.is_remarked_on(&place.path()) { nothing() } else { rule }
}

fn labels(reader: &mut Reader, place: &Place<'_>) -> Vec<LabelExpression> {
    let mut all = Vec::new();
    for place in place.elements() {
        let operator = reader.word(&place.get("operator"));
        let operator = Operator::ALL.into_iter().find(|known| Some(known.name()) == operator);
        let key = reader.text(&place.get("key"));
        let values = texts(reader, &place.get("values"));
        all.extend(operator.map(|operator| LabelExpression { key, operator, values }));
    }
    all
}

fn texts(reader: &mut Reader, place: &Place<'_>) -> Vec<String> {
    reader.texts(place).unwrap_or_default()
}

/// A rule that matches nothing: no workload has a kind without a name.
fn nothing() -> Rule {
    let kinds = vec!["-".to_owned()];
    Rule { namespaces: None, workloads: Some(WorkloadRule { kinds, labels: Vec::new() }) }
}

/// A rule as it is written in a ScalingPolicy.
pub fn write_rule(rule: &Rule) -> Json {
    let Rule { namespaces, workloads } = rule;
    let mut written = Map::new();
    if let Some(NamespaceRule { names, patterns, labels }) = namespaces {
        let lists = [
            ("names", json!(names)),
            ("patterns", json!(patterns)),
            ("labels", write_labels(labels)),
        ];
        written.insert("namespaces".to_owned(), given(lists));
    }
    if let Some(WorkloadRule { kinds, labels }) = workloads {
        let lists = [("kinds", json!(kinds)), ("labels", write_labels(labels))];
        written.insert("workloads".to_owned(), given(lists));
    }
    Json::Object(written)
}

fn write_labels(labels: &[LabelExpression]) -> Json {
    let write = |LabelExpression { key, operator, values }: &LabelExpression| {
        let mut written = json!({"operator": operator.name()});
        if let Some(key) = key {
            written["key"] = json!(key);
        }
        if !values.is_empty() {
            written["values"] = json!(values);
        }
        written
    };
    labels.iter().map(write).collect()
}

/// The lists that are not empty.
fn given<const N: usize>(lists: [(&str, Json); N]) -> Json {
    let lists =
        lists.into_iter().filter(|(_, list)| list.as_array().is_some_and(|list| !list.is_empty()));
    Json::Object(lists.map(|(name, list)| (name.to_owned(), list)).collect())
}
