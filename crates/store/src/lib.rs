//! History snapshots on disk, checksummed and replaced atomically.
//!
//! A data directory holds one file for each container, a `lock` that keeps a second process out,
//! and the number of its `format`. A file is written beside the old one and renamed over it, so
//! that a crash leaves the one or the other; what is damaged all the same is moved aside, told of
//! and never fatal: a history can be learned again. The overview is `ARCHITECTURE.md`.
//!
//! All calls block on the disk.

mod directory;
mod error;
mod file;
mod load;
mod store;

pub use error::StoreError;
pub use file::MAX_SNAPSHOT_BYTES;
pub use load::Loaded;
pub use store::{Saved, Store};
