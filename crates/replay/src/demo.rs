//! The demo.
mod chance;
mod fleet;
