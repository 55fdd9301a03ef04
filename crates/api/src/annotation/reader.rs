//! Typed values out of the tree, each refusal with its place and with what was expected.

use std::ops::RangeInclusive;

use plimsoll_domain::{Diagnostic, Origin, Severity, Sourced};

use crate::fields::Field;

use super::diagnostic;
use super::document::{Entry, Node, Value, quoted};

/// Reads fields by their path and keeps what is to be said about them.
pub(super) struct Reader<'a> {
    root: &'a Node,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Node, found: &'a mut Vec<Diagnostic>) -> Self {
        Self { root, found }
    }

    /// What is written under a path, if anything is.
    pub(super) fn entry(&self, path: &str) -> Option<&'a Entry> {
        let mut keys = path.split('.');
        let first = self.root.get(keys.next()?)?;
        keys.try_fold(first, |entry, key| entry.node.get(key))
    }

    /// Whether a path holds a mapping.
    pub(super) fn has_group(&self, path: &str) -> bool {
        self.entry(path).is_some_and(|entry| matches!(entry.node.value, Value::Map(_)))
    }

    /// The value under a path; `None` when there is none or it is refused.
    pub(super) fn read<T>(&mut self, path: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let entry = self.entry(path)?;
        let value = match &entry.node.value {
            Value::Scalar(text) => parse(text.trim()),
            Value::Map(_) | Value::Seq | Value::Null => None,
        };
        if value.is_none() {
            let keys: Vec<&str> = path.split('.').collect();
            let expected = Field::find(&keys).map_or("nothing", |field| field.values);
            let found = found_text(&entry.node.value);
            self.say(Severity::Error, path, format!("found {found}, expected {expected}"));
        }
        value
    }

    /// The value under a path in place of a default.
    pub(super) fn set<T>(
        &mut self,
        path: &str,
        setting: &mut Sourced<T>,
        parse: impl Fn(&str) -> Option<T>,
    ) {
        if let Some(value) = self.read(path, parse) {
            *setting = Sourced { value, origin: Origin::Annotation };
        }
    }

    /// A remark on what is under a path.
    pub(super) fn say(&mut self, severity: Severity, path: &str, message: String) {
        let at = self.entry(path).map(|entry| match &entry.node.value {
            Value::Scalar(_) => entry.node.at,
            Value::Map(_) | Value::Seq | Value::Null => entry.at,
        });
        self.found.push(diagnostic(severity, path, at.unwrap_or_default(), message));
    }
}

/// What was found, for a message.
pub(super) fn found_text(value: &Value) -> String {
    match value {
        Value::Scalar(text) => quoted(text),
        Value::Map(_) => "a mapping".to_owned(),
        Value::Seq => "a list".to_owned(),
        Value::Null => "nothing".to_owned(),
    }
}

/// `on`, `off` and their synonyms, in any case.
pub(super) fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" => Some(true),
        "off" | "false" | "no" => Some(false),
        _ => None,
    }
}

/// A number in a range; `nan` and `inf` are in none.
pub(super) fn number(text: &str, range: &RangeInclusive<f64>) -> Option<f64> {
    text.parse().ok().filter(|number| range.contains(number))
}

/// One of some words, in any case.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}
