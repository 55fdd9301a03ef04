//! A place in a document: its path, what is written there, and what the table knows about it.

use std::borrow::Cow;

use crate::document::{Entry, Node, Position, Value};
use crate::fields::{Field, Tree};

/// How much of a key is repeated in a path; names in Kubernetes have at most 253 characters, known
/// fields 40.
const KEY_SHOWN_MAX: usize = 63;

/// A place in a document, whether anything is written there or not.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    path: Vec<Cow<'a, str>>,
    /// The key's position, where there is a key.
    at: Position,
    node: Option<&'a Node>,
    tree: Option<&'static Tree>,
}

impl<'a> Place<'a> {
    /// The top of a document.
    pub(crate) fn top(root: &'a Node, tree: &'static Tree) -> Self {
        Self { path: Vec::new(), at: root.at, node: Some(root), tree: Some(tree) }
    }

    /// The place under these keys, joined by dots.
    pub(crate) fn get(&self, keys: &'static str) -> Self {
        keys.split('.').fold(self.clone(), |place, key| {
            let entry = place.node.and_then(|node| node.get(key));
            let tree = place.tree.and_then(|tree| tree.get(key));
            place.step(Cow::Borrowed(key), entry, tree)
        })
    }

    /// Everything in a mapping, in the order of the document, with its keys.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let entries = match self.value() {
            Some(Value::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|entry| {
            let tree = self.tree.and_then(|tree| tree.get(&entry.key));
            let place = self.clone().step(Cow::Borrowed(&*entry.key), Some(entry), tree);
            (&*entry.key, place)
        })
    }

    /// Everything in a list, in its order.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Self> {
        let elements = match self.value() {
            Some(Value::Seq(elements)) => elements.as_slice(),
            _ => &[],
        };
        elements.iter().enumerate().map(|(i, element)| {
            let mut path = self.path.clone();
            if let Some(last) = path.last_mut() {
                *last = Cow::Owned(format!("{last}[{i}]"));
            }
            Self { path, at: element.at, node: Some(element), tree: self.tree }
        })
    }

    /// Whether anything is written there.
    pub(crate) fn is_given(&self) -> bool {
        self.node.is_some()
    }

    /// Whether a mapping is written there.
    pub(crate) fn is_group(&self) -> bool {
        matches!(self.value(), Some(Value::Map(_)))
    }

    /// What is written there.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        self.node.map(|node| &node.value)
    }

    /// What the table says of it.
    pub(crate) fn field(&self) -> Option<&'static Field> {
        self.tree?.field.as_ref()
    }

    /// Where a remark on it points: at a scalar itself, at the key of anything else.
    pub(crate) fn position(&self) -> Position {
        match self.node {
            Some(Node { value: Value::Scalar(_), at }) => *at,
            Some(_) | None => self.at,
        }
    }

    /// The path as it is shown.
    pub(crate) fn path(&self) -> String {
        let shown: Vec<String> = self.path.iter().map(|key| shown(key)).collect();
        shown.join(".")
    }

    fn step(
        mut self,
        key: Cow<'a, str>,
        entry: Option<&'a Entry>,
        tree: Option<&'static Tree>,
    ) -> Self {
        self.path.push(key);
        let at = entry.map_or(self.at, |entry| entry.at);
        Self { path: self.path, at, node: entry.map(|entry| &entry.node), tree }
    }
}

/// A key as it is shown in a path: not all of a long one, and nothing that would move the cursor of
/// the terminal or begin a line of its own in the log it is printed to.
pub(super) fn shown(key: &str) -> String {
    key.chars().take(KEY_SHOWN_MAX).flat_map(char::escape_debug).collect()
}
