//! Why a document cannot be read, with the place where the parser gave up or the tab behind it.

use plimsoll_domain::{Diagnostic, Origin, Severity};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, UserMessageFormatter};

use super::{BYTES_MAX, DEPTH_MAX, NODES_MAX, Node, Position, Value, quoted};

/// What a document is expected to be, for messages.
const EXPECTED: &str = "expected a mapping, such as \"vertical: {optimization: on}\"";

/// Refuses what is too long to be looked at.
pub(super) fn is_short_enough(text: &str, origin: &Origin) -> Result<(), Diagnostic> {
    if text.len() <= BYTES_MAX {
        return Ok(());
    }
    let message = format!("has {} bytes, expected at most {BYTES_MAX}", text.len());
    Err(diagnostic(Position::default(), message, origin))
}

/// Refuses what is no mapping.
pub(super) fn is_mapping(node: Node, origin: &Origin) -> Result<Node, Diagnostic> {
    let (at, found) = match &node.value {
        Value::Map(_) => return Ok(node),
        Value::Seq(_) => (node.at, "a list".to_owned()),
        Value::Scalar(text) => (node.at, quoted(text)),
        Value::Null => (Position::default(), "nothing".to_owned()),
    };
    Err(diagnostic(at, format!("found {found}, {EXPECTED}"), origin))
}

/// The parser's refusal, or the tab that is behind it.
pub(super) fn unreadable(text: &str, error: &Error, origin: &Origin) -> Diagnostic {
    let at = error.location().map_or_else(Position::default, Position::from);
    let error = inside_aliases(error);
    if let Some(message) = known_refusal(error) {
        return diagnostic(at, message, origin);
    }
    if let Some(tab) = tab_in_indentation(text, at, &said(error)) {
        let message = "is indented with a tab, and YAML expects spaces there";
        return diagnostic(tab, message.to_owned(), origin);
    }
    diagnostic(at, format!("is no valid YAML: {}; {EXPECTED}", said(error)), origin)
}

/// What we say of refusals that have their own words.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are in the parser's own words")]
fn known_refusal(error: &Error) -> Option<String> {
    Some(match error {
        Error::Budget {
            breach:
                BudgetBreach::Aliases { .. }
                | BudgetBreach::Anchors { .. }
                | BudgetBreach::MergeKeys { .. }
                | BudgetBreach::AliasAnchorRatio { .. },
            ..
        } => "has an anchor (&name), an alias (*name) or a merge key (<<), expected every value written out"
            .to_owned(),
        Error::Budget { .. } => format!(
            "is too large or too deep, expected at most {NODES_MAX} values in {DEPTH_MAX} levels"
        ),
        Error::MultipleDocuments { .. } => {
            "holds more than one document, expected one".to_owned()
        }
        Error::DuplicateMappingKey { .. } => format!("{}; expected every key once", said(error)),
        _ => return None,
    })
}

/// The error itself, when it came up inside of what an alias stands for.
fn inside_aliases(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } = error {
        error = inner;
    }
    error
}

/// The parser's own words without their place, cut where they repeat a long key.
fn said(error: &Error) -> String {
    const SAID_MAX: usize = 200;
    let said = error.render_with_formatter(&UserMessageFormatter);
    let said = said.lines().next().unwrap_or_default();
    said.split(" at line ").next().unwrap_or_default().chars().take(SAID_MAX).collect()
}

/// A tab in the indentation that the parser gave up at, or, where it says itself that a tab is the
/// matter, in that of this line or the next that is not blank: it stops at the end of a text that goes
/// on there. Lists and mappings in brackets may be indented with tabs, and fail for other reasons.
fn tab_in_indentation(text: &str, gave_up: Position, said: &str) -> Option<Position> {
    let speaks_of_tabs = said.split(' ').any(|word| matches!(word, "tab" | "tabs"));
    let line = gave_up.line?;
    let mut lines = (1..).zip(text.lines()).skip_while(|(number, _)| *number < line);
    let here = lines.next();
    let next = lines.find(|(_, content)| !content.trim().is_empty()).filter(|_| speaks_of_tabs);
    here.into_iter().chain(next).find_map(|(number, content)| {
        let indentation = content.len() - content.trim_start_matches([' ', '\t']).len();
        let column = u32::try_from(content.get(..indentation)?.find('\t')?).ok()?;
        let gave_up_there = gave_up.column? <= u32::try_from(indentation).ok()?.checked_add(1)?;
        let tab = Position { line: Some(number), column: column.checked_add(1) };
        (speaks_of_tabs || gave_up_there).then_some(tab)
    })
}

fn diagnostic(at: Position, message: String, origin: &Origin) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        origin: origin.clone(),
        field: String::new(),
        line: at.line,
        column: at.column,
        message,
    }
}
