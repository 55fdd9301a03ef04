//! Coverage: in which five minutes of the last eight days the container was seen.

use std::time::Duration;

use plimsoll_domain::{Ratio, Timestamp};

use crate::slot::RETENTION;

/// Length of a cell, in seconds.
const CELL: i64 = 5 * 60;

/// Cells remembered: 8 d of 288.
const CELLS: i64 = RETENTION.as_secs().cast_signed() / CELL;

/// Words of 64 cells: 2304 / 64 = 36 exactly.
const WORDS: usize = 36;

/// A ring of cells; a cell's place is its number modulo [`CELLS`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Coverage {
    /// The newest cell seen, counted from the epoch; the ring holds it and those before it.
    pub(crate) newest: Option<i64>,
    /// One bit for each cell.
    pub(crate) seen: Ring,
}

/// The bits, all zero at first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ring(pub(crate) [u64; WORDS]);

impl Default for Ring {
    fn default() -> Self {
        Self([0; WORDS])
    }
}

impl Coverage {
    /// From the newest cell and the bits; `None` for a cell beyond the range of moments.
    pub(crate) fn from_parts(newest: i64, seen: Ring) -> Option<Self> {
        newest.checked_mul(CELL)?;
        let mut coverage = Self { newest: Some(newest), seen };
        let (word, bit) = place(newest);
        coverage.seen.0[word] |= bit;
        Some(coverage)
    }

    /// Marks the cell of a moment as seen.
    pub(crate) fn mark(&mut self, at: Timestamp) {
        let cell = at.seconds().div_euclid(CELL);
        if self.newest == Some(cell) {
            // As at most readings: it was marked when it became the newest.
            return;
        }
        let newest = *self.newest.get_or_insert(cell);
        if cell > newest {
            self.advance(newest, cell);
        } else if newest - cell >= CELLS {
            return;
        }
        let (word, bit) = place(cell);
        self.seen.0[word] |= bit;
    }

    /// Marks every cell that another has seen.
    pub(crate) fn absorb(&mut self, other: &Self) {
        let Some(newest) = other.newest else { return };
        for cell in newest.saturating_sub(CELLS - 1)..=newest {
            if other.seen_between(cell, cell) > 0
                && let Some(begin) = cell.checked_mul(CELL)
            {
                self.mark(Timestamp::from_seconds(begin));
            }
        }
    }

    /// Whether the cell of a moment was seen.
    pub(crate) fn has(&self, at: Timestamp) -> bool {
        let cell = at.seconds().div_euclid(CELL);
        let remembered = self.newest.is_some_and(|newest| cell > newest.saturating_sub(CELLS));
        remembered && self.seen_between(cell, cell) > 0
    }

    /// The share of the cells of `look_back` in which something was seen.
    ///
    /// A look-back of n cells touches n + 1 of them, since it seldom ends at the end of one; all of
    /// them are looked at and n suffice, so that the cell that has just begun costs nothing.
    pub(crate) fn share(&self, look_back: Duration, now: Timestamp) -> Ratio {
        let cells = i64::try_from(look_back.as_secs().div_ceil(CELL.cast_unsigned()));
        let cells = cells.unwrap_or(i64::MAX).max(1);
        let last = now.seconds().div_euclid(CELL);
        let seen = self.seen_between(last.saturating_sub(cells), last);
        Ratio::of(seen, cells.cast_unsigned())
    }

    /// When the oldest cell began in which anything was seen and that is still remembered.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        let newest = self.newest?;
        let is_seen = |cell: &i64| self.seen_between(*cell, *cell) > 0;
        let oldest = (newest.saturating_sub(CELLS - 1)..=newest).find(is_seen)?;
        oldest.checked_mul(CELL).map(Timestamp::from_seconds)
    }

    fn seen_between(&self, first: i64, last: i64) -> u64 {
        let Some(newest) = self.newest else {
            return 0;
        };
        let first = first.max(newest.saturating_sub(CELLS - 1));
        let is_seen = |cell: &i64| {
            let (word, bit) = place(*cell);
            self.seen.0[word] & bit != 0
        };
        (first..=last.min(newest)).filter(is_seen).count() as u64
    }

    /// Makes `cell` the newest and forgets what stood in the places from there on.
    fn advance(&mut self, newest: i64, cell: i64) {
        self.newest = Some(cell);
        if cell.saturating_sub(newest) >= CELLS {
            self.seen = Ring::default();
            return;
        }
        for skipped in newest + 1..=cell {
            let (word, bit) = place(skipped);
            self.seen.0[word] &= !bit;
        }
    }
}

