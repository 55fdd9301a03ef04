//! The text of a document, with its lines at hand.

/// A text whose lines are found without reading those before them.
#[derive(Debug)]
pub(super) struct Source<'a> {
    text: &'a str,
    begins: Vec<usize>,
}

impl<'a> Source<'a> {
    /// Reads the text once.
    pub(super) fn new(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, begins: std::iter::once(0).chain(ends).collect() }
    }

    /// A line, from 1, without its end; empty where there is none.
    pub(super) fn line(&self, number: u32) -> &'a str {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let begin = index.and_then(|index| self.begins.get(index));
        let rest = begin.and_then(|begin| self.text.get(*begin..)).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }
}
