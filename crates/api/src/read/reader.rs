//! Typed values, each refusal with its place and with what was expected.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{Amount, Diagnostic, Origin, Ratio, Severity, Target};

use super::{Place, REMARKS_MAX, Said};
use crate::document::{Node, Position, Value, quoted};
use crate::fields::{Field, Kind};
use crate::parse_quantity;

/// Reads values of one document and keeps what is to be said about them.
#[derive(Debug)]
pub(crate) struct Reader {
    origin: Origin,
    found: Vec<Diagnostic>,
    later: BTreeMap<String, String>,
}

impl Reader {
    /// For a document of this origin.
    pub(crate) fn new(origin: Origin) -> Self {
        Self { origin, found: Vec::new(), later: BTreeMap::new() }
    }

    /// The remarks, in the order of the document, and the values of fields without effect by their
    /// paths.
    pub(crate) fn finish(mut self) -> (Vec<Diagnostic>, BTreeMap<String, String>) {
        self.found.sort_by_key(|found| (found.line, found.column));
        (self.found, self.later)
    }

    /// A scalar value; `None` when there is none or it is refused.
    pub(crate) fn value<T>(
        &mut self,
        place: &Place<'_>,
        parse: impl FnOnce(Kind, &str) -> Option<T>,
    ) -> Option<T> {
        let found = place.value()?;
        let value = match found {
            Value::Scalar(text) => {
                parse(place.field().map_or(Kind::Any, |field| field.kind), text.trim())
            }
            Value::Map(_) | Value::Seq(_) | Value::Null => None,
        };
        if value.is_none() {
            self.refuse(place);
        }
        value
    }

    /// A switch or a boolean.
    pub(crate) fn boolean(&mut self, place: &Place<'_>) -> Option<bool> {
        self.value(place, |_, text| Kind::boolean(text))
    }

    /// A word, as the table spells it.
    pub(crate) fn word(&mut self, place: &Place<'_>) -> Option<&'static str> {
        self.value(place, Kind::word)
    }

    /// A text.
    pub(crate) fn text(&mut self, place: &Place<'_>) -> Option<String> {
        self.value(place, Kind::canonical)
    }

    /// A duration.
    pub(crate) fn duration(&mut self, place: &Place<'_>) -> Option<Duration> {
        self.value(place, Kind::duration)
    }

    /// A number.
    pub(crate) fn number(&mut self, place: &Place<'_>) -> Option<f64> {
        self.value(place, Kind::number)
    }

    /// A number as a ratio.
    pub(crate) fn ratio(&mut self, place: &Place<'_>) -> Option<Ratio> {
        self.value(place, |kind, text| kind.number(text).and_then(Ratio::new))
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, place: &Place<'_>) -> Option<i64> {
        self.value(place, Kind::integer)
    }

    /// A quantity.
    pub(crate) fn quantity(&mut self, place: &Place<'_>) -> Option<Amount> {
        self.value(place, |_, text| parse_quantity(text).ok())
    }

    /// Which usage counts.
    pub(crate) fn target(&mut self, place: &Place<'_>) -> Option<Target> {
        self.value(place, Kind::target)
    }

    /// A value, or the word that may stand in its place, as `None`.
    pub(crate) fn or_word<T>(
        &mut self,
        place: &Place<'_>,
        parse: impl FnOnce(Kind, &str) -> Option<T>,
    ) -> Said<T> {
        self.value(place, |kind, text| {
            let Kind::Or(word, kind) = kind else { return parse(kind, text).map(Some) };
            if text.eq_ignore_ascii_case(word) { Some(None) } else { parse(*kind, text).map(Some) }
        })
    }

    /// A list of texts, refused as a whole where an element is no text.
    pub(crate) fn texts(&mut self, place: &Place<'_>) -> Option<Vec<String>> {
        /// Names in Kubernetes have at most 253 characters.
        const LENGTH_MAX: usize = 253;
        let lengths = match place.field().map(|field| field.kind) {
            Some(Kind::Texts(from, to)) => from..=to,
            _ => 0..=REMARKS_MAX,
        };
        let texts = match place.value()? {
            Value::Seq(elements) if lengths.contains(&elements.len()) => {
                let text = |node: &Node| match &node.value {
                    Value::Scalar(text) if (1..=LENGTH_MAX).contains(&text.len()) => {
                        Some(text.clone())
                    }
                    Value::Scalar(_) | Value::Map(_) | Value::Seq(_) | Value::Null => None,
                };
                elements.iter().map(text).collect()
            }
            Value::Seq(_) | Value::Scalar(_) | Value::Map(_) | Value::Null => None,
        };
        if texts.is_none() {
            self.refuse(place);
        }
        texts
    }

    /// Refuses what is written, saying what was expected.
    pub(crate) fn refuse(&mut self, place: &Place<'_>) {
        let expected = place.field().map_or_else(|| "nothing".to_owned(), Field::expected);
        let found = place.value().map_or_else(|| "nothing".to_owned(), found_text);
        self.error(place, format!("found {found}, expected {expected}"));
    }

    /// Refuses a group that has none of the fields without which it says nothing.
    pub(crate) fn require_one(&mut self, group: &Place<'_>, names: &[&'static str]) {
        if group.is_group() && !names.iter().any(|name| group.get(name).is_given()) {
            let message = format!("lacks {0}, expected a mapping with {0}", names.join(" or "));
            self.error(group, message);
        }
    }

