//! Tests of the history as its users see it: samples in, answers out.

#![cfg(test)]

mod answers;
mod compact;
mod mk;
mod past;
mod properties;
mod size;
mod snapshot;
