//! Walks the frames of a file from its front, past whatever is damaged, in bounded memory.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::frame::{HEAD, Head, MARK};

/// How much is looked through at once for the next frame.
const WINDOW: usize = 64 * 1024;

/// What comes next in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A frame, whole; its payload is [`Scan::payload`] where it was wanted.
    Frame {
        /// Where it begins.
        at: u64,
        /// What it is.
        head: Head,
    },
    /// Bytes that are no frame, before one.
    Damaged {
        /// The first.
        from: u64,
        /// The first after them.
        to: u64,
    },
    /// Bytes that are no frame, at the end of the file: what was being written when it ended.
    Torn {
        /// The first.
        from: u64,
    },
}

/// A walk through a file as long as it was when it was opened.
#[derive(Debug)]
pub(crate) struct Scan {
    file: BufReader<File>,
    at: u64,
    end: u64,
    payload: Vec<u8>,
}

impl Scan {
    /// Begins at the front.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let end = file.metadata()?.len();
        Ok(Self { file: BufReader::with_capacity(WINDOW, file), at: 0, end, payload: Vec::new() })
    }

    /// The payload of the last frame that was wanted.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// What comes next. Frames that are not wanted, by where they begin and
    /// what they are, are passed over unread.
    pub(crate) fn next(&mut self, wanted: impl Fn(u64, &Head) -> bool) -> io::Result<Option<Item>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let at = self.at;
        if let Some(head) = self.frame(at, &wanted)? {
            self.at = at + head.size();
            return Ok(Some(Item::Frame { at, head }));
        }
        let next = self.find(at + 1)?;
        self.at = next.unwrap_or(self.end);
        Ok(Some(next.map_or(Item::Torn { from: at }, |to| Item::Damaged { from: at, to })))
    }

    /// The frame that begins here, if one does. Of one that is not wanted it is enough that another
    /// begins where it ends: a damaged length must not lead past others.
    fn frame(&mut self, at: u64, wanted: &dyn Fn(u64, &Head) -> bool) -> io::Result<Option<Head>> {
        if self.end.saturating_sub(at) < HEAD as u64 {
            return Ok(None);
        }
        self.go_to(at)?;
        let mut bytes = [0; HEAD];
        self.file.read_exact(&mut bytes)?;
        let Some(head) = Head::parse(&bytes) else { return Ok(None) };
        if head.size() > self.end - at {
            return Ok(None);
        }
        if !wanted(at, &head) && self.is_border(at + head.size())? {
            return Ok(Some(head));
        }
        self.go_to(at + HEAD as u64)?;
        self.payload.resize(head.length as usize, 0);
        self.file.read_exact(&mut self.payload)?;
        Ok(head.fits(&self.payload).then_some(head))
    }

    /// Whether a frame seems to begin here, or the file ends.
    fn is_border(&mut self, at: u64) -> io::Result<bool> {
        let mut bytes = [0; MARK.len()];
        if self.end - at < bytes.len() as u64 {
            return Ok(self.end == at);
        }
        self.go_to(at)?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes == MARK)
    }

    /// Reads the frame that begins here, if a whole one does: its payload is there then.
    pub(crate) fn read_at(&mut self, at: u64) -> io::Result<Option<Head>> {
        self.frame(at, &|_, _| true)
    }

    /// Where the next whole frame begins, at `from` or after it.
    fn find(&mut self, mut from: u64) -> io::Result<Option<u64>> {
        let mut window = Vec::with_capacity(WINDOW);
        while from < self.end {
            self.go_to(from)?;
            window.clear();
            (&mut self.file).take(WINDOW as u64).read_to_end(&mut window)?;
            let marks = window.windows(MARK.len()).enumerate().filter(|(_, bytes)| *bytes == MARK);
            for (index, _) in marks {
                let at = from + index as u64;
                if self.frame(at, &|_, _| true)?.is_some() {
                    return Ok(Some(at));
                }
            }
            // A mark may lie across the edge.
            match window.len() {
                0..=3 => return Ok(None),
                length => from += (length - (MARK.len() - 1)) as u64,
            }
        }
        Ok(None)
    }

    /// Short ways within what is buffered are free.
    fn go_to(&mut self, to: u64) -> io::Result<()> {
        let here = self.file.stream_position()?;
        match (i64::try_from(to), i64::try_from(here)) {
            (Ok(to), Ok(here)) => self.file.seek_relative(to - here),
            _ => self.file.seek(SeekFrom::Start(to)).map(drop),
        }
    }
}
