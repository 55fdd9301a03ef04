//! What needs the table only: unknown fields, which are taken out of the document; groups that are
//! none or lack what they must have; fields without effect, whose values are checked and kept.

use plimsoll_domain::Severity;

use super::place::shown;
use super::reader::{Reader, found_text};
use crate::document::{Entry, Node, Position, Value};
use crate::fields::{Effect, Field, Kind, Tree};

/// What is said of a field without effect.
pub(crate) const NOT_IN_EFFECT: &str = "is known, and not in effect yet";

impl Reader {
    /// Walks the whole document and takes out of it what is not known.
    pub(crate) fn check(&mut self, root: &mut Node, tree: &'static Tree) {
        if !matches!(root.value, Value::Map(_)) {
            let message = format!("found {}, expected a mapping", found_text(&root.value));
            self.say(Severity::Error, "", root.at, message);
        }
        Check { reader: self, path: Vec::new() }.group(root, tree, true);
    }
}

/// What is said of a key without a value. Templates leave such keys behind where they had nothing to
/// write.
const EMPTY: &str = "has no value, and is as if it were left out";

struct Check<'r> {
    reader: &'r mut Reader,
    path: Vec<String>,
}

impl Check<'_> {
    /// `in_effect` is whether the group is: below one that is not, nothing more is said about that.
    fn group(&mut self, node: &mut Node, tree: &'static Tree, in_effect: bool) {
        let Value::Map(entries) = &mut node.value else { return };
        entries.retain_mut(|entry| {
            self.path.push(shown(&entry.key));
            let known = tree.get(&entry.key);
            let is_given = entry.node.value != Value::Null;
            match known {
                Some(below) if is_given => self.entry(entry, below, in_effect),
                Some(_) => self.say(Severity::Warning, entry.at, EMPTY.to_owned()),
                None => self.unknown(entry, tree),
            }
            self.path.pop();
            known.is_some() && is_given
        });
    }

    fn entry(&mut self, entry: &mut Entry, tree: &'static Tree, in_effect: bool) {
        let Some(field) = &tree.field else {
            return self.group(&mut entry.node, tree, in_effect);
        };
        let later = field.effect == Effect::Later;
        if in_effect && later {
            self.say(Severity::Warning, entry.at, NOT_IN_EFFECT.to_owned());
        }
        let in_effect = in_effect && !later;
        if field.kind.has_fields() {
            self.fields(entry, field, tree, in_effect);
        } else if later {
            self.keep(entry, field);
        }
    }

    /// A field that holds further ones.
    fn fields(&mut self, entry: &mut Entry, field: &Field, tree: &'static Tree, in_effect: bool) {
        let at = entry.at;
        match (field.kind, &mut entry.node.value) {
            (Kind::Group, Value::Map(_)) => self.whole_group(at, &mut entry.node, tree, in_effect),
            (Kind::Map(max), Value::Map(entries)) if entries.len() <= max => {
                self.group(&mut entry.node, tree, in_effect);
            }
            (Kind::List(max), Value::Seq(elements)) if elements.len() <= max => {
                self.elements(elements, tree, in_effect);
            }
            (_, value) => {
                let message = wrong_shape(field, value);
                // What is refused as a whole is not read in part.
                *value = Value::Null;
                self.say(Severity::Error, at, message);
            }
        }
    }

    fn elements(&mut self, elements: &mut [Node], tree: &'static Tree, in_effect: bool) {
        let list = self.path.pop().unwrap_or_default();
        for (i, element) in elements.iter_mut().enumerate() {
            self.path.push(format!("{list}[{i}]"));
            let at = element.at;
            if let Value::Map(_) = element.value {
                self.whole_group(at, element, tree, in_effect);
            } else {
                let found = found_text(&element.value);
                self.say(Severity::Error, at, format!("found {found}, expected a mapping"));
            }
            self.path.pop();
        }
        self.path.push(list);
    }

    /// A group with a check that it has what it must have.
    fn whole_group(&mut self, at: Position, node: &mut Node, tree: &'static Tree, in_effect: bool) {
        let required = tree.field.map_or(&[][..], |field| field.required);
        let is_given =
            |name: &str| node.get(name).is_some_and(|entry| entry.node.value != Value::Null);
        for name in required.iter().filter(|name| !is_given(name)) {
            let message = format!("lacks {name}, expected a mapping with {name}");
            self.say(Severity::Error, at, message);
        }
        self.group(node, tree, in_effect);
    }

    /// The value of a field without effect.
    fn keep(&mut self, entry: &Entry, field: &Field) {
        let text = match (field.kind, &entry.node.value) {
            (kind, Value::Scalar(text)) => kind.canonical(text.trim()),
            (kind, Value::Seq(elements)) if kind.elements().is_some() => list_text(kind, elements),
            (Kind::Any, Value::Map(_) | Value::Seq(_)) => {
                Some(serde_json::Value::from(&entry.node).to_string())
            }
            (_, Value::Map(_) | Value::Seq(_) | Value::Null) => None,
        };
        if let Some(text) = text {
            self.reader.keep(self.path.join("."), text);
        } else {
            let found = found_text(&entry.node.value);
            let message = format!("found {found}, expected {}", field.expected());
            self.say(Severity::Error, entry.node.at, message);
        }
    }

    fn unknown(&mut self, entry: &Entry, tree: &Tree) {
        if self.reader.is_full(Severity::Warning) {
            return;
        }
        let message = match tree.nearest(&entry.key) {
            Some(name) => format!("is an unknown field and ignored; did you mean {name}?"),
            None => "is an unknown field and ignored".to_owned(),
        };
        self.say(Severity::Warning, entry.at, message);
    }

    fn say(&mut self, severity: Severity, at: Position, message: String) {
        self.reader.say(severity, &self.path.join("."), at, message);
    }
}

/// What a group, a list or a mapping by name should have been.
fn wrong_shape(field: &Field, found: &Value) -> String {
    let too_many = match (field.kind, found) {
        (Kind::Map(max), Value::Map(entries)) => Some((entries.len(), max)),
        (Kind::List(max), Value::Seq(elements)) => Some((elements.len(), max)),
        (_, Value::Map(_) | Value::Seq(_) | Value::Scalar(_) | Value::Null) => None,
    };
    match too_many {
        Some((count, max)) => format!("has {count} entries, expected at most {max}"),
        None => format!("found {}, expected {}", found_text(found), field.expected()),
    }
}

/// A list of scalars as text: `a, b`.
fn list_text(kind: Kind, elements: &[Node]) -> Option<String> {
    let (of, lengths) = kind.elements()?;
    let texts: Option<Vec<String>> = elements
        .iter()
        .map(|node| match &node.value {
            Value::Scalar(text) => of.canonical(text.trim()),
            Value::Map(_) | Value::Seq(_) | Value::Null => None,
        })
        .collect();
    texts.filter(|texts| lengths.contains(&texts.len())).map(|texts| texts.join(", "))
}