    /// A value is refused.
    pub(crate) fn error(&mut self, place: &Place<'_>, message: String) {
        self.say(Severity::Error, &place.path(), place.position(), message);
    }

    /// A field is ignored, or something about it should be known.
    pub(crate) fn warn(&mut self, place: &Place<'_>, message: String) {
        self.say(Severity::Warning, &place.path(), place.position(), message);
    }

    /// The kept value of a field without effect.
    pub(crate) fn kept(&self, path: &str) -> Option<&str> {
        self.later.get(path).map(String::as_str)
    }

    /// Whether anything at a path, or below it, is refused.
    pub(crate) fn is_refused(&self, path: &str) -> bool {
        let is_below = |found: &str| found.strip_prefix(path).is_some_and(is_end_of_key);
        self.found.iter().any(|found| found.severity == Severity::Error && is_below(&found.field))
    }

    /// Whether there is a remark on anything at a path or below it.
    pub(crate) fn is_remarked_on(&self, path: &str) -> bool {
        let is_below = |found: &str| found.strip_prefix(path).is_some_and(is_end_of_key);
        self.found.iter().any(|found| is_cut(found) || is_below(&found.field))
    }

    /// Puts what was kept under other paths.
    pub(crate) fn rename_kept(&mut self, path_of: impl Fn(&str) -> String) {
        let kept = std::mem::take(&mut self.later);
        self.later = kept.into_iter().map(|(path, text)| (path_of(&path), text)).collect();
    }

    /// Forgets what was kept of a group of which something is refused: the rest alone would say
    /// something else.
    pub(crate) fn forget_refused(&mut self, group: &str) {
        if self.is_refused(group) {
            self.forget(group);
        }
    }

    /// Forgets what was kept at a path and below it.
    pub(crate) fn forget(&mut self, group: &str) {
        let is_below = |path: &str| path.strip_prefix(group).is_some_and(is_end_of_key);
        self.later.retain(|path, _| !is_below(path));
    }

    /// Keeps the value of a field without effect.
    pub(super) fn keep(&mut self, path: String, text: String) {
        self.later.insert(path, text);
    }

    /// Whether nothing more will be said of this severity.
    pub(super) fn is_full(&self, severity: Severity) -> bool {
        self.count(severity) > REMARKS_MAX
    }

    fn count(&self, severity: Severity) -> usize {
        self.found.iter().filter(|found| found.severity == severity).count()
    }

    pub(super) fn say(&mut self, severity: Severity, path: &str, at: Position, message: String) {
        if self.is_full(severity) {
            return;
        }
        let before = self.count(severity);
        let (field, message) = if before < REMARKS_MAX {
            (path.to_owned(), message)
        } else {
            (String::new(), CUT.to_owned())
        };
        self.found.push(Diagnostic {
            severity,
            origin: self.origin.clone(),
            field,
            line: at.line,
            column: at.column,
            message,
        });
    }
}

/// What stands in place of the remarks above the limit; they may have been about anything.
const CUT: &str = "from here on, remarks of this kind are left out";

fn is_cut(found: &Diagnostic) -> bool {
    found.message == CUT
}

/// Whether a path that goes on like this is below the one before.
fn is_end_of_key(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.') || rest.starts_with('[')
}

/// What was found, for a message.
pub(crate) fn found_text(value: &Value) -> String {
    match value {
        Value::Scalar(text) => quoted(text),
        Value::Map(_) => "a mapping".to_owned(),
        Value::Seq(_) => "a list".to_owned(),
        Value::Null => "nothing".to_owned(),
    }
}
