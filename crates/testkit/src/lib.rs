//! A real control plane, a fake kubelet and usage models for tests.

pub mod rig;
pub mod wait;
