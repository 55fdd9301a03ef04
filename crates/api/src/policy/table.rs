//! Every field of a ScalingPolicy beside its settings, as data.

use std::sync::LazyLock;

use crate::fields::{Field, Kind, Tree};

/// The most rules of one policy; the catalog compiles no more.
const RULES_MAX: usize = 50;
/// The most names, kinds and patterns of one rule.
const NAMES_MAX: usize = 200;
/// The most label expressions of one rule.
const LABELS_MAX: usize = 50;
/// The operators on labels.
const OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist", "Contains", "Regex"];

/// What is known in the `spec` of a ScalingPolicy.
pub(crate) static RULES: LazyLock<Tree> = LazyLock::new(|| Tree::of(FIELDS.iter().copied()));

const FIELDS: &[Field] = &[
    Field::new("order", Kind::Integer(i32::MIN as i64, i32::MAX as i64), "Where it stands among the policies whose rules are asked, lowest first; then by name.")
        .else_holds("0")
        .source(CAST),
    Field::new("default", Kind::Boolean, "Whether workloads that no rule matches get it.")
        .else_holds("false")
        .source(CAST),
    Field::new("assignmentRules", Kind::List(RULES_MAX), "Which workloads it is meant for: those that any rule matches. Both parts of a rule must match, where both are given.")
        .source(CAST),
    Field::new("assignmentRules[].namespaces", Kind::Group, "What the namespace must be like: all of what is given must hold.")
        .source(CAST),
    Field::new("assignmentRules[].namespaces.names", Kind::Texts(0, NAMES_MAX), "Its name is one of these.")
        .source(CAST),
    Field::new("assignmentRules[].namespaces.patterns", Kind::Texts(0, NAMES_MAX), "One of these regular expressions is found in its name.")
        .source("the Cast AI console"),
    Field::new("assignmentRules[].workloads", Kind::Group, "What the workload must be like: all of what is given must hold.")
        .source(CAST),
    Field::new("assignmentRules[].workloads.kinds", Kind::Texts(0, NAMES_MAX), "Its kind is one of these: `Kind`, `Kind.group` or `Kind.version.group`.")
        .source(CAST),
    Field::new("assignmentRules[].namespaces.labels", Kind::List(LABELS_MAX), "Its labels satisfy all of these.")
        .requires(&["operator"])
        .source(CAST),
    Field::new("assignmentRules[].namespaces.labels[].key", Kind::Text(317), "The label. Contains and Regex work without: the value of any label is searched.")
        .source(CAST),
    Field::new("assignmentRules[].namespaces.labels[].operator", Kind::Word(OPERATORS), "How it is compared.")
        .source(CAST),
    Field::new("assignmentRules[].namespaces.labels[].values", Kind::Texts(0, NAMES_MAX), "With what; any of them will do. None for Exists and DoesNotExist.")
        .source(CAST),
    Field::new("assignmentRules[].workloads.labels", Kind::List(LABELS_MAX), "Its labels satisfy all of these.")
        .requires(&["operator"])
        .source(CAST),
    Field::new("assignmentRules[].workloads.labels[].key", Kind::Text(317), "The label. Contains and Regex work without: the value of any label is searched.")
        .source(CAST),
    Field::new("assignmentRules[].workloads.labels[].operator", Kind::Word(OPERATORS), "How it is compared.")
        .source(CAST),
    Field::new("assignmentRules[].workloads.labels[].values", Kind::Texts(0, NAMES_MAX), "With what; any of them will do. None for Exists and DoesNotExist.")
        .source(CAST),
    Field::new("settings", Kind::Any, "The settings; see below."),
];

const CAST: &str = "Cast AI Terraform provider, under our names";
