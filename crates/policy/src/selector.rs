//! Label expressions and regular expressions, compiled once and asked often.

use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};

use crate::rule::{LabelExpression, Operator};

/// The longest pattern, in bytes: four times the longest name or label value that it could spell out.
pub(crate) const PATTERN_LENGTH_MAX: usize = 1024;

/// What one compiled pattern may take, in bytes. A pattern over names takes 2 to 10 KiB; one with
/// nested counts, such as `(a{100}){100}`, would take megabytes. See [`PATTERNS_MAX`].
const PATTERN_SIZE_MAX: usize = 64 * 1024;

/// How many patterns one catalog compiles: 100 policies with 20 each. With [`PATTERN_SIZE_MAX`]
/// for the pattern and as much for its cache that is at most 256 MiB, and some 20 MiB as people
/// write them.
pub(crate) const PATTERNS_MAX: usize = 2000;

/// Compiles patterns, and counts them.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    count: usize,
}

impl Compiler {
    /// The pattern, or what is wrong with it.
    ///
    /// It is searched for anywhere in the text, as in Kubernetes and Go; `^` and `$` anchor it.
    /// Letters and classes are ASCII, as are all names and label values.
    pub(crate) fn pattern(&mut self, pattern: &str) -> Result<Regex, String> {
        if pattern.len() > PATTERN_LENGTH_MAX {
            return Err(format!("is longer than {PATTERN_LENGTH_MAX} bytes"));
        }
        if self.count >= PATTERNS_MAX {
            return Err(format!("comes after {PATTERNS_MAX} others in all policies"));
        }
        self.count += 1;
        let compiled = RegexBuilder::new(pattern)
            .unicode(false)
            .size_limit(PATTERN_SIZE_MAX)
            .dfa_size_limit(PATTERN_SIZE_MAX)
            .build();
        compiled.map_err(|error| {
            if matches!(error, regex::Error::CompiledTooBig(_)) {
                return "takes too much memory once compiled".to_owned();
            }
            // The message is a drawing over several lines; its last one says what is wrong.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("is no regular expression: {}", last.trim_start_matches("error: "))
        })
    }
}

/// What a text may be.
#[derive(Debug)]
pub(crate) enum LabelMatch {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
    Contains(Vec<String>),
    Regex(Vec<Regex>),
}

/// A label expression, compiled.
#[derive(Debug)]
pub(crate) struct LabelMatcher {
    /// The label; absent: any.
    key: Option<String>,
    value: LabelMatch,
}

impl LabelMatcher {
    /// The expression compiled, or what is wrong with it.
    pub(crate) fn compile(
        expression: &LabelExpression,
        compiler: &mut Compiler,
    ) -> Result<Self, String> {
        let LabelExpression { key, operator, values } = expression;
        let name = operator.name();
        if key.is_none() && !operator.works_without_key() {
            return Err(format!("lacks key, which {name} needs"));
        }
        if values.is_empty() == operator.takes_values() {
            let has = if values.is_empty() { "lacks values, which" } else { "has values, which" };
            let needs = if values.is_empty() { "needs" } else { "does not take" };
            return Err(format!("{has} {name} {needs}"));
        }
        let value = match operator {
            Operator::In => LabelMatch::In(values.clone()),
            Operator::NotIn => LabelMatch::NotIn(values.clone()),
            Operator::Exists => LabelMatch::Exists,
            Operator::DoesNotExist => LabelMatch::DoesNotExist,
            Operator::Contains => LabelMatch::Contains(values.clone()),
            Operator::Regex => {
                let compiled = values.iter().map(|value| {
                    compiler.pattern(value).map_err(|wrong| format!("value {value:?} {wrong}"))
                });
                LabelMatch::Regex(compiled.collect::<Result<_, _>>()?)
            }
        };
        Ok(Self { key: key.clone(), value })
    }

    /// Whether labels satisfy it.
    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        match &self.key {
            Some(key) => self.value.matches(labels.get(key).map(String::as_str)),
            None => labels.values().any(|value| self.value.matches(Some(value))),
        }
    }
}

impl LabelMatch {
    /// Whether the value of a label, or its absence, satisfies it.
    fn matches(&self, value: Option<&str>) -> bool {
        let is_in =
            |values: &[String]| value.is_some_and(|value| values.iter().any(|v| v == value));
        match self {
            Self::In(values) => is_in(values),
            Self::NotIn(values) => !is_in(values),
            Self::Exists => value.is_some(),
            Self::DoesNotExist => value.is_none(),
            Self::Contains(parts) => {
                value.is_some_and(|value| parts.iter().any(|part| value.contains(part.as_str())))
            }
            Self::Regex(patterns) => value.is_some_and(|value| any(patterns, value)),
        }
    }
}

/// Whether any of the patterns is found in the text.
pub(crate) fn any(patterns: &[Regex], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.is_match(text.as_bytes()))
}
