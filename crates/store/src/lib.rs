//! History snapshots on disk, checksummed and replaced atomically.
