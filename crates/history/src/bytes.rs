//! Numbers and text as little-endian bytes, and back without ever trusting a length.

use plimsoll_domain::{Amount, Timestamp};

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// They end too early.
    Truncated,
    /// They hold something that is never written; the word says what.
    Malformed(&'static str),
}

/// Collects bytes.
#[derive(Debug, Default)]
pub struct Writer {
    /// What was written.
    pub bytes: Vec<u8>,
}

impl Writer {
    /// An unsigned number of 2 bytes.
    pub fn u16(&mut self, value: u16) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// An unsigned number of 4 bytes.
    pub fn u32(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// An unsigned number of 8 bytes.
    pub fn u64(&mut self, value: u64) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// A signed number of 8 bytes.
    pub fn i64(&mut self, value: i64) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// A number, bit for bit.
    pub fn f64(&mut self, value: f64) {
        self.u64(value.to_bits());
    }

    /// An amount, bit for bit.
    pub fn amount(&mut self, amount: Amount) {
        self.u64(amount.value().to_bits());
    }

    /// A time in seconds.
    pub fn time(&mut self, at: Timestamp) {
        self.i64(at.seconds());
    }

    /// How many items follow. Nothing remembered is anywhere near 2^32 long.
    pub fn length(&mut self, length: usize) {
        self.u32(u32::try_from(length).unwrap_or(u32::MAX));
    }

    /// Bytes with their length in front.
    pub fn block(&mut self, block: &[u8]) {
        self.length(block.len());
        self.bytes.extend(block);
    }

    /// Whether there is one, and that.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.bytes.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Takes bytes apart from the front.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether nothing is left.
    pub fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    /// So many bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], ReadError> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(ReadError::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(ReadError::Truncated)?;
        self.bytes = rest;
        Ok(*array)
    }

    /// An unsigned number of 2 bytes.
    pub fn u16(&mut self) -> Result<u16, ReadError> {
        self.array().map(u16::from_le_bytes)
    }

    /// An unsigned number of 4 bytes.
    pub fn u32(&mut self) -> Result<u32, ReadError> {
        self.array().map(u32::from_le_bytes)
    }

    /// An unsigned number of 8 bytes.
    pub fn u64(&mut self) -> Result<u64, ReadError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A signed number of 8 bytes.
    pub fn i64(&mut self) -> Result<i64, ReadError> {
        self.array().map(i64::from_le_bytes)
    }

    /// A finite number.
    pub fn f64(&mut self) -> Result<f64, ReadError> {
        let value = f64::from_bits(self.u64()?);
        value.is_finite().then_some(value).ok_or(ReadError::Malformed("number"))
    }

    /// An amount.
    pub fn amount(&mut self) -> Result<Amount, ReadError> {
        let value = f64::from_bits(self.u64()?);
        Amount::new(value).ok_or(ReadError::Malformed("amount"))
    }

    /// A time in seconds.
    pub fn time(&mut self) -> Result<Timestamp, ReadError> {
        self.i64().map(Timestamp::from_seconds)
    }

    /// Bytes with their length in front.
    pub fn block(&mut self) -> Result<&'a [u8], ReadError> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    /// Text with its length in front.
    pub fn text(&mut self) -> Result<&'a str, ReadError> {
        let block = self.block()?;
        std::str::from_utf8(block).map_err(|_| ReadError::Malformed("text"))
    }

    /// Whether there is one, and that.
    pub fn option<T>(
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
    pub fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let length = self.u32()?;
        (0..length).map(|_| read(self)).collect()
    }
}
