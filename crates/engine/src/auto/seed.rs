//! `auto` from a history alone: what it would have learned, had it watched.
//!
//! A history tells of each stretch of time (an hour, six of them beyond the last day) how usage was
//! spread, not in which order. Each hour is played as twelve cells of that spread, in an order in
//! which neighbours are far apart, so that no run is seen where none was.

use std::time::Duration;

use plimsoll_domain::{Amount, Quantile, Resource, Timestamp};
use plimsoll_history::{ContainerHistory, RETENTION, Span, Window};

use super::cells::{CELL, Cell};
use super::container::STARTUP;

const HOUR: Duration = Duration::from_hours(1);
const HOUR_SECONDS: i64 = 3600;

/// Which twelfth of an hour's spread each of its cells has.
const TWELFTHS: [u8; 12] = [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11];

/// How far back hours are played: in the longest memory of CPU, a half-life of two days, what is older
/// has faded to a quarter.
const PLAYED: Duration = Duration::from_hours(4 * 24);

/// Samples a pod must have in a stretch of time to count.
const LEAST_SAMPLES: u64 = 1;

/// The cells of every whole hour before `until`, oldest first: when each began, and what was seen. The
/// first has the greatest memory of all that is older.
pub(super) fn cells(
    history: &ContainerHistory,
    until: Timestamp,
) -> impl Iterator<Item = (Timestamp, Cell)> {
    let last = until.seconds().div_euclid(HOUR_SECONDS);
    let oldest = history.oldest_seen().unwrap_or(until).max(until.minus(PLAYED));
    let first = oldest.seconds().div_euclid(HOUR_SECONDS);
    let begin = Timestamp::from_seconds(first.saturating_mul(HOUR_SECONDS));
    let span = Span { look_back: RETENTION, startup: Duration::ZERO, now: begin };
    let older = history.window(Resource::Memory, &span).max(LEAST_SAMPLES);
    let older = older.map(|peak| (begin.minus(CELL), Cell::of(&[], Some(peak))));
    let hours = (first..last).flat_map(move |hour| {
        let begin = Timestamp::from_seconds(hour.saturating_mul(HOUR_SECONDS));
        let window = |resource, startup| {
            // The far edge belongs to the hour before.
            let span = Span { look_back: HOUR / 2, startup, now: begin.plus(HOUR / 2) };
            history.window(resource, &span)
        };
        let cpu = window(Resource::Cpu, STARTUP);
        let memory = window(Resource::Memory, Duration::ZERO);
        (0..12_u32)
            .zip(TWELFTHS)
            .map(move |(number, twelfth)| (begin.plus(CELL * number), cell(&cpu, &memory, twelfth)))
    });
    older.into_iter().chain(hours)
}

fn cell(cpu: &Window, memory: &Window, twelfth: u8) -> Cell {
    let quantile = Quantile::new((f64::from(twelfth) + 0.5) / 12.0);
    let of = |window: &Window| -> Vec<Amount> {
        quantile.map(|quantile| window.quantiles(quantile, LEAST_SAMPLES)).unwrap_or_default()
    };
    // The peak is what memory goes by: it must be met within the hour.
    let memory_max =
        if twelfth == 11 { memory.max(LEAST_SAMPLES) } else { of(memory).into_iter().max() };
    Cell::of(&of(cpu), memory_max)
}
