//! One field of an object.

/// One field, or one group of fields.
#[derive(Clone, Copy, Debug)]
pub(in crate::thoras) struct Row {
    /// Keys from the top, joined by dots. `*` stands for any name, and `[]` ends the name of a list;
    /// what follows it belongs to the elements.
    pub(in crate::thoras) path: &'static str,
    /// What kind of value it takes.
    pub(in crate::thoras) kind: Kind,
    /// Whether the group it is in must have it.
    pub(in crate::thoras) is_required: bool,
    /// Whether it does what it says in this version.
    pub(in crate::thoras) is_in_effect: bool,
    /// What the API server writes where it is not given, as JSON; empty when nothing.
    pub(in crate::thoras) default: &'static str,
    /// What holds where it is not given and the API server writes nothing; empty when nothing does.
    pub(in crate::thoras) otherwise: &'static str,
    /// What it does.
    pub(in crate::thoras) doc: &'static str,
    /// Which versions of the chart know it.
    pub(in crate::thoras) since: &'static str,
    /// Where that is written.
    pub(in crate::thoras) source: &'static str,
}

/// What kind of value a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::thoras) enum Kind {
    /// A mapping with known fields.
    Group,
    /// The same, or null, which says the same as leaving it out.
    GroupOrNull,
    /// A list of mappings with known fields, of at most this many.
    List(u32),
    /// A mapping of at most this many names to what the row with `*` says.
    Map(u32),
    /// A list of texts, of at most this many.
    Texts(u32),
    /// A list of whole numbers from 1 on, of at most this many.
    Numbers(u32),
    /// True or false.
    Boolean,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any text.
    Text,
    /// Go's form of a duration, as text.
    Duration,
    /// A whole number of 32 bits, from this on.
    Integer(i32),
    /// A Kubernetes quantity, as number or text.
    Quantity,
    /// A factor: a number with or without decimals, or a quantity as text.
    Factor,
    /// A percentage: `10%`, or a bare whole number.
    Percent,
    /// A number from 0 to 100, as number or text.
    Percentile,
    /// A number of pods, or a percentage of them.
    Pods,
    /// A point in time as RFC 3339 has it.
    Time,
    /// A mapping of which nothing is known.
    Any,
}

/// The CRDs that the public chart had at release 4.144.0.
pub(super) const CHART: &str = "thoras-ai/helm-charts, CRDs of 4.144.0";
/// The CRDs of the chart before the newer dialect.
pub(super) const OLDER_CHART: &str = "thoras-ai/helm-charts, older CRDs";
/// The reference pages.
pub(super) const DOCS: &str = "docs.thoras.ai, reference";

/// A field that is in effect.
pub(super) const fn row(path: &'static str, kind: Kind, doc: &'static str) -> Row {
    Row {
        path,
        kind,
        is_required: false,
        is_in_effect: true,
        default: "",
        otherwise: "",
        doc,
        since: "all",
        source: CHART,
    }
}

impl Row {
    /// The group it is in must have it.
    pub(super) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// It is read and has no effect yet.
    pub(super) const fn later(self) -> Self {
        Self { is_in_effect: false, ..self }
    }

    /// The API server writes this JSON where it is not given.
    pub(super) const fn written(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    /// This holds where it is not given.
    pub(super) const fn otherwise(self, otherwise: &'static str) -> Self {
        Self { otherwise, ..self }
    }

    /// Newer versions of the chart know it.
    pub(super) const fn newer(self) -> Self {
        Self { since: "newer", ..self }
    }

    /// Older versions of the chart know it.
    pub(super) const fn older(self) -> Self {
        Self { since: "older", source: OLDER_CHART, ..self }
    }

    /// It is written in the reference pages only.
    pub(super) const fn documented(self) -> Self {
        Self { source: DOCS, ..self }
    }
}
