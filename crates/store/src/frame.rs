//! The frame: what every file of the store is a sequence of. A mark, what it holds, a checksum over
//! all of it: a reader that has lost its way finds the next frame by itself.
//!
//! `mark (4) | kind (1) | tag (4) | length (4) | CRC-32 of kind, tag, length, payload (4) | payload`,
//! numbers little-endian. What a tag means is up to the kind; a reader may pass over a frame by it.

/// What every frame begins with. No text holds its first byte, and by chance one in 2^32 places of a
/// payload looks like it, which the checksum tells apart.
pub(crate) const MARK: [u8; 4] = *b"\xf5PLM";

/// Bytes before the payload.
pub(crate) const HEAD: usize = 17;

/// The largest payload: the largest snapshot, and 64 KiB for the names in front of it.
pub(crate) const PAYLOAD_MAX: usize = crate::MAX_SNAPSHOT_BYTES + 64 * 1024;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Identities, numbered from the tag on.
    Names = 1,
    /// Cells of one five minutes.
    Cells = 2,
    /// One container's snapshot.
    Snapshot = 3,
    /// That a container's snapshots before count no more.
    Removed = 4,
}

/// All of a frame but its payload. The kind may be one that only a later version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: u8,
    pub(crate) tag: u32,
    pub(crate) length: u32,
    checksum: u32,
}

/// Adds a frame to `out`.
pub(crate) fn write(out: &mut Vec<u8>, kind: Kind, tag: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut head = Head { kind: kind as u8, tag, length, checksum: 0 };
    head.checksum = head.sum(payload);
    out.extend(MARK);
    out.extend(head.covered());
    out.extend(head.checksum.to_le_bytes());
    out.extend(payload);
}

impl Head {
    /// `None` where no frame begins, or one that is larger than any that is written.
    pub(crate) fn parse(bytes: &[u8; HEAD]) -> Option<Self> {
        let rest = bytes.strip_prefix(&MARK)?;
        let (kind, rest) = rest.split_first()?;
        let number = |at: usize| Some(u32::from_le_bytes(*rest.get(at..)?.first_chunk()?));
        let head = Self { kind: *kind, tag: number(0)?, length: number(4)?, checksum: number(8)? };
        (head.length as usize <= PAYLOAD_MAX).then_some(head)
    }

    /// Whether it is of this kind.
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == kind as u8
    }

    /// Whether this is the payload it was written with.
    pub(crate) fn fits(&self, payload: &[u8]) -> bool {
        payload.len() == self.length as usize && self.sum(payload) == self.checksum
    }

    /// How many bytes the frame takes.
    pub(crate) fn size(&self) -> u64 {
        HEAD as u64 + u64::from(self.length)
    }

    fn covered(&self) -> [u8; 9] {
        let mut bytes = [0; 9];
        let numbers = self.tag.to_le_bytes().into_iter().chain(self.length.to_le_bytes());
        for (to, from) in bytes.iter_mut().zip([self.kind].into_iter().chain(numbers)) {
            *to = from;
        }
        bytes
    }

    fn sum(&self, payload: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.covered());
        hasher.update(payload);
        hasher.finalize()
    }
}
