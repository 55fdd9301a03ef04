//! The whole program over a real control plane and fake nodes, for tests: a cluster with
//! Plimsoll's definitions and webhook in it, the controller as a process of its own, and the
//! commands a person would give.

#![allow(dead_code, unused_imports, reason = "each test program uses a part of it")]

mod cluster;
mod controller;
mod objects;

pub(crate) use cluster::{Deploy, World, free_port, pod_template};
pub(crate) use controller::{Controller, Launch, Ran, get};
pub(crate) use objects::{Answer, Printed};

use std::time::Duration;

/// Longer than anything takes that works, on a machine busy with other tests.
pub(crate) const SOON: Duration = Duration::from_mins(2);
/// The namespace Plimsoll runs in.
pub(crate) const OWN_NAMESPACE: &str = "plimsoll";
