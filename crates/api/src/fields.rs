//! The fields of a dialect as data: what is known, since when, what has an effect, what a value must
//! be. Checks, messages, schemas and the reference pages all come from such tables.

mod kind;
pub(crate) mod schema;
mod spelling;
mod tree;

pub(crate) use kind::{Kind, Span};
pub(crate) use spelling::{
    duration as duration_text, parse_percent_ratio, percent, target as target_text,
};
pub(crate) use tree::Tree;

/// One field, or one group of fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Keys from the top, joined by dots. `{a,b}` stands for either and `*` for any name; what
    /// follows a list belongs to its elements, and the list may end with `[]` to say so.
    pub(crate) path: &'static str,
    /// What kind of value it takes, and which of that kind.
    pub(crate) kind: Kind,
    /// Whether it has an effect in this version.
    pub(crate) effect: Effect,
    /// Fields without which the group says nothing and is refused.
    pub(crate) required: &'static [&'static str],
    /// What holds when it is not given; empty when nothing does.
    pub(crate) default: &'static str,
    /// The values it takes, to read after "expected"; empty where the kind says it all.
    pub(crate) values: &'static str,
    /// What it does.
    pub(crate) doc: &'static str,
    /// When it appeared.
    pub(crate) since: &'static str,
    /// Where that is written.
    pub(crate) source: &'static str,
}

/// What a field does in this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// What it says.
    Now,
    /// Nothing but being checked and shown.
    Later,
}

impl Field {
    /// A field that is in effect, known from the beginning.
    pub(crate) const fn new(path: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            path,
            kind,
            effect: Effect::Now,
            required: &[],
            default: "",
            values: "",
            doc,
            since: "first",
            source: "",
        }
    }

    /// It has no effect yet.
    pub(crate) const fn later(self) -> Self {
        Self { effect: Effect::Later, ..self }
    }

    /// All of these must be in the group.
    pub(crate) const fn requires(self, required: &'static [&'static str]) -> Self {
        Self { required, ..self }
    }

    /// This holds when it is not given.
    pub(crate) const fn else_holds(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    /// These are the values, in better words than the kind's.
    pub(crate) const fn values(self, values: &'static str) -> Self {
        Self { values, ..self }
    }

    /// When it appeared.
    pub(crate) const fn since(self, since: &'static str) -> Self {
        Self { since, ..self }
    }

    /// Where that is written.
    pub(crate) const fn source(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    /// The values it takes, to read after "expected".
    pub(crate) fn expected(&self) -> String {
        match (self.values, self.required) {
            ("", []) => self.kind.expected(),
            ("", names) if self.kind == Kind::Group => {
                format!("a mapping with {}", kind::listed(names, "and"))
            }
            ("", names) => format!("{} with {}", self.kind.expected(), kind::listed(names, "and")),
            (values, _) => values.to_owned(),
        }
    }
}
