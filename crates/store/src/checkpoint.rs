//! Checkpoints: bytes that are kept in a cluster, compressed and checksummed. Nothing read is trusted.
//!
//! `format (1) | CRC-32 of what is compressed (4) | deflate`, numbers little-endian.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use thiserror::Error;

/// Goes up with every change of the form above.
const FORMAT: u8 = 1;

/// Bytes before what is compressed.
const HEAD: usize = 5;

/// The most that one may hold, unpacked: a container in 33 stretches of six hours, of 2 resources and
/// 5 age classes, has 330 sketches. Those of a container that restarts all the time have some 60
/// counts of 2 bytes, and 16 bytes beside them: 44 KiB. The next power of two above four of these.
const UNPACKED_MAX: usize = 256 * 1024;

/// Why bytes are no checkpoint. Reads after "could not be read: ".
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum UnsealError {
    /// There are too few.
    #[error("it ends too early")]
    Truncated,
    /// A later version of the program wrote it.
    #[error("it has format {found} and this program knows only {FORMAT}")]
    UnknownFormat {
        /// What it says.
        found: u8,
    },
    /// They are not what was written.
    #[error("it is damaged")]
    Damaged,
    /// It holds more than any that is written.
    #[error("it holds more than {UNPACKED_MAX} bytes")]
    TooLarge,
}

/// Compresses and seals bytes; `None` where they are more than would be read again.
pub fn seal(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > UNPACKED_MAX {
        return None;
    }
    let mut sealed = vec![FORMAT];
    sealed.extend(crc32fast::hash(bytes).to_le_bytes());
    let mut encoder = DeflateEncoder::new(sealed, Compression::best());
    // Writing into memory cannot fail.
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// What [`seal`] was given.
pub fn unseal(sealed: &[u8]) -> Result<Vec<u8>, UnsealError> {
    let (head, packed) = sealed.split_first_chunk::<HEAD>().ok_or(UnsealError::Truncated)?;
    let [found, checksum @ ..] = *head;
    if found != FORMAT {
        return Err(UnsealError::UnknownFormat { found });
    }
    let mut bytes = Vec::new();
    // One more than allowed, to tell too much from just enough.
    let mut unpacked = DeflateDecoder::new(packed).take(UNPACKED_MAX as u64 + 1);
    unpacked.read_to_end(&mut bytes).map_err(|_| UnsealError::Damaged)?;
    if bytes.len() > UNPACKED_MAX {
        return Err(UnsealError::TooLarge);
    }
    let is_whole = crc32fast::hash(&bytes).to_le_bytes() == checksum;
    is_whole.then_some(bytes).ok_or(UnsealError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_read_again() {
        for bytes in [vec![], b"usage usage usage usage".to_vec(), vec![7; UNPACKED_MAX]] {
            assert_eq!(unseal(&seal(&bytes).unwrap()), Ok(bytes));
        }
        assert_eq!(seal(&vec![7; UNPACKED_MAX + 1]), None);
    }

    #[test]
    fn no_changed_byte_goes_unseen() {
        let sealed = seal(b"usage usage usage usage, and some more of it").unwrap();
        for index in 1..sealed.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = sealed.clone();
                damaged[index] ^= flip;
                let read = unseal(&damaged);
                // Bits behind the end of what is compressed say nothing.
                assert!(read.is_err() || read == unseal(&sealed), "byte {index}: {read:?}");
            }
        }
        for length in 0..sealed.len() {
            assert!(unseal(&sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn what_a_later_version_wrote_is_told_apart() {
        let mut later = seal(b"usage").unwrap();
        later[0] = 2;
        assert_eq!(unseal(&later), Err(UnsealError::UnknownFormat { found: 2 }));
    }

    #[test]
    fn a_few_bytes_that_unpack_to_very_many_are_refused() {
        let mut encoder = DeflateEncoder::new(vec![FORMAT, 0, 0, 0, 0], Compression::best());
        encoder.write_all(&vec![0; 64 * 1024 * 1024]).unwrap();
        assert_eq!(unseal(&encoder.finish().unwrap()), Err(UnsealError::TooLarge));
    }
}
