//! The pure brain: observe, recommend, decide, ration, admit. One file per verb.
//!
//! [`Engine`] remembers usage and evaluates workloads; [`ration`] holds what exceeds the budget of
//! the cluster; [`record_move`] notes what was carried out; [`admit`] answers for new pods. Nothing
//! here reads a clock, does I/O or fails. The overview is `ARCHITECTURE.md`.

mod admit;
pub mod auto;
mod bounds;
mod case;
mod checkpoint;
mod compare;
mod confidence;
mod container;
mod containers;
mod decide;
mod evaluate;
mod floor;
mod foresee;
mod idle;
mod limit;
mod moves;
mod observe;
mod permit;
mod ration;
mod reach;
mod recommend;
mod rules;
mod snapshot;
mod state;
mod threshold;
mod values;

pub use admit::admit;
pub use checkpoint::CheckpointError;
pub use evaluate::Context;
pub use observe::{Engine, Settings};
pub use ration::{Budget, ration};
pub use state::record_move;
