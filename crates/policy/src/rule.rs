//! Assignment rules: which workloads a policy is meant for.

use plimsoll_domain::{Diagnostic, Origin, Severity};
use regex::bytes::Regex;

use crate::Facts;
use crate::selector::{self, Compiler, LabelMatcher};

/// One assignment rule. Both parts must match, where both are given; a rule with neither matches
/// every workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// What the namespace must be like.
    pub namespaces: Option<NamespaceRule>,
    /// What the workload must be like.
    pub workloads: Option<WorkloadRule>,
}

/// What a namespace must be like. All of what is given must hold; an empty list is not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceRule {
    /// Its name is one of these.
    pub names: Vec<String>,
    /// One of these regular expressions is found in its name.
    pub patterns: Vec<String>,
    /// Its labels satisfy all of these.
    pub labels: Vec<LabelExpression>,
}

/// What a workload must be like. All of what is given must hold; an empty list is not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkloadRule {
    /// Its kind is one of these: `Kind`, `Kind.group` or `Kind.version.group`, letter by letter. The
    /// core group is empty: `Pod.v1.` and `Pod.` name it.
    pub kinds: Vec<String>,
    /// Its labels satisfy all of these.
    pub labels: Vec<LabelExpression>,
}

/// What a label must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelExpression {
    /// The label. Absent, for [`Operator::Contains`] and [`Operator::Regex`] only: any label; its
    /// value is searched, its name is not.
    pub key: Option<String>,
    /// How it is compared.
    pub operator: Operator,
    /// With what; any of them will do. None for [`Operator::Exists`] and
    /// [`Operator::DoesNotExist`].
    pub values: Vec<String>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The value is one of the given.
    In,
    /// The value is none of the given, or the label is absent, as in Kubernetes.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The value contains one of the given.
    Contains,
    /// One of the given regular expressions is found in the value.
    Regex,
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::In, Self::NotIn, Self::Exists, Self::DoesNotExist, Self::Contains, Self::Regex];

    /// The word for it in a document.
    pub fn name(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
            Self::Contains => "Contains",
            Self::Regex => "Regex",
        }
    }

    /// Whether it needs values; it takes none otherwise.
    pub fn takes_values(self) -> bool {
        !matches!(self, Self::Exists | Self::DoesNotExist)
    }

    /// Whether it may do without a key.
    pub fn works_without_key(self) -> bool {
        matches!(self, Self::Contains | Self::Regex)
    }
}

/// A rule compiled.
#[derive(Debug)]
pub(crate) struct Matcher {
    names: Vec<String>,
    patterns: Vec<Regex>,
    namespace_labels: Vec<LabelMatcher>,
    kinds: Vec<KindMatcher>,
    labels: Vec<LabelMatcher>,
}

impl Matcher {
    /// Whether a workload is of those the rule is meant for. What costs least is asked first.
    pub(crate) fn matches(&self, facts: &Facts<'_>) -> bool {
        let all = |matchers: &[LabelMatcher], labels| matchers.iter().all(|m| m.matches(labels));
        (self.names.is_empty() || self.names.iter().any(|name| name == facts.namespace))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.matches(facts)))
            && (self.patterns.is_empty() || selector::any(&self.patterns, facts.namespace))
            && all(&self.namespace_labels, facts.namespace_labels)
            && all(&self.labels, facts.labels)
    }
}

/// Compiles the rule of this index. A rule with anything wrong in it is none: half a rule would take
/// in more workloads than it was written for. What is wrong goes to `remarks`.
pub(crate) fn compile(
    (index, rule): (usize, &Rule),
    compiler: &mut Compiler,
    origin: &Origin,
    remarks: &mut Vec<Diagnostic>,
) -> Option<Matcher> {
    let mut wrong = Vec::new();
    let namespaces = rule.namespaces.clone().unwrap_or_default();
    let workloads = rule.workloads.clone().unwrap_or_default();
    let mut patterns = Vec::new();
    for (at, pattern) in namespaces.patterns.iter().enumerate() {
        match compiler.pattern(pattern) {
            Ok(compiled) => patterns.push(compiled),
            Err(why) => wrong.push((format!("namespaces.patterns[{at}]"), why)),
        }
    }
    let mut labels = |part: &str, expressions: &[LabelExpression]| {
        let mut compiled = Vec::new();
        for (at, expression) in expressions.iter().enumerate() {
            match LabelMatcher::compile(expression, compiler) {
                Ok(matcher) => compiled.push(matcher),
                Err(why) => wrong.push((format!("{part}.labels[{at}]"), why)),
            }
        }
        compiled
    };
    let namespace_labels = labels("namespaces", &namespaces.labels);
    let workload_labels = labels("workloads", &workloads.labels);
    let mut kinds = Vec::new();
    for (at, kind) in workloads.kinds.iter().enumerate() {
        match KindMatcher::parse(kind) {
            Ok(matcher) => kinds.push(matcher),
            Err(why) => wrong.push((format!("workloads.kinds[{at}]"), why)),
        }
    }
    let is_whole = wrong.is_empty();
    remarks.extend(wrong.into_iter().map(|(path, why)| Diagnostic {
        severity: Severity::Error,
        origin: origin.clone(),
        field: format!("assignmentRules[{index}].{path}"),
        line: None,
        column: None,
        message: format!("{why}; the rule matches nothing"),
    }));
    is_whole.then_some(Matcher {
        names: namespaces.names,
        patterns,
        namespace_labels,
        kinds,
        labels: workload_labels,
    })
}

/// A kind, with group and version where they are given.
#[derive(Debug)]
struct KindMatcher {
    kind: String,
    group: Option<String>,
    version: Option<String>,
}

impl KindMatcher {
    fn parse(text: &str) -> Result<Self, String> {
        let (kind, rest) = match text.split_once('.') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err("expected Kind, Kind.group or Kind.version.group".to_owned());
        }
        let (version, group) = match rest.map(|rest| (rest, rest.split_once('.'))) {
            None => (None, None),
            Some((_, Some((first, group)))) if is_version(first) => (Some(first), Some(group)),
            // No group is called like a version: this is the core group's.
            Some((rest, None)) if is_version(rest) => (Some(rest), Some("")),
            Some((rest, _)) => (None, Some(rest)),
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Self { kind: kind.to_owned(), group: owned(group), version: owned(version) })
    }

    fn matches(&self, facts: &Facts<'_>) -> bool {
        self.kind == facts.kind
            && self.group.as_ref().is_none_or(|group| group == facts.group)
            && self.version.as_ref().is_none_or(|version| version == facts.version)
    }
}

/// Whether it is a version as Kubernetes writes them: `v1`, `v2beta1`, `v1alpha3`.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let parts = rest.split_once("alpha").or_else(|| rest.split_once("beta"));
    parts.map_or_else(|| number(rest), |(major, minor)| number(major) && number(minor))
}
