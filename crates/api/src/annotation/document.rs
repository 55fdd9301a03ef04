//! YAML text into a tree in which everything has a position.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{AliasLimits, DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Options, Spanned, UserMessageFormatter};

use plimsoll_domain::{Diagnostic, Severity};

/// The largest document that is read, in bytes. All known fields written out once need 4 KiB, and
/// Kubernetes refuses more than 256 KiB of annotations.
pub(super) const BYTES_MAX: usize = 64 * 1024;
/// The deepest nesting. The deepest known field has six levels; the reader needs the same stack for
/// each level.
const DEPTH_MAX: usize = 32;
/// The most values and keys, aliases expanded: a quarter of what fits in [`BYTES_MAX`] when each
/// takes two bytes, at under 200 bytes of memory each.
const NODES_MAX: usize = 8 * 1024;
/// The most aliases and anchors: people use a handful.
const ALIASES_MAX: usize = 64;

/// What a document is expected to be, for messages.
const EXPECTED: &str = "expected a mapping, such as \"vertical: {optimization: on}\"";

/// A value with its position.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: Position,
}

/// A line and a column, both from 1, and absent where the parser knows none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

/// Any YAML value; scalars stay text, since what they mean depends on the field.
#[derive(Debug)]
pub(super) enum Value {
    Map(Vec<Entry>),
    Seq,
    Scalar(String),
    Null,
}

/// A key of a mapping with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Position,
    pub(super) node: Node,
}

impl Node {
    /// The value under a key, when this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            Value::Seq | Value::Scalar(_) | Value::Null => None,
        }
    }
}

/// Reads a document, or says why it cannot be read.
pub(super) fn parse(text: &str) -> Result<Node, Diagnostic> {
    if text.len() > BYTES_MAX {
        let message = format!("has {} bytes, expected at most {BYTES_MAX}", text.len());
        return Err(unreadable(Position::default(), message));
    }
    let read: Result<Spanned<Value>, _> = serde_saphyr::from_str_with_options(text, options());
    let node = read.map(Node::from).map_err(|error| refusal(text, &error))?;
    match &node.value {
        Value::Map(_) => Ok(node),
        Value::Seq => Err(unreadable(node.at, format!("found a list, {EXPECTED}"))),
        Value::Scalar(found) => {
            Err(unreadable(node.at, format!("found {}, {EXPECTED}", quoted(found))))
        }
        Value::Null => Err(unreadable(Position::default(), format!("found nothing, {EXPECTED}"))),
    }
}

/// Text as it is shown in a message: in quotes, on one line, at most 40 characters of it.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    let more = if shown.len() < text.len() { "..." } else { "" };
    format!("{:?}", shown + more)
}

fn options() -> Options {
    let mut aliases = AliasLimits::default();
    aliases.max_total_replayed_events = NODES_MAX;
    aliases.max_alias_expansions_per_anchor = ALIASES_MAX;
    let budget = serde_saphyr::budget! {
        max_depth: DEPTH_MAX,
        flow_nesting_limit: 2 * DEPTH_MAX,
        max_nodes: NODES_MAX,
        max_events: 2 * NODES_MAX,
        max_aliases: ALIASES_MAX,
        max_anchors: ALIASES_MAX,
        max_merge_keys: ALIASES_MAX,
        max_recorded_anchor_events: NODES_MAX,
        max_recorded_anchor_bytes: BYTES_MAX,
        max_total_scalar_bytes: BYTES_MAX,
    };
    serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::Error,
        alias_limits: aliases,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// The parser's refusal, or the tab that is behind it.
fn refusal(text: &str, error: &Error) -> Diagnostic {
    let at = error.location().map_or_else(Position::default, Position::from);
    let error = inside_aliases(error);
    if is_limit(error) {
        let message = format!(
            "is too large or too deep, expected at most {NODES_MAX} values in {DEPTH_MAX} levels and {ALIASES_MAX} aliases"
        );
        return unreadable(at, message);
    }
    if matches!(error, Error::MultipleDocuments { .. }) {
        return unreadable(at, "holds more than one document, expected one".to_owned());
    }
    if matches!(error, Error::DuplicateMappingKey { .. }) {
        return unreadable(at, format!("{}; expected every key once", said(error)));
    }
    if let Some(tab) = tab_in_indentation(text, at, &said(error)) {
        let message = "is indented with a tab, and YAML expects spaces there";
        return unreadable(tab, message.to_owned());
    }
    unreadable(at, format!("is no valid YAML: {}; {EXPECTED}", said(error)))
}

/// The error itself, when it came up inside of what an alias stands for.
fn inside_aliases(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } = error {
        error = inner;
    }
    error
}

fn is_limit(error: &Error) -> bool {
    matches!(
        error,
        Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
    )
}

/// The parser's own words without their place, cut where they repeat a long key.
fn said(error: &Error) -> String {
    const SAID_MAX: usize = 200;
    let said = error.render_with_formatter(&UserMessageFormatter);
    let said = said.lines().next().unwrap_or_default();
    said.split(" at line ").next().unwrap_or_default().chars().take(SAID_MAX).collect()
}

/// A tab in the indentation that the parser gave up at, or, where it says itself that a tab is the
/// matter, in that of this line or the next that is not blank: it stops at the end of a text that goes
/// on there. Lists and mappings in brackets may be indented with tabs, and fail for other reasons.
fn tab_in_indentation(text: &str, gave_up: Position, said: &str) -> Option<Position> {
    let speaks_of_tabs = said.split(' ').any(|word| matches!(word, "tab" | "tabs"));
    let line = gave_up.line?;
    let mut lines = (1..).zip(text.lines()).skip_while(|(number, _)| *number < line);
    let here = lines.next();
    let next = lines.find(|(_, content)| !content.trim().is_empty()).filter(|_| speaks_of_tabs);
    here.into_iter().chain(next).find_map(|(number, content)| {
        let indentation = content.len() - content.trim_start_matches([' ', '\t']).len();
        let column = u32::try_from(content.get(..indentation)?.find('\t')?).ok()?;
        let gave_up_there = gave_up.column? <= u32::try_from(indentation).ok()?.checked_add(1)?;
        let tab = Position { line: Some(number), column: column.checked_add(1) };
        (speaks_of_tabs || gave_up_there).then_some(tab)
    })
}

fn unreadable(at: Position, message: String) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        field: String::new(),
        line: at.line,
        column: at.column,
        message,
    }
}

impl From<serde_saphyr::Location> for Position {
    fn from(location: serde_saphyr::Location) -> Self {
        let known = |number: u64| u32::try_from(number).ok().filter(|number| *number > 0);
        Self { line: known(location.line()), column: known(location.column()) }
    }
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Self {
        Self { value: spanned.value, at: spanned.referenced.into() }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        while seq.next_element::<Value>()?.is_some() {}
        Ok(Value::Seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<Value>>()? {
            let node = Node::from(map.next_value::<Spanned<Value>>()?);
            entries.push(Entry { key: key_text(key.value), at: key.referenced.into(), node });
        }
        Ok(Value::Map(entries))
    }
}

/// A key as text; keys that are no text match no field.
fn key_text(key: Value) -> String {
    match key {
        Value::Scalar(text) => text,
        Value::Null => "(nothing)".to_owned(),
        Value::Seq => "(a list)".to_owned(),
        Value::Map(_) => "(a mapping)".to_owned(),
    }
}
