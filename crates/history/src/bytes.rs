//! Numbers and text as little-endian bytes, and back without ever trusting a length.

use plimsoll_domain::{Amount, Timestamp};

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// They end too early.
    Truncated,
    /// They hold something that is never written; the word says what.
    Malformed(&'static str),
}

/// Collects bytes.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub(crate) fn amount(&mut self, amount: Amount) {
        self.u64(amount.value().to_bits());
    }

    pub(crate) fn time(&mut self, at: Timestamp) {
        self.i64(at.seconds());
    }

    /// How many items follow. Nothing remembered is anywhere near 2^32 long.
    pub(crate) fn length(&mut self, length: usize) {
        self.u32(u32::try_from(length).unwrap_or(u32::MAX));
    }

    pub(crate) fn block(&mut self, block: &[u8]) {
        self.length(block.len());
        self.bytes.extend(block);
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.bytes.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Takes bytes apart from the front.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], ReadError> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(ReadError::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(ReadError::Truncated)?;
        self.bytes = rest;
        Ok(*array)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, ReadError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ReadError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, ReadError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, ReadError> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn amount(&mut self) -> Result<Amount, ReadError> {
        let value = f64::from_bits(self.u64()?);
        Amount::new(value).ok_or(ReadError::Malformed("amount"))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, ReadError> {
        self.i64().map(Timestamp::from_seconds)
    }

    pub(crate) fn block(&mut self) -> Result<&'a [u8], ReadError> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, ReadError> {
        let block = self.block()?;
        std::str::from_utf8(block).map_err(|_| ReadError::Malformed("text"))
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        match self.array()? {
            [0] => Ok(None),
            [1] => read(self).map(Some),
            _ => Err(ReadError::Malformed("mark of presence")),
        }
    }

    /// As many items as the number in front of them says. Room is made item by item: a number that
    /// is wrong ends in [`ReadError::Truncated`], not in a huge allocation.
    pub(crate) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let length = self.u32()?;
        (0..length).map(|_| read(self)).collect()
    }
}
