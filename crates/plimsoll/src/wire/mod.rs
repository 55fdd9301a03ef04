//! Puts the adapters together. One file for each thing that is put together.

pub(crate) mod checkpoints;
pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod fill;
mod forecast_metrics;
pub(crate) mod history;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod past;
mod recall;
pub(crate) mod samples;
pub(crate) mod signals;
pub(crate) mod webhook;
