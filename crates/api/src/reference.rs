//! The reference pages of the dialects, made from the tables that documents are read by: what is
//! said here is what the program does.

mod system;

use std::fmt::Write as _;

use crate::annotation::OLDER_TREE;
use crate::fields::{Effect, Field, Kind, Tree};
use crate::policy::RULES;
use crate::settings::table::{ANNOTATION, OBJECT};
use crate::thoras;

/// A page of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferencePage {
    /// The annotation that holds a document.
    Annotation,
    /// The annotations of the older form.
    OlderAnnotations,
    /// ScalingPolicy, and the settings of a ScaledWorkload.
    ScalingPolicy,
    /// The objects of `thoras.ai`.
    Thoras,
}

impl ReferencePage {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Annotation, Self::OlderAnnotations, Self::ScalingPolicy, Self::Thoras];
}

/// A page as Markdown.
pub fn reference_page(page: ReferencePage) -> String {
    match page {
        ReferencePage::Annotation => {
            let top = include_str!("reference/annotation.md");
            format!("{top}{}", fields(&ANNOTATION))
        }
        ReferencePage::OlderAnnotations => {
            let top = include_str!("reference/older_annotations.md");
            format!("{top}{}", fields(&OLDER_TREE))
        }
        ReferencePage::ScalingPolicy => {
            let (top, settings) = (
                include_str!("reference/scaling_policy.md"),
                include_str!("reference/settings.md"),
            );
            let rules = table(RULES.fields());
            format!("{top}{rules}\n{}{settings}{}", system::policies(), fields(&OBJECT))
        }
        ReferencePage::Thoras => {
            let top = include_str!("reference/thoras.md");
            let kinds = thoras::trees().into_iter().zip(thoras::STATUSES.iter());
            let kinds = kinds.map(|((kind, tree), written)| {
                format!("\n# {kind}\n{}{}", fields(tree), status(written))
            });
            format!("{top}{}", kinds.collect::<String>())
        }
    }
}

/// The fields of a table, each with whether it is in effect.
fn fields(tree: &Tree) -> String {
    let fields = tree.fields();
    let has_later = fields.iter().any(|field| field.effect == Effect::Later);
    let later = if has_later { LATER } else { "" };
    format!("\n## Fields\n\n{later}{}", table(fields))
}

const LATER: &str = "Fields that are not in effect yet are read, checked in full and shown, and each is \
                     answered with a\nwarning.\n\n";

fn table(fields: Vec<&Field>) -> String {
    let mut text = String::from(
        "| field | type | default | values | in effect | since | source | meaning |\n|---|---|---|---|---|---|---|---|\n",
    );
    for field in fields {
        let Field { path, kind, default, since, source, doc, effect, .. } = field;
        let path = path.replace('*', "<name>");
        let values = values(field);
        let kind = kind.name();
        let effect = match effect {
            Effect::Now => "yes",
            Effect::Later => "not yet",
        };
        writeln!(
            text,
            "| `{path}` | {kind} | {default} | {values} | {effect} | {since} | {source} | {doc} |"
        )
        .ok();
    }
    text
}

/// The fields of a status, each with whether the program fills it.
fn status(tree: &Tree) -> String {
    let mut text = String::from(
        "\n## Status\n\nWritten by the controller. What it does not fill is taken all the same, so that \
         objects of another owner stay\nvalid.\n\n| field | type | filled | source | meaning |\n\
         |---|---|---|---|---|\n",
    );
    let fields = tree.fields();
    let empty: Vec<&str> = fields
        .iter()
        .filter(|field| field.effect == Effect::Later)
        .map(|field| field.path.trim_end_matches("[]"))
        .collect();
    for Field { path, kind, source, doc, .. } in fields {
        let is_empty = empty.iter().any(|group| {
            let rest = path.strip_prefix(group).map(|rest| rest.trim_start_matches("[]"));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        let filled = if is_empty { "no" } else { "yes" };
        let path = path.replace('*', "<name>");
        let doc = doc.trim_start_matches("Not filled.");
        writeln!(text, "| `{path}` | {} | {filled} | {source} | {doc} |", kind.name()).ok();
    }
    text
}

/// What a field takes; of a group without demands its type says enough.
fn values(field: &Field) -> String {
    let is_plain_group = field.kind == Kind::Group && field.required.is_empty();
    if is_plain_group && field.values.is_empty() {
        return String::new();
    }
    field.expected().replace('|', "\\|")
}
