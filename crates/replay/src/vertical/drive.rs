//! Steps one recommender through one series.

use std::time::Duration;

use plimsoll_domain::{Amount, Timestamp};

use super::cells::Cells;

/// What a recommender sees of one tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Seen {
    /// No sample.
    Gap,
    /// CPU: the mean. Memory: the maximum.
    Usage(Amount),
    /// Killed at this memory limit.
    OutOfMemory(Amount),
}

/// What is in force from some time on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Values {
    pub(super) request: Amount,
    /// The memory limit.
    pub(super) limit: Option<Amount>,
}

/// One change that is applied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) at: Timestamp,
    pub(super) values: Values,
}

/// Ours or a peer: sees tick after tick and says what it would apply.
pub(super) trait Recommender {
    /// The tick that began at `start` has passed.
    fn tick(&mut self, start: Timestamp, seen: Seen);

    /// The values to apply at `now`; they are in force at once. `None` leaves things as they are.
    fn decide(&mut self, now: Timestamp) -> Option<Values>;
}

/// The changes one recommender applies to one series.
pub(super) fn drive(who: &mut dyn Recommender, cells: &Cells, warm_up: Duration) -> Vec<Row> {
    let warm_ticks = cells.warm_ticks(warm_up);
    let mut rows: Vec<Row> = Vec::new();
    for (number, (start, usage)) in cells.ticks().enumerate() {
        let limit = rows.last().and_then(|row| row.values.limit);
        who.tick(start, seen(usage, limit));
        let now = start.plus(cells.tick());
        // The last tick may be cut short, and what is decided after it governs nothing: all it
        // may bring is a first decision, of which every series has one.
        let is_over = number + 1 == cells.len() && !rows.is_empty();
        if number + 1 < warm_ticks || is_over {
            continue;
        }
        if let Some(values) = who.decide(now) {
            rows.push(Row { at: now, values });
        }
    }
    rows
}

/// A tick above the limit is a kill, and nobody learns how much was needed.
fn seen(usage: Option<f64>, limit: Option<Amount>) -> Seen {
    match (usage.and_then(Amount::new), limit) {
        (None, _) => Seen::Gap,
        (Some(usage), Some(limit)) if usage > limit => Seen::OutOfMemory(limit),
        (Some(usage), _) => Seen::Usage(usage),
    }
}
