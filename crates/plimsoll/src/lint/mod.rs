//! `plimsoll lint`: reads manifests as the controller would read them from the cluster, and says of
//! each setting that is refused or ignored where it stands.
//!
//! The files come in `walk.rs`; `split.rs` takes documents apart, `tree.rs` gives every value its
//! place, `object.rs` finds what configures a workload, `dialect.rs` asks the readers that the
//! controller uses, and `place.rs` takes a place inside of an annotation back to the file.

mod dialect;
mod object;
mod place;
mod report;
mod source;
mod split;
mod tree;
mod walk;

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_api::{ANNOTATION_PREFIX, CONFIGURATION_ANNOTATION};
use plimsoll_domain::{Diagnostic, Severity};

use object::Object;
pub(crate) use report::Report;
use report::Said;
use source::Source;
use tree::{At, Entry, Node, Value};

/// The largest file that is read: the objects of a thousand workloads with their status take half
/// of it.
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Checks files, folders with all below them, and for `-` standard input.
pub(crate) fn lint(paths: &[PathBuf]) -> Report {
    let mut report = Report::default();
    let unreadable = walk::walk(paths, |input| {
        report.files += 1;
        for chunk in split::split(&input.text) {
            let file = File { name: &input.name, above: chunk.line.saturating_sub(1) };
            document(&file, chunk.text, &mut report);
        }
    });
    report.unreadable = unreadable;
    report
}

/// A file, and how many of its lines are above the document.
struct File<'a> {
    name: &'a str,
    above: u32,
}

fn document(file: &File<'_>, text: &str, report: &mut Report) {
    let root = match tree::parse(text) {
        Ok(root) => root,
        Err(unreadable) => {
            let said = Said { object: None, field: String::new(), message: unreadable.message };
            let at = At { line: unreadable.at.line.saturating_add(file.above), ..unreadable.at };
            return report.add(Severity::Error, file.name, at, &said);
        }
    };
    let source = Source::new(text);
    let before = report.findings.len();
    for object in object::objects(&root) {
        report.objects += 1;
        let mut checked = Checked { file, source: &source, object, report, is_configured: false };
        checked.annotations();
        checked.resource();
        report.configured += usize::from(checked.is_configured);
    }
    let found = report.findings.get_mut(before..).unwrap_or_default();
    found.sort_by_key(|finding| (finding.line, finding.column));
}

/// An object that is being checked.
struct Checked<'a> {
    file: &'a File<'a>,
    source: &'a Source<'a>,
    object: Object<'a>,
    report: &'a mut Report,
    is_configured: bool,
}

impl Checked<'_> {
    fn annotations(&mut self) {
        let annotated = self.object.annotated();
        for (at, key, why) in annotated.idle {
            self.say(Severity::Warning, at, key, why);
        }
        let Some(annotations) = annotated.read else { return };
        let settings = self.texts(annotations);
        let Some(said) = dialect::annotations(&settings) else { return };
        self.is_configured = true;
        for one in said {
            let at = self.place_in(annotations, &one);
            self.say(one.severity, at, one.field, one.message);
        }
    }

    /// The annotations that may configure something. What is no text, Kubernetes refuses.
    fn texts(&mut self, annotations: &Node) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        let entries = annotations.entries().iter();
        for entry in entries.filter(|entry| entry.key.starts_with(ANNOTATION_PREFIX)) {
            match &entry.node.value {
                Value::Text(text) if entry.node.is_text(self.source) => {
                    texts.insert(entry.key.clone(), text.clone());
                }
                Value::Map(_) => self.no_text(entry, "write | after the colon"),
                Value::Seq(_)
                | Value::Text(_)
                | Value::Number(_)
                | Value::Bool(_)
                | Value::Null => self.no_text(entry, "put it in quotes"),
            }
        }
        texts
    }

    fn no_text(&mut self, entry: &Entry, instead: &str) {
        let message = format!("is no text, and Kubernetes takes no other annotation; {instead}");
        self.say(Severity::Error, entry.at, entry.key.clone(), message);
    }

    /// Where in the document what is said of annotations belongs: to the key that it names, else
    /// into the text of the one that holds a document.
    fn place_in(&self, annotations: &Node, said: &Diagnostic) -> At {
        if let Some(entry) = annotations.entry(&said.field) {
            return entry.at;
        }
        let Some(entry) = annotations.entry(CONFIGURATION_ANNOTATION) else {
            return annotations.at;
        };
        let text = entry.node.text(&[]).unwrap_or_default();
        let line = said.line.map(|line| At { line, column: said.column.unwrap_or(1) });
        line.map_or(entry.at, |at| place::inside(self.source, entry, text, at))
    }

    fn resource(&mut self) {
        const KINDS: [&str; 2] = ["thoras.ai", "plimsoll.dev"];
        if !KINDS.contains(&self.object.group()) {
            return;
        }
        let root = self.object.root;
        let json = root.to_json(self.source);
        let Some(said) = dialect::resource(self.object.group(), self.object.kind, &json) else {
            return;
        };
        self.is_configured = true;
        for one in said {
            let at = place_of(root, &one.field);
            self.say(one.severity, at, one.field, one.message);
        }
    }

    fn say(&mut self, severity: Severity, at: At, field: String, message: String) {
        let at = At { line: at.line.saturating_add(self.file.above), ..at };
        let said = Said { object: Some(self.object.to_string()), field, message };
        self.report.add(severity, self.file.name, at, &said);
    }
}

/// Where in an object what is said of a field belongs. Readers of a part of the object count paths
/// from that part: what leads furthest is meant.
fn place_of(root: &Node, field: &str) -> At {
    const PARTS: [&str; 3] = ["", "spec.", "spec.settings."];
    let places = PARTS.iter().filter_map(|part| root.place(&format!("{part}{field}")));
    places.min_by_key(|(_, left)| *left).map_or(root.at, |(at, _)| at)
}
