//! Documents that many workloads share: read once, kept once.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use plimsoll_domain::Parsed;

/// Documents by their text, for as long as anyone holds them. A team writes the same annotation on
/// hundreds of workloads; what is one document here is one configuration in [`crate::Resolver`].
#[derive(Debug, Default)]
pub struct SharedDocuments {
    by_text: BTreeMap<Box<str>, Weak<Parsed>>,
    /// How many documents there may be before those that nobody holds are looked for.
    room: usize,
}

/// How many documents are kept without looking for those that nobody holds any more.
const ROOM_MIN: usize = 1000;

impl SharedDocuments {
    /// The document of this text, read by `read` if nobody holds it. `read` must depend on the text
    /// alone.
    pub fn get(&mut self, text: &str, read: impl FnOnce(&str) -> Parsed) -> Arc<Parsed> {
        if let Some(document) = self.by_text.get(text).and_then(Weak::upgrade) {
            return document;
        }
        let document = Arc::new(read(text));
        if self.by_text.len() >= self.room {
            self.by_text.retain(|_, document| document.strong_count() > 0);
            // Twice what is in use: each document is looked at a bounded number of times.
            self.room = (2 * self.by_text.len()).max(ROOM_MIN);
        }
        self.by_text.insert(text.into(), Arc::downgrade(&document));
        document
    }

    /// How many documents are kept, some of them perhaps no longer held.
    pub fn len(&self) -> usize {
        self.by_text.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.by_text.is_empty()
    }
}
