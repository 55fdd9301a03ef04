//! The older form: one annotation for each setting, as plain text.

mod table;

use std::collections::BTreeMap;

use plimsoll_domain::{Diagnostic, Origin, Parsed};

use crate::document::{Entry, Node, Position, Value};
use crate::read::{Place, Reader};
use crate::settings;
use crate::{ANNOTATION_PREFIX, CONFIGURATION_ANNOTATION, CUSTOM_WORKLOAD_LABEL};
use table::{ALIASES, Alias};

pub(crate) use table::TREE;

/// What annotations of the older form say; `None` when there are none.
pub(super) fn read(annotations: &BTreeMap<String, String>) -> Option<Parsed> {
    keys(annotations).next()?;
    let mut flat = flat(annotations);
    let mut reader = Reader::new(Origin::OlderAnnotations);
    reader.check(&mut flat, &TREE);
    let unverified = ALIASES.iter().filter(|alias| !alias.is_verified);
    let given = unverified.filter(|alias| flat.get(alias.key).is_some());
    for alias in given {
        let message = "is read by the pattern of its name only: no published text has it";
        reader.warn(&Place::top(&flat, &TREE).get(alias.key), message.to_owned());
    }
    reader.rename_kept(path_of);
    let nested = nested(&flat);
    let top = Place::top(&nested, &settings::table::ANNOTATION);
    let (mut settings, scaling_policy) = settings::read(&mut reader, &top);
    let (mut remarks, later) = reader.finish();
    settings.later = later;
    remarks.iter_mut().for_each(rename);
    Some(Parsed { settings: Ok(settings), scaling_policy, remarks })
}

/// What follows the prefix in each annotation of the older form.
pub(super) fn keys(annotations: &BTreeMap<String, String>) -> impl Iterator<Item = &str> {
    annotations
        .keys()
        .filter(|key| ![CONFIGURATION_ANNOTATION, CUSTOM_WORKLOAD_LABEL].contains(&key.as_str()))
        .filter_map(|key| key.strip_prefix(ANNOTATION_PREFIX))
}

/// The annotations as a document with one level.
fn flat(annotations: &BTreeMap<String, String>) -> Node {
    let entry = |key: &str| {
        let text = annotations.get(&format!("{ANNOTATION_PREFIX}{key}"))?;
        Some(entry(key, Node::unplaced(Value::Scalar(text.clone()))))
    };
    Node::unplaced(Value::Map(keys(annotations).filter_map(entry).collect()))
}

/// The same as the newer form writes it.
fn nested(flat: &Node) -> Node {
    let mut top = Node::unplaced(Value::Map(Vec::new()));
    for Alias { key, path, .. } in ALIASES {
        if let Some(found) = flat.get(key) {
            put(&mut top, path, found.node.clone());
        }
    }
    top
}

fn put(node: &mut Node, path: &str, leaf: Node) {
    let Value::Map(entries) = &mut node.value else { return };
    let Some((first, rest)) = path.split_once('.') else {
        entries.push(entry(path, leaf));
        return;
    };
    if let Some(group) = entries.iter_mut().find(|entry| entry.key == first) {
        return put(&mut group.node, rest, leaf);
    }
    let mut group = Node::unplaced(Value::Map(Vec::new()));
    put(&mut group, rest, leaf);
    entries.push(entry(first, group));
}

fn entry(key: &str, node: Node) -> Entry {
    Entry { key: key.to_owned(), at: Position::default(), node }
}

/// The path of the newer form for a key of the older one.
fn path_of(key: &str) -> String {
    ALIASES.iter().find(|alias| alias.key == key).map_or(key, |alias| alias.path).to_owned()
}

/// Names the annotation that a remark is about. One on numbers of replicas keeps its path, by which
/// everyone knows that it freezes nothing.
fn rename(remark: &mut Diagnostic) {
    if remark.field.is_empty() {
        return;
    }
    let path = path_of(&remark.field);
    let alias = ALIASES.iter().find(|alias| alias.path == path);
    let key = format!("{ANNOTATION_PREFIX}{}", alias.map_or(&*remark.field, |alias| alias.key));
    if path.starts_with("horizontal.") {
        remark.message = format!("({key}) {}", remark.message);
        remark.field = path;
    } else {
        remark.field = key;
    }
}
