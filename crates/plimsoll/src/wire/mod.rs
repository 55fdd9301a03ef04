//! Puts the adapters together. One file for each thing that is put together.

pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod history;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod signals;
pub(crate) mod webhook;
