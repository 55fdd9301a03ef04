//! Label selectors as they stand in a list request's `labelSelector`.

use std::collections::{BTreeMap, BTreeSet};

/// Requirements that all have to hold; none holds for everything.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, PartialEq, Eq)]
enum Requirement {
    Exists(String),
    Absent(String),
    In(String, BTreeSet<String>),
    NotIn(String, BTreeSet<String>),
}

impl LabelSelector {
    /// `a=b,c!=d,e in (f,g),h notin (i),j,!k`; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts = split(text).map(str::trim).filter(|part| !part.is_empty());
        parts.map(requirement).collect::<Option<_>>().map(Self)
    }

    pub(super) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::Absent(key) => !labels.contains_key(key),
            Requirement::In(key, values) => labels.get(key).is_some_and(|it| values.contains(it)),
            Requirement::NotIn(key, values) => {
                labels.get(key).is_none_or(|it| !values.contains(it))
            }
        })
    }
}

/// At the commas outside parentheses.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.split(move |c| {
        inside = (inside || c == '(') && c != ')';
        c == ',' && !inside
    })
}

fn requirement(text: &str) -> Option<Requirement> {
    if let Some((key, values)) = text.split_once(" notin ") {
        return Some(Requirement::NotIn(word(key)?, set(values)?));
    }
    if let Some((key, values)) = text.split_once(" in ") {
        return Some(Requirement::In(word(key)?, set(values)?));
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Some(Requirement::NotIn(word(key)?, BTreeSet::from([value.trim().to_owned()])));
    }
    if let Some((key, value)) = text.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value).trim().to_owned();
        return Some(Requirement::In(word(key)?, BTreeSet::from([value])));
    }
    match text.strip_prefix('!') {
        Some(key) => word(key).map(Requirement::Absent),
        None => word(text).map(Requirement::Exists),
    }
}

fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    (!text.is_empty() && text.chars().all(allowed)).then(|| text.to_owned())
}

fn set(text: &str) -> Option<BTreeSet<String>> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.split(',').map(|value| value.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the labels `app=web, tier=front`.
    fn check(selector: &str, expect: Option<bool>) {
        let labels = [("app", "web"), ("tier", "front")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let found = LabelSelector::parse(selector).map(|selector| selector.matches(&labels));
        assert_eq!(found, expect, "{selector}");
    }

    #[test]
    fn selects_as_the_api_server_does() {
        check("", Some(true));
        check("app=web", Some(true));
        check("app==web,tier!=back", Some(true));
        check("app=db", Some(false));
        check("app in (db, web),tier", Some(true));
        check("app notin (db,web)", Some(false));
        check("!app", Some(false));
        check("!other,other!=x", Some(true));
        check("app in db", None);
        check("a b", None);
    }
}
