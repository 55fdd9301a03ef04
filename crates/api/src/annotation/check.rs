//! Remarks that need the table of fields only: unknown fields, fields without effect, groups that
//! are no mapping.

use plimsoll_domain::{Diagnostic, Severity};

use crate::fields::{Effect, Field};

use super::document::{Entry, Node, Value};
use super::reader::found_text;
use super::{DIAGNOSTICS_MAX, diagnostic};

/// How much of a key is repeated in a path; names in Kubernetes have at most 253 characters, known
/// fields 30.
const KEY_SHOWN_MAX: usize = 63;

/// Walks the whole document.
pub(super) fn check(root: &Node) -> Checked {
    let mut check = Check { path: Vec::new(), found: Vec::new(), is_restrained: false };
    check.group(root, true);
    Checked { found: check.found, is_restrained: check.is_restrained }
}

/// What the check came to.
pub(super) struct Checked {
    /// Remarks.
    pub(super) found: Vec<Diagnostic>,
    /// Whether a field asks the program to do less in a way that it cannot yet.
    pub(super) is_restrained: bool,
}

struct Check<'a> {
    path: Vec<&'a str>,
    found: Vec<Diagnostic>,
    is_restrained: bool,
}

impl<'a> Check<'a> {
    /// `in_effect` is whether the group is: below one that is not, nothing more is said about that.
    fn group(&mut self, node: &'a Node, in_effect: bool) {
        let Value::Map(entries) = &node.value else { return };
        for entry in entries {
            match self.found.len() {
                0..DIAGNOSTICS_MAX => {}
                DIAGNOSTICS_MAX => return self.leave_out(entry),
                _ => return,
            }
            self.path.push(&entry.key);
            self.entry(entry, in_effect);
            self.path.pop();
        }
    }

    fn entry(&mut self, entry: &'a Entry, in_effect: bool) {
        let Some(field) = Field::find(&self.path) else {
            let message = self.unknown(&entry.key);
            return self.say(Severity::Warning, entry, message);
        };
        let effect = effect(field, &entry.node);
        if in_effect && effect != Effect::Now {
            self.say(Severity::Warning, entry, not_in_effect(effect).to_owned());
        }
        self.is_restrained |= effect == Effect::Restraint;
        if !field.is_group() {
            return;
        }
        if field.is_in_effect() && !matches!(entry.node.value, Value::Map(_)) {
            let message =
                format!("found {}, expected {}", found_text(&entry.node.value), field.values);
            self.say(Severity::Error, entry, message);
        }
        self.group(&entry.node, field.is_in_effect());
    }

    fn unknown(&self, key: &str) -> String {
        let parent = self.path.split_last().map_or(&[][..], |(_, parent)| parent);
        match Field::nearest(parent, key) {
            Some(name) => format!("is an unknown field and ignored; did you mean {name}?"),
            None => "is an unknown field and ignored".to_owned(),
        }
    }

    /// What comes after is not looked at, so it may ask for anything.
    fn leave_out(&mut self, entry: &Entry) {
        self.is_restrained = true;
        let message = "from here on, remarks on unknown fields are left out".to_owned();
        self.found.push(diagnostic(Severity::Warning, "", entry.at, message));
    }

    fn say(&mut self, severity: Severity, entry: &Entry, message: String) {
        let shown: Vec<String> = self.path.iter().map(|key| shown(key)).collect();
        self.found.push(diagnostic(severity, &shown.join("."), entry.at, message));
    }
}

/// What a field with this value does. `immediate` holds nothing back, and nor does nothing.
fn effect(field: &Field, node: &Node) -> Effect {
    let holds_back = match &node.value {
        Value::Scalar(text) => !text.eq_ignore_ascii_case("immediate"),
        Value::Null => false,
        Value::Map(_) | Value::Seq => true,
    };
    if field.effect == Effect::Restraint && !holds_back { Effect::Later } else { field.effect }
}

fn not_in_effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Now => "is in effect",
        Effect::Later => "is known, and not in effect yet",
        Effect::Restraint => {
            "is known, and not in effect yet: until it is, the workload is recommended for and not \
             changed"
        }
    }
}

/// A key as it is shown in a path: not all of a long one, and nothing that would move the cursor of
/// the terminal or begin a line of its own in the log it is printed to.
fn shown(key: &str) -> String {
    key.chars().take(KEY_SHOWN_MAX).flat_map(char::escape_debug).collect()
}
