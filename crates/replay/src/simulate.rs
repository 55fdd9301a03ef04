//! A simulated cluster in simulated time: the five ports over the node model, so that the line
//! runs as in a real cluster.

mod cluster;
mod ports;
mod view;

pub use cluster::{SimulatedCluster, SimulatedWorkload, Usage};
pub use ports::SimulatedPorts;
