//! What a person wrote, as a tree in which everything has a position: YAML text, or settings inside
//! of an object.

mod json;
mod refusal;
mod yaml;

use plimsoll_domain::{Diagnostic, Origin};

/// The largest document that is read, in bytes. All known fields written out once need 6 KiB, and
/// Kubernetes refuses more than 256 KiB of annotations.
pub(crate) const BYTES_MAX: usize = 64 * 1024;
/// The deepest nesting. The deepest known field has eight levels; the reader needs the same stack
/// for each level.
pub(crate) const DEPTH_MAX: usize = 32;
/// The most values and keys: a third of what fits in [`BYTES_MAX`] when each takes two bytes, at
/// under 200 bytes of memory each.
pub(crate) const NODES_MAX: usize = 10_000;

/// A value with its position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) at: Position,
}

/// A line and a column, both from 1, and absent where none are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

/// Any value; scalars stay text, since what they mean depends on the field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Map(Vec<Entry>),
    Seq(Vec<Node>),
    Scalar(String),
    Null,
}

/// A key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Position,
    pub(crate) node: Node,
}

impl Node {
    /// A value of which no position is known.
    pub(crate) fn unplaced(value: Value) -> Self {
        Self { value, at: Position::default() }
    }

    /// The value under a key, when this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            Value::Seq(_) | Value::Scalar(_) | Value::Null => None,
        }
    }
}

/// Reads a document, which is a mapping, or says why it cannot be read.
pub(crate) fn parse(text: &str, origin: &Origin) -> Result<Node, Diagnostic> {
    refusal::is_short_enough(text, origin)?;
    let node = yaml::read(text).map_err(|error| refusal::unreadable(text, &error, origin))?;
    refusal::is_mapping(node, origin)
}

/// Text as it is shown in a message: in quotes, on one line, at most 40 characters of it.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    let more = if shown.len() < text.len() { "..." } else { "" };
    format!("{:?}", shown + more)
}
