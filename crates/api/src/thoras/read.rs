//! Objects of the dialect into settings. Reading cannot fail: what is odd or refused is remarked on,
//! and the rest is read all the same. Objects are taken as JSON, since a typed watch would fail as a
//! whole on one odd object.

mod container;
mod daemon_set;
mod horizontal;
mod model;
mod selects;
mod settings;
mod shared;
mod template;
mod threshold;
mod update;
mod vertical;

use std::sync::Arc;

use plimsoll_domain::{Mode, Origin, Parsed, Settings};
use serde_json::Value as Json;

use super::table::{self, TARGET_TREE};
use crate::document::{Entry, Node, Position, Value};
use crate::fields::Tree;
use crate::read::{NOT_IN_EFFECT, Place, Reader};

pub use daemon_set::read_daemon_set_autoscaler;
pub use selects::Selects;
pub use template::{Conflict, Template, read_template};

/// The annotation on a target that a template made: the template's name.
pub const TEMPLATE_ANNOTATION: &str = "plimsoll.dev/template";

/// An AIScaleTarget or a DaemonSetAutoscaler as far as the program needs to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its namespace, which is that of its workloads.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which generation of it this is; absent before the API server has it.
    pub generation: Option<i64>,
    /// The workloads it is for.
    pub selects: Selects,
    /// The template that made it, if one did.
    pub made_by_template: Option<String>,
    /// What it says, and what its author should know.
    pub document: Parsed,
    /// Whether it wants the number of pods changed, where it speaks of that; not in effect yet.
    pub horizontal: Option<Mode>,
}

/// Reads an AIScaleTarget.
pub fn read_target(object: &Json) -> Target {
    let Identity { namespace, name, generation } = identity(object);
    let mut reader = Reader::new(Origin::AiScaleTarget(Arc::from(&*name)));
    let root = checked(object, &mut reader, &TARGET_TREE);
    let spec = Place::top(&root, &TARGET_TREE).get("spec");
    let selects = selects::read(&spec, &namespace, &mut reader);
    let horizontal = horizontal::read(&spec, &mut reader);
    let settings = settings::read(&spec, &mut reader);
    let document = finish(reader, settings, &root, &table::TARGET.spec);
    let made_by_template = metadata(object, "annotations")
        .and_then(|annotations| annotations.get(TEMPLATE_ANNOTATION)?.as_str())
        .map(str::to_owned);
    Target { namespace, name, generation, selects, made_by_template, document, horizontal }
}

/// Who an object is.
struct Identity {
    namespace: String,
    name: String,
    generation: Option<i64>,
}

fn identity(object: &Json) -> Identity {
    let text = |key| metadata(object, key).and_then(Json::as_str).unwrap_or_default().to_owned();
    Identity {
        namespace: text("namespace"),
        name: text("name"),
        generation: metadata(object, "generation").and_then(Json::as_i64),
    }
}

fn metadata<'a>(object: &'a Json, key: &str) -> Option<&'a Json> {
    object.get("metadata")?.get(key)
}

/// The `spec` of an object alone, without what the table does not know of.
fn checked(object: &Json, reader: &mut Reader, tree: &'static Tree) -> Node {
    let spec =
        object.get("spec").map_or_else(|| Node::unplaced(Value::Map(Vec::new())), Node::from);
    let entry = Entry { key: "spec".to_owned(), at: Position::default(), node: spec };
    let mut root = Node::unplaced(Value::Map(vec![entry]));
    reader.check(&mut root, tree);
    root
}

/// The document as it is handed on. Of fields without effect nothing is said where they are empty,
/// or hold what the API server itself writes where they are left out.
fn finish(reader: Reader, mut settings: Settings, root: &Node, rows: &[table::Row]) -> Parsed {
    let (mut remarks, later) = reader.finish();
    remarks.retain(|remark| {
        let row = rows.iter().find(|row| row.path.trim_end_matches("[]") == remark.field);
        let written = written(root, &remark.field);
        let says_nothing = row.is_some_and(|row| {
            written.as_deref() == Some(EMPTY) || written.as_deref() == Some(row.default)
        });
        remark.message != NOT_IN_EFFECT || !says_nothing
    });
    settings.later = shared::named(later, root);
    settings.later.retain(|_, text| !text.is_empty());
    Parsed { settings: Ok(settings), scaling_policy: None, remarks }
}

/// A text without characters, as JSON.
const EMPTY: &str = "\"\"";

/// What is written under a path, as JSON.
fn written(root: &Node, path: &str) -> Option<String> {
    let mut keys = path.split('.');
    let first = root.get(keys.next()?)?;
    let entry = keys.try_fold(first, |entry, key| entry.node.get(key))?;
    Some(Json::from(&entry.node).to_string())
}
