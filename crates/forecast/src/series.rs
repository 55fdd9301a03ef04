//! The last 30 days of one usage, a value for each cell of five minutes.

use std::collections::VecDeque;

use plimsoll_domain::Amount;

use crate::grid::{DAY, WINDOW};

/// Usage by cell, at most [`WINDOW`] cells, without holes: an empty cell has the value of the one
/// before. Values are kept in single precision, 35 kB for 30 days; what that rounds away is less
/// than [`crate::forecast::ROUNDING`] of a value, by which forecasts are opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    values: VecDeque<f32>,
    /// The cell after the last one.
    next: i64,
}

impl Series {
    /// Nothing seen yet.
    pub const fn new() -> Self {
        Self { values: VecDeque::new(), next: 0 }
    }

    /// Takes the value of a cell (its start in seconds since the epoch / 300). Cells since the last
    /// one are filled with the last value; the last cell again replaces its value; an older cell is
    /// too late and changes nothing.
    pub fn observe(&mut self, cell: i64, value: Amount) {
        let value = single(value.value());
        let Some(last) = self.values.back().copied() else {
            self.push(value);
            self.next = cell.saturating_add(1);
            return;
        };
        let ahead = cell.saturating_sub(self.next);
        if ahead < -1 {
            return;
        }
        if ahead == -1 {
            self.values.pop_back();
        }
        for _ in 0..ahead.clamp(0, WINDOW_CELLS) {
            self.push(last);
        }
        self.push(value);
        self.next = cell.saturating_add(1);
    }

    fn push(&mut self, value: f32) {
        if self.values.len() == WINDOW {
            self.values.pop_front();
        } else if self.values.len() == self.values.capacity() {
            self.values.reserve_exact(DAY.min(WINDOW - self.values.len()));
        }
        self.values.push_back(value);
    }

    /// How many cells are known.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing was seen yet.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The first cell that is not known: the origin of a forecast made now.
    pub fn origin(&self) -> i64 {
        self.next
    }

    /// The values in order of time.
    pub fn values(&self) -> Vec<f64> {
        self.values.iter().copied().map(f64::from).collect()
    }

    /// The memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.values.capacity() * size_of::<f32>()
    }
}

const WINDOW_CELLS: i64 = 30 * 288;

#[expect(clippy::cast_possible_truncation, reason = "rounds, as the type says; saturates above")]
fn single(value: f64) -> f32 {
    (value as f32).min(f32::MAX)
}
