//! The payload of a frame of snapshots: version, identity, bytes.

use plimsoll_domain::ContainerKey;
use plimsoll_history::bytes::{ReadError, Reader, Writer};

use crate::key;

/// Goes up with every change of the layout; what has a greater one is passed over.
const VERSION: u8 = 1;

/// A container and its snapshot as a payload.
pub(super) fn write(key: &ContainerKey, snapshot: &[u8]) -> Vec<u8> {
    let mut out = Writer::default();
    out.bytes.push(VERSION);
    key::write(&mut out, key);
    out.block(snapshot);
    out.bytes
}

/// What [`write`] wrote; the error says in words what is wrong.
pub(super) fn read(payload: &[u8]) -> Result<(ContainerKey, &[u8]), String> {
    let mut from = Reader::new(payload);
    let words = |error| match error {
        ReadError::Truncated => "ends too early".to_owned(),
        ReadError::Malformed(what) => format!("holds a {what} that is none"),
    };
    let version = from.take(1).map_err(words)?.first().copied().unwrap_or_default();
    if version != VERSION {
        return Err(format!("has version {version} and this program knows only {VERSION}"));
    }
    let key = key::read(&mut from).map_err(words)?;
    let snapshot = from.block().map_err(words)?;
    if from.is_at_end() { Ok((key, snapshot)) } else { Err("holds more than it should".to_owned()) }
}