/// The word and the bit of a cell.
fn place(cell: i64) -> (usize, u64) {
    let index = cell.rem_euclid(CELLS).cast_unsigned();
    // Below 2304 / 64 = 36.
    let word = usize::try_from(index / 64).unwrap_or(0);
    (word, 1 << (index % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    /// Marks the cells that begin at these minutes, then asks for a share in percent.
    fn check(minutes: &[i64], look_back_hours: u64, now_minutes: i64, expect: f64) {
        let mut coverage = Coverage::default();
        for minute in minutes {
            coverage.mark(Timestamp::from_seconds(DAY + minute * 60 + 7));
        }
        let now = Timestamp::from_seconds(DAY + now_minutes * 60 + 7);
        let share = coverage.share(Duration::from_hours(look_back_hours), now);
        assert!((share.percent() - expect).abs() < 1e-9, "{share:?}");
    }

    #[test]
    fn nothing_seen_is_nothing_covered() {
        check(&[], 24, 0, 0.0);
    }

    #[test]
    fn each_cell_counts_once() {
        check(&[0, 1, 2, 5], 1, 10, 100.0 * 2.0 / 12.0);
    }

    #[test]
    fn all_cells_seen_are_full_coverage_even_before_the_newest_cell_is_seen() {
        let hour: Vec<i64> = (0..60).step_by(5).collect();
        check(&hour, 1, 59, 100.0);
        check(&hour, 1, 60, 100.0);
        check(&hour, 1, 65, 100.0 * 11.0 / 12.0);
    }

    #[test]
    fn a_gap_is_a_gap() {
        check(&[0, 30, 60], 1, 60, 25.0);
    }

    #[test]
    fn cells_of_eight_days_ago_are_not_mistaken_for_new_ones() {
        check(&[0, 8 * 24 * 60], 24, 8 * 24 * 60, 100.0 / 288.0);
        check(&[0, 30 * 24 * 60], 24 * 7, 30 * 24 * 60, 100.0 / 2016.0);
        check(&[0, 8 * 24 * 60 - 60, 8 * 24 * 60 + 60], 24, 8 * 24 * 60 + 60, 200.0 / 288.0);
        check(&[8 * 24 * 60, 0], 24, 8 * 24 * 60, 100.0 / 288.0);
    }

    /// Marks the cells that begin at these minutes; expects the oldest remembered to begin then.
    fn check_oldest(minutes: &[i64], expect: Option<i64>) {
        let mut coverage = Coverage::default();
        for minute in minutes {
            coverage.mark(Timestamp::from_seconds(DAY + minute * 60 + 7));
        }
        let oldest = coverage.oldest().map(|oldest| (oldest.seconds() - DAY) / 60);
        assert_eq!(oldest, expect);
    }

    #[test]
    fn the_oldest_cell_is_the_first_that_is_remembered() {
        check_oldest(&[], None);
        check_oldest(&[60], Some(60));
        check_oldest(&[60, 120, 30], Some(30));
        check_oldest(&[0, 60, 8 * 24 * 60], Some(60));
        check_oldest(&[0, 9 * 24 * 60], Some(9 * 24 * 60));
    }

    #[test]
    fn moments_at_the_ends_of_time_do_no_harm() {
        let mut coverage = Coverage::default();
        coverage.mark(Timestamp::from_seconds(i64::MIN));
        coverage.mark(Timestamp::from_seconds(i64::MAX));
        let share = coverage.share(Duration::MAX, Timestamp::from_seconds(i64::MAX));
        assert!(share.value() < 1e-9);
        coverage.oldest();
    }
}
