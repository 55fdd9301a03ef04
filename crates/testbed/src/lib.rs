//! What the higher test tiers need from the machine: external tools, and the control plane's
//! binary. Kept apart from the testkit so that xtask can use it without building a Kubernetes
//! client.

mod go;
mod rig_binary;
mod tools;

pub use rig_binary::rig_binary;
pub use tools::{Lack, Tool, missing, tools};
