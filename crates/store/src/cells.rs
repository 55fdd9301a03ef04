//! Cells of five minutes on disk: a file for each day of UTC, `cells/2026-11-26.cells`, only ever
//! added to and removed as a whole when its day is too long ago.
//!
//! A file numbers the identities it knows ([`Kind::Names`](crate::frame::Kind::Names)) and has for
//! each five minutes one frame for every 1,024 of them; the tag says which five minutes of the day
//! and which 1,024, so that a reader passes over what it does not want. Where a cell is told twice,
//! as after a crash, the first counts: it had seen all there was.
//!
//! # Size
//! A cell of one pod has 7 bytes of columns, 4 to 5 once deflated (measured on noisy usage, which
//! compresses worst: `cargo bench -p plimsoll-store`). 100,000 containers make 28.8 million cells a
//! day: 130 MB, and 4 GB in 30 days; 1,000 containers 40 MB in 30 days.

mod block;
mod code;
mod day;
mod reader;
mod writer;

pub use reader::StoredCells;
pub(crate) use writer::Segments;

use plimsoll_domain::UsageCell;

/// The folder within the data directory.
pub(crate) const FOLDER: &str = "cells";

/// A cell's length, in seconds.
const CELL_SECONDS: i64 = UsageCell::LENGTH.as_secs().cast_signed();

/// Bits of a tag that number the five minutes of a day, of which there are 288.
const SLOT_BITS: u32 = 9;

/// The tag of a frame of cells.
fn tag(slot: u32, block: u32) -> u32 {
    block << SLOT_BITS | slot
}

/// The block that a tag names.
fn block_of(tag: u32) -> u32 {
    tag >> SLOT_BITS
}
