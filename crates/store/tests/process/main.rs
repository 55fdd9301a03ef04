//! Tests of the store that start processes. Apart from the others: between its beginning and its own
//! program a process holds the locks of all threads.

#![cfg(test)]

mod disk;
mod kill;
#[path = "../store/mk.rs"]
#[expect(dead_code, reason = "shared with the tests that need more of it")]
mod mk;

/// Held by each test while it runs, for the same reason.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
