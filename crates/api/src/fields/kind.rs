//! Kinds of values: which texts are one, in one spelling, and how to say what is expected.

use std::ops::RangeInclusive;
use std::time::Duration;

use plimsoll_domain::Target;

use super::spelling;
use crate::{parse_duration, parse_quantity};

/// What kind of value a field takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A mapping with known fields.
    Group,
    /// A list of mappings with known fields, of at most this many.
    List(usize),
    /// A mapping from names to groups, of at most this many.
    Map(usize),
    /// `on` or `off`, or a synonym.
    Switch,
    /// `true` or `false`, or a synonym.
    Boolean,
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    /// Any text of at most this many characters.
    Text(usize),
    /// A list of texts, from so many to so many.
    Texts(usize, usize),
    /// A list of at most this many whole numbers, from 1.
    Integers(usize),
    /// A span of time in this range of seconds.
    Duration(Span),
    /// A number in this range.
    Number(f64, f64),
    /// A whole number in this range.
    Integer(i64, i64),
    /// A Kubernetes quantity.
    Quantity,
    /// Kubernetes' form of a percentage or a whole number: `10%` or `10`, in this range.
    Percent(i64, i64),
    /// Which usage counts: `p80`, up to this percentile; `max`, `auto`, `forecast:balanced`.
    Target(f64),
    /// This word, or a value of the kind.
    Or(&'static str, &'static Self),
    /// Anything.
    Any,
}

/// A range of seconds, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The shortest.
    pub(crate) from: u64,
    /// The longest.
    pub(crate) to: u64,
    /// Whether none at all may be said as well, by `0`.
    pub(crate) or_zero: bool,
}

impl Kind {
    /// From so many minutes to so many.
    pub(crate) const fn minutes(from: u64, to: u64) -> Self {
        Self::Duration(Span { from: from * 60, to: to * 60, or_zero: false })
    }

    /// From so many hours to so many.
    pub(crate) const fn hours(from: u64, to: u64) -> Self {
        Self::minutes(from * 60, to * 60)
    }

    /// None at all, or from so many minutes to so many.
    pub(crate) const fn zero_or_minutes(from: u64, to: u64) -> Self {
        Self::Duration(Span { from: from * 60, to: to * 60, or_zero: true })
    }

    /// Whether it holds further known fields.
    pub(crate) fn has_fields(self) -> bool {
        matches!(self, Self::Group | Self::List(_) | Self::Map(_))
    }

    /// Of a list of scalars: the kind of its elements, and how many it may have.
    pub(crate) fn elements(self) -> Option<(Self, RangeInclusive<usize>)> {
        if let Self::Texts(from, to) = self {
            return Some((Self::Text(253), from..=to));
        }
        let Self::Integers(max) = self else { return None };
        Some((Self::Integer(1, i64::from(i32::MAX)), 1..=max))
    }

