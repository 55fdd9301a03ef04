//! `cargo +nightly fuzz run documents fuzz/corpus crates/api/tests/corpus crates/api/tests/thoras`: the body is that of the tests.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| plimsoll_api::fuzz::exercise(bytes));
