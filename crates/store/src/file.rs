//! One snapshot file: magic number, version, identity, payload, checksum.
//!
//! All numbers are little-endian, texts have their length (u32) in front, the payload has its
//! length (u64) in front, and the CRC-32 at the end covers all before it.

use plimsoll_domain::{ContainerKey, WorkloadId, WorkloadKind};
use sha2::{Digest, Sha256};

/// What every snapshot file begins with.
const MAGIC: &[u8; 8] = b"plimsnap";

/// Goes up with every change of the layout.
const VERSION: u32 = 1;

/// What every snapshot file's name ends with.
const EXTENSION: &str = ".snapshot";

/// The largest snapshot: a history of 10,000 live pods, the most it tells apart, at the 8 KiB a
/// running container may cost is 80 MiB; the next power of two leaves room for busy ones.
pub const MAX_SNAPSHOT_BYTES: usize = 128 * 1024 * 1024;

/// The largest file: the snapshot, and 64 KiB for the rest; Kubernetes' names have up to 253 bytes.
pub(crate) const MAX_FILE_BYTES: u64 = MAX_SNAPSHOT_BYTES as u64 + 64 * 1024;

/// The file's name: 128 bits of a SHA-256 of the identity, since names may be longer than a file's
/// name may be and 2^-64 is chance enough.
pub(crate) fn name_of(key: &ContainerKey) -> String {
    let hash = Sha256::digest(identity(key));
    let hex = hash.iter().take(16).map(|byte| format!("{byte:02x}"));
    hex.chain([EXTENSION.to_owned()]).collect()
}

/// Whether a name is one that [`name_of`] gives.
pub(crate) fn is_name(name: &str) -> bool {
    name.strip_suffix(EXTENSION)
        .is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// All that comes before the payload.
pub(crate) fn head(key: &ContainerKey, payload: &[u8]) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend(VERSION.to_le_bytes());
    head.extend(identity(key));
    head.extend((payload.len() as u64).to_le_bytes());
    head
}

/// The checksum that comes after the payload.
pub(crate) fn checksum(head: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(payload);
    hasher.finalize()
}

/// Takes a file apart; the error says in words what is wrong with it.
pub(crate) fn parse(mut bytes: Vec<u8>) -> Result<(ContainerKey, Vec<u8>), String> {
    let (covered, found) = bytes.split_last_chunk().ok_or("ends too early")?;
    if crc32fast::hash(covered) != u32::from_le_bytes(*found) {
        return Err("checksum does not match".to_owned());
    }
    let mut rest = covered.strip_prefix(MAGIC).ok_or("is no snapshot file")?;
    let version = u32::from_le_bytes(take(&mut rest)?);
    if version != VERSION {
        return Err(format!("has version {version}, expected {VERSION}"));
    }
    let key = read_identity(&mut rest)?;
    let length = u64::from_le_bytes(take(&mut rest)?);
    if length != rest.len() as u64 {
        return Err(format!("holds {} bytes, expected {length}", rest.len()));
    }
    let payload = covered.len() - rest.len()..covered.len();
    bytes.truncate(payload.end);
    bytes.drain(..payload.start);
    Ok((key, bytes))
}

fn identity(key: &ContainerKey) -> Vec<u8> {
    let WorkloadId { namespace, kind, name } = &key.workload;
    let mut bytes = Vec::new();
    for text in [namespace, kind.name(), name, &key.container] {
        bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

fn read_identity(rest: &mut &[u8]) -> Result<ContainerKey, String> {
    Ok(ContainerKey {
        workload: WorkloadId {
            namespace: read_text(rest)?,
            kind: WorkloadKind::from_name(&read_text(rest)?),
            name: read_text(rest)?,
        },
        container: read_text(rest)?,
    })
}

fn read_text(rest: &mut &[u8]) -> Result<String, String> {
    let length = u32::from_le_bytes(take(rest)?) as usize;
    let (text, after) = rest.split_at_checked(length).ok_or("ends too early")?;
    *rest = after;
    let text = std::str::from_utf8(text).map_err(|_| "holds a name that is no text")?;
    Ok(text.to_owned())
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], String> {
    let (chunk, after) = rest.split_first_chunk().ok_or("ends too early")?;
    *rest = after;
    Ok(*chunk)
}
