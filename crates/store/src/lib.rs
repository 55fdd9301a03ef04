//! History on disk: append-only segments of usage cells and snapshots, checksummed.
//!
//! A data directory holds
//! - `format`, the number of its format, and `lock`, which keeps a second process out;
//! - `snapshots/<number>.log`, the last of which of a container is all that is remembered of it;
//! - `cells/<day>.cells`, what containers used, by five minutes.
//!
//! Files are only added to, frame by frame (`frame.rs`), and removed as a whole. A crash loses what
//! was being written; what is damaged all the same is passed over, told of and never fatal, since a
//! history can be learned again. What happens on a full disk, a read-only one, a later version's:
//! `docs/store.md`.
//!
//! All calls block on the disk. Only checkpoints (`checkpoint.rs`) are kept elsewhere, in the cluster.

mod append;
mod cells;
mod checkpoint;
mod damage;
mod directory;
mod error;
mod frame;
mod key;
mod old;
mod scan;
mod snapshots;
mod store;

pub use cells::StoredCells;
pub use checkpoint::{UnsealError, seal, unseal};
pub use damage::Damage;
pub use error::StoreError;
pub use store::Store;

/// The largest snapshot: a history of 10,000 live pods, the most it tells apart, at the 8 KiB a
/// running container may cost is 80 MiB; the next power of two leaves room for busy ones.
pub const MAX_SNAPSHOT_BYTES: usize = 128 * 1024 * 1024;
