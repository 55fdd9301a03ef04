//! A real control plane, a fake kubelet and usage models for tests.

pub mod kubelet;
pub mod metrics_server;
pub mod real_node;
pub mod rig;
pub mod wait;
