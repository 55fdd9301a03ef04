//! Rows as the fields that documents are checked against.

use std::sync::LazyLock;

use super::{DAEMON_SET, Kind, Row, TARGET, TEMPLATE};
use crate::fields::{Effect, Field, Kind as Checked, Tree};

/// The longest text: a query.
const TEXT_MAX: usize = 4096;
/// The longest duration, in hours: longer ones are slips.
const YEAR: u64 = 366 * 24;

/// What a document of each kind is checked against.
pub(in crate::thoras) static TARGET_TREE: LazyLock<Tree> = LazyLock::new(|| tree(&TARGET.spec));
/// The same for templates.
pub(in crate::thoras) static TEMPLATE_TREE: LazyLock<Tree> = LazyLock::new(|| tree(&TEMPLATE.spec));
/// The same for DaemonSets.
pub(in crate::thoras) static DAEMON_SET_TREE: LazyLock<Tree> =
    LazyLock::new(|| tree(&DAEMON_SET.spec));

/// The fields of a status.
pub(in crate::thoras) fn status(rows: &[Row]) -> Tree {
    tree(rows)
}

/// What a duration is expected to be.
const DURATION: &str = "a duration with its unit, such as 15m or 1h30m";

fn tree(rows: &[Row]) -> Tree {
    Tree::of(rows.iter().map(|row| field(row, rows)))
}

fn field(row: &Row, rows: &[Row]) -> Field {
    let mut field = Field::new(row.path, kind(row), row.doc)
        .else_holds(if row.otherwise.is_empty() {
            row.default.trim_matches('"')
        } else {
            row.otherwise
        })
        .values(values(row))
        .since(row.since)
        .source(row.source);
    if !row.is_in_effect {
        field.effect = Effect::Later;
        // What is in effect says itself what it lacks.
        field.required = required(row.path, rows);
    }
    field
}

fn kind(row: &Row) -> Checked {
    match row.kind {
        Kind::Group | Kind::GroupOrNull => Checked::Group,
        Kind::List(max) => Checked::List(count(max)),
        Kind::Map(max) => Checked::Map(count(max)),
        Kind::Texts(max) => Checked::Texts(0, count(max)),
        Kind::Numbers(max) => Checked::Integers(count(max)),
        Kind::Boolean => Checked::Boolean,
        Kind::Word(words) => Checked::Word(words),
        Kind::Text | Kind::Time => Checked::Text(TEXT_MAX),
        Kind::Pods => Checked::Text(16),
        // Empty is as if left out.
        Kind::Duration => Checked::Or("", &SPAN),
        Kind::Integer(min) => Checked::Integer(i64::from(min), i64::from(i32::MAX)),
        Kind::Quantity | Kind::Factor => Checked::Quantity,
        Kind::Percent => Checked::Percent(0, 100),
        Kind::Percentile => Checked::Number(0.0, 100.0),
        Kind::Any => Checked::Any,
    }
}

const SPAN: Checked = Checked::hours(0, YEAR);

fn values(row: &Row) -> &'static str {
    match row.kind {
        Kind::Duration => DURATION,
        Kind::Percent => "a percentage from 0% to 100%",
        Kind::Percentile => "a number from 0 to 100, decimals in quotes",
        Kind::Pods => "a number of pods from 1 on, or a percentage from 1% to 100%",
        Kind::Factor => "a number from 1 to 1000",
        Kind::Group
        | Kind::GroupOrNull
        | Kind::List(_)
        | Kind::Map(_)
        | Kind::Texts(_)
        | Kind::Numbers(_)
        | Kind::Boolean
        | Kind::Word(_)
        | Kind::Text
        | Kind::Integer(_)
        | Kind::Quantity
        | Kind::Time
        | Kind::Any => "",
    }
}

/// The names that a group must have, or an element of a list.
fn required(path: &str, rows: &[Row]) -> &'static [&'static str] {
    let below = rows.iter().filter_map(|row| {
        let (parent, name) = row.path.rsplit_once('.')?;
        (parent == path && row.is_required).then(|| name.trim_end_matches("[]"))
    });
    below.collect::<Vec<_>>().leak()
}

fn count(max: u32) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX)
}
