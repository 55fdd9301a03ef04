//! A document as a tree in which every key and value has its place.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::options::{AliasLimits, DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Location, Options, Spanned, UserMessageFormatter};

use super::FILE_BYTES_MAX;
use super::place;
use super::source::Source;

/// The deepest nesting. The schemas in definitions of custom resources, the deepest manifests there
/// are, have some forty levels.
const DEPTH_MAX: usize = 128;
/// The most values and keys of a document: what a file of the greatest size has when each takes 16
/// bytes of it, at some 150 bytes of memory each.
const NODES_MAX: usize = 1024 * 1024;
/// The most aliases, and what they may stand for together; people use a handful.
const ALIASES_MAX: usize = 4096;

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: At,
}

/// Any value.
#[derive(Debug)]
pub(super) enum Value {
    Map(Vec<Entry>),
    Seq(Vec<Node>),
    Text(String),
    Number(Number),
    Bool(bool),
    Null,
}

/// A key of a mapping with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: At,
    pub(super) node: Node,
}

/// Why a document cannot be read, and where.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) at: At,
    pub(super) message: String,
}

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Node, Unreadable> {
    let read: Result<Spanned<Value>, _> = serde_saphyr::from_str_with_options(text, options());
    read.map(Node::from).map_err(|error| refusal(text, &error))
}

impl Node {
    /// The entry under a key, when this is a mapping that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value at a path of keys.
    pub(super) fn at_path(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.entry(key).map(|entry| &entry.node))
    }

    /// The text at a path of keys, when there is text.
    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        match &self.at_path(path)?.value {
            Value::Text(text) => Some(text),
            Value::Map(_) | Value::Seq(_) | Value::Number(_) | Value::Bool(_) | Value::Null => None,
        }
    }

    /// The entries of a mapping; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Seq(_) | Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Null => &[],
        }
    }

    /// The elements of a list; none of anything else.
    pub(super) fn elements(&self) -> &[Self] {
        match &self.value {
            Value::Seq(elements) => elements,
            Value::Map(_) | Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Null => &[],
        }
    }

    /// The place of what a path like `spec.containers[0].cpu` leads to, or of the last of its keys
    /// that is there, and how much of the path is left there; absent where not even the first is.
    /// Keys may hold dots.
    pub(super) fn place(&self, path: &str) -> Option<(At, usize)> {
        let path = path.trim_start_matches('.');
        if let Some((index, rest)) = path.strip_prefix('[').and_then(|path| path.split_once(']')) {
            let element = self.elements().get(index.parse::<usize>().ok()?)?;
            return Some(element.place(rest).unwrap_or((element.at, rest.len())));
        }
        let fits = |entry: &&Entry| {
            let rest = path.strip_prefix(entry.key.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let entry = self.entries().iter().filter(fits).max_by_key(|entry| entry.key.len())?;
        let rest = path.get(entry.key.len()..).unwrap_or_default();
        Some(entry.node.place(rest).unwrap_or((entry.at, rest.len())))
    }

    /// The same as JSON, as Kubernetes reads it: `on`, `off`, `yes` and `no` without quotes are
    /// booleans.
    pub(super) fn to_json(&self, source: &Source<'_>) -> serde_json::Value {
        match &self.value {
            Value::Map(entries) => {
                let entries = entries.iter().map(|one| (one.key.clone(), one.node.to_json(source)));
                serde_json::Value::Object(entries.collect())
            }
            Value::Seq(elements) => {
                elements.iter().map(|element| element.to_json(source)).collect()
            }
            Value::Text(text) => match old_boolean(text).filter(|_| self.is_plain(source)) {
                Some(value) => value.into(),
                None => text.as_str().into(),
            },
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::Bool(value) => (*value).into(),
            Value::Null => serde_json::Value::Null,
        }
    }

    /// Whether Kubernetes takes the value for text: what stands without quotes may be a boolean.
    pub(super) fn is_text(&self, source: &Source<'_>) -> bool {
        match &self.value {
            Value::Text(text) => old_boolean(text).is_none() || !self.is_plain(source),
            Value::Map(_) | Value::Seq(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {
                false
            }
        }
    }

    /// A text of one line that is written without quotes.
    fn is_plain(&self, source: &Source<'_>) -> bool {
        let Value::Text(text) = &self.value else { return false };
        let column = usize::try_from(self.at.column).unwrap_or(usize::MAX);
        let written = source.line(self.at.line).chars().skip(column.saturating_sub(1));
        written.take(text.len()).eq(text.chars()) && !place::is_block(source, self.at)
    }
}

/// The booleans of YAML 1.1, which Kubernetes reads, that are none in YAML 1.2.
fn old_boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn options() -> Options {
    let mut aliases = AliasLimits::default();
    aliases.max_total_replayed_events = NODES_MAX;
    aliases.max_alias_expansions_per_anchor = ALIASES_MAX;
    let budget = serde_saphyr::budget! {
        max_depth: DEPTH_MAX,
        flow_nesting_limit: 2 * DEPTH_MAX,
        max_nodes: NODES_MAX,
        max_events: 4 * NODES_MAX,
        max_aliases: ALIASES_MAX,
        max_anchors: ALIASES_MAX,
        max_merge_keys: ALIASES_MAX,
        max_recorded_anchor_events: NODES_MAX,
        max_recorded_anchor_bytes: FILE_BYTES_MAX,
        max_total_scalar_bytes: FILE_BYTES_MAX,
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

fn refusal(text: &str, error: &Error) -> Unreadable {
    let at = error.location().map_or(At { line: 1, column: 1 }, At::from);
    let said = error.render_with_formatter(&UserMessageFormatter);
    let said = said.lines().next().unwrap_or_default();
    let said = said.split(" at line ").next().unwrap_or_default();
    let hint = if text.contains("{{") {
        "; it looks like a template, so check what it renders to: helm template CHART | \
         plimsoll lint -"
    } else {
        ""
    };
    Unreadable { at, message: format!("is no valid YAML: {said}{hint}") }
}

impl From<Location> for At {
    fn from(location: Location) -> Self {
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        Self { line: number(location.line()), column: number(location.column()) }
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
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
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
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element::<Spanned<Value>>()? {
            elements.push(Node::from(element));
        }
        Ok(Value::Seq(elements))
    }

    /// Keys must be text, as in Kubernetes; a template's `{{ .Values.x }}` is a mapping whose key is
    /// one, and refused here.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let node = Node::from(map.next_value::<Spanned<Value>>()?);
            entries.push(Entry { key: key.value, at: key.referenced.into(), node });
        }
        Ok(Value::Map(entries))
    }
}
