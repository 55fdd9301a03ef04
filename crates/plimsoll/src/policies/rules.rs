//! An assignment rule as a sentence.

use plimsoll_policy::{LabelExpression, Rule};

/// `namespaces named kube-system; kinds Deployment, StatefulSet.apps; labels app In (web)`.
pub(super) fn sentence(rule: &Rule) -> String {
    let mut parts = Vec::new();
    if let Some(namespaces) = &rule.namespaces {
        add(&mut parts, "namespaces named", namespaces.names.iter().cloned());
        add(&mut parts, "namespaces like", namespaces.patterns.iter().cloned());
        add(&mut parts, "namespaces labelled", namespaces.labels.iter().map(expression));
    }
    if let Some(workloads) = &rule.workloads {
        add(&mut parts, "kinds", workloads.kinds.iter().cloned());
        add(&mut parts, "labels", workloads.labels.iter().map(expression));
    }
    if parts.is_empty() { "every workload".to_owned() } else { parts.join("; ") }
}

fn add(parts: &mut Vec<String>, what: &str, words: impl Iterator<Item = String>) {
    let words: Vec<_> = words.collect();
    if !words.is_empty() {
        parts.push(format!("{what} {}", words.join(", ")));
    }
}

fn expression(expression: &LabelExpression) -> String {
    let LabelExpression { key, operator, values } = expression;
    let key = key.as_deref().unwrap_or("any");
    let values = if values.is_empty() { String::new() } else { format!(" ({})", values.join("|")) };
    format!("{key} {}{values}", operator.name())
}
