//! One watched kind as a table of rows, replaced as a whole by every new list.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A namespace and a name in it. Orders by namespace first, so that a namespace is a range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The namespace; empty for objects without one.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl Key {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// Rows of one kind.
#[derive(Debug)]
pub(crate) struct Table<V> {
    rows: BTreeMap<Key, V>,
    /// The rows of a list that is under way; those before it stay in force until it is complete.
    next: Option<BTreeMap<Key, V>>,
    listed: bool,
    version: u64,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), next: None, listed: false, version: 0 }
    }
}

/// What happened to a watched kind.
#[derive(Debug)]
pub(crate) enum Change<V> {
    /// A list begins.
    ListBegun,
    /// A row of that list.
    Listed(Key, V),
    /// The list is complete: rows it did not have are gone.
    ListDone,
    /// A row is new or changed.
    Set(Key, V),
    /// A row is gone, or no longer of interest.
    Removed(Key),
}

impl<A, B> Change<(A, B)> {
    /// The same change of two tables.
    pub(crate) fn split(self) -> (Change<A>, Change<B>) {
        match self {
            Self::ListBegun => (Change::ListBegun, Change::ListBegun),
            Self::Listed(key, (a, b)) => (Change::Listed(key.clone(), a), Change::Listed(key, b)),
            Self::ListDone => (Change::ListDone, Change::ListDone),
            Self::Set(key, (a, b)) => (Change::Set(key.clone(), a), Change::Set(key, b)),
            Self::Removed(key) => (Change::Removed(key.clone()), Change::Removed(key)),
        }
    }
}

impl<V> Table<V> {
    /// Whether a first list is complete.
    pub(crate) fn is_listed(&self) -> bool {
        self.listed
    }

    /// Declares the kind absent from the cluster: an empty table, complete.
    pub(crate) fn set_absent(&mut self) {
        self.rows.clear();
        self.next = None;
        self.listed = true;
        self.version += 1;
    }

    /// Another number whenever any row may be another than before.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&V> {
        self.rows.get(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &V)> {
        self.rows.iter()
    }

    /// Takes a change in. `carry` may take over from the row before what the new one cannot know.
    pub(crate) fn apply(&mut self, change: Change<V>, carry: impl Fn(&mut V, &V)) {
        self.version += 1;
        match change {
            Change::ListBegun => self.next = Some(BTreeMap::new()),
            Change::Listed(key, mut row) => {
                if let Some(before) = self.rows.get(&key) {
                    carry(&mut row, before);
                }
                self.next.get_or_insert_default().insert(key, row);
            }
            Change::ListDone => {
                self.rows = self.next.take().unwrap_or_default();
                self.listed = true;
            }
            Change::Set(key, mut row) => {
                if let Some(before) = self.rows.get(&key) {
                    carry(&mut row, before);
                }
                self.rows.insert(key, row);
            }
            Change::Removed(key) => {
                self.rows.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies `begin`, `done`, `list a=1`, `set a=1`, `del a` and prints the rows.
    fn check(changes: &[&str], expect: &str) {
        let mut table = Table::<&str>::default();
        for change in changes {
            let (verb, rest) = change.split_once(' ').unwrap_or((change, ""));
            let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
            let key = Key::new("ns", name);
            let change = match verb {
                "begin" => Change::ListBegun,
                "done" => Change::ListDone,
                "list" => Change::Listed(key, value),
                "set" => Change::Set(key, value),
                _ => Change::Removed(key),
            };
            table.apply(change, |_, _| {});
        }
        let rows: Vec<_> =
            table.iter().map(|(key, value)| format!("{}={value}", key.name)).collect();
        assert_eq!(rows.join(" "), expect, "{changes:?}");
    }

    #[test]
    fn a_list_is_in_force_only_when_complete() {
        check(&["begin", "list a=1"], "");
        check(&["begin", "list a=1", "done"], "a=1");
        check(&["set a=1", "begin", "list b=2"], "a=1");
    }

    #[test]
    fn a_new_list_removes_what_it_does_not_have() {
        check(&["set a=1", "set b=1", "begin", "list b=2", "done"], "b=2");
    }

    #[test]
    fn single_changes_set_and_remove() {
        check(&["set a=1", "set a=2", "set b=1", "del b"], "a=2");
    }
}
