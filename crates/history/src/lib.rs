//! What containers used: sketches by hour, coverage, OOM memory; versioned snapshots.
//!
//! One [`ContainerHistory`] remembers one container of one workload over all its pods, in about the
//! same space whether it has one pod a month or one a minute: each live pod has a sub-history, all
//! pods that are gone share one more. A sub-history is a list of sketches, one for each stretch of
//! time, resource and age class. The overview is `ARCHITECTURE.md`.
//!
//! What is rounded, and by how much:
//! - quantiles: at most 2.5 % of the value (maxima and constant usage are exact);
//! - the far edge of the look-back: whole sketches count when they overlap it, so up to 1 h more
//!   than asked for look-backs of up to 24 h, up to 6 h more beyond that;
//! - startup: whole age classes (0-2, 2-5, 5-15, 15-60 minutes and older) are left out when they
//!   begin before its end, so 3 minutes act as 5; the last class has no end and always counts, so
//!   more than 60 minutes act as 60.

mod bucket;
pub mod bytes;
mod compact;
mod coverage;
mod history;
mod oom;
mod open;
mod packed;
mod past;
mod pods;
mod runs;
mod scratch;
mod sketch;
mod slot;
mod snapshot;
mod sub_history;
mod window;

pub use history::{ContainerHistory, MAX_LIVE_PODS};
pub use oom::{MAX_OOM_KILLS, OomRecord};
pub use past::{PastUsage, Seen};
pub use runs::MAX_RUNS;
pub use slot::RETENTION;
pub use snapshot::SnapshotError;
pub use window::{Span, Window};