    /// What the reference pages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Group => "mapping",
            Self::List(_) | Self::Texts(..) | Self::Integers(_) => "list",
            Self::Map(_) => "mapping by name",
            Self::Switch => "switch",
            Self::Boolean => "boolean",
            Self::Word(_) => "word",
            Self::Text(_) => "text",
            Self::Duration(_) => "duration",
            Self::Number(..) => "number",
            Self::Integer(..) => "whole number",
            Self::Quantity => "quantity",
            Self::Percent(..) => "percentage or whole number",
            Self::Target(_) => "target",
            Self::Or(_, kind) => kind.name(),
            Self::Any => "any",
        }
    }

    /// The values it takes, to read after "expected".
    pub(crate) fn expected(self) -> String {
        match self {
            Self::Group => "a mapping".to_owned(),
            Self::List(max) => format!("a list of at most {max} mappings"),
            Self::Map(max) => format!("a mapping from at most {max} names"),
            Self::Switch => "on or off".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Word(words) => listed(words, "or"),
            Self::Text(max) => format!("a text of 1 to {max} characters"),
            Self::Texts(from, to) => format!("a list of {from} to {to} texts"),
            Self::Integers(max) => format!("a list of 1 to {max} whole numbers"),
            Self::Duration(Span { from, to, or_zero }) => {
                let [from, to] =
                    [from, to].map(|seconds| spelling::duration(Duration::from_secs(seconds)));
                let zero = if or_zero { "0s (off), or " } else { "" };
                format!("{zero}a duration from {from} to {to}")
            }
            Self::Number(from, f64::INFINITY) => format!("a number of {from} or more"),
            Self::Number(from, to) => format!("a number from {from} to {to}"),
            Self::Integer(from, i64::MAX) => format!("a whole number of {from} or more"),
            Self::Integer(from, to) => format!("a whole number from {from} to {to}"),
            Self::Quantity => "a quantity such as 250m, 1.5 or 512Mi".to_owned(),
            Self::Percent(from, to) => format!("a percentage from {from}% to {to}%"),
            Self::Target(most) => {
                format!(
                    "max, p0 to p{most}, pooled: with such a percentile, auto, or forecast: with a \
                     strategy or a percentile"
                )
            }
            Self::Or(word, kind) => format!("{word}, or {}", kind.expected()),
            Self::Any => "anything".to_owned(),
        }
    }

    /// The one spelling of a scalar value; `None` when it is no value of the kind.
    pub(crate) fn canonical(self, text: &str) -> Option<String> {
        match self {
            Self::Group | Self::List(_) | Self::Map(_) | Self::Texts(..) | Self::Integers(_) => {
                None
            }
            Self::Switch | Self::Boolean => Self::boolean(text).map(|value| value.to_string()),
            Self::Word(_) => self.word(text).map(str::to_owned),
            Self::Text(max) => (1..=max).contains(&text.chars().count()).then(|| text.to_owned()),
            Self::Duration(_) => self.duration(text).map(spelling::duration),
            Self::Number(..) => self.number(text).map(|value| value.to_string()),
            Self::Integer(..) => self.integer(text).map(|value| value.to_string()),
            Self::Quantity => parse_quantity(text).ok().map(|_| text.to_owned()),
            Self::Percent(from, to) => {
                let number = text.strip_suffix('%').unwrap_or(text);
                let number = Self::Integer(from, to).integer(number)?;
                Some(format!("{number}%"))
            }
            Self::Target(_) => self.target(text).map(spelling::target),
            Self::Or(word, _) if text.eq_ignore_ascii_case(word) => Some(word.to_owned()),
            Self::Or(_, kind) => kind.canonical(text),
            Self::Any => Some(text.to_owned()),
        }
    }

    /// A switch or a boolean: `on`, `off` and their synonyms, in any case.
    pub(crate) fn boolean(text: &str) -> Option<bool> {
        match text.to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" => Some(true),
            "off" | "false" | "no" => Some(false),
            _ => None,
        }
    }

    /// A word, as the table spells it.
    pub(crate) fn word(self, text: &str) -> Option<&'static str> {
        let Self::Word(words) = self else { return None };
        words.iter().find(|word| word.eq_ignore_ascii_case(text)).copied()
    }

    /// Which usage counts, in the range.
    pub(crate) fn target(self, text: &str) -> Option<Target> {
        let Self::Target(most) = self else { return None };
        spelling::parse_target(text, most)
    }

    /// A duration in the range.
    pub(crate) fn duration(self, text: &str) -> Option<Duration> {
        let Self::Duration(Span { from, to, or_zero }) = self else { return None };
        let range = Duration::from_secs(from)..=Duration::from_secs(to);
        let found = parse_duration(text).ok()?;
        (range.contains(&found) || or_zero && found.is_zero()).then_some(found)
    }

    /// A number in the range; `nan` and `inf` are in none.
    pub(crate) fn number(self, text: &str) -> Option<f64> {
        let Self::Number(from, to) = self else { return None };
        let found: f64 = text.parse().ok()?;
        (found.is_finite() && (from..=to).contains(&found)).then_some(found)
    }

    /// A whole number in the range; `2.0` is one, as JSON knows no other.
    pub(crate) fn integer(self, text: &str) -> Option<i64> {
        let Self::Integer(from, to) = self else { return None };
        let digits = text.strip_suffix(".0").unwrap_or(text);
        digits.parse().ok().filter(|found| (from..=to).contains(found))
    }
}

/// `a, b or c`, with the last word of one's choice.
pub(super) fn listed(words: &[&str], last_word: &str) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} {last_word} {last}", first.join(", ")),
        None => String::new(),
    }
}
