//! Where in a file a place inside of a text is: how the text is written there decides.

use super::source::Source;
use super::tree::{At, Entry};

/// The place in the document of a line and a column of the text in an entry. Where the way the text
/// is written allows no answer (folded, or quoted over several lines), the place of the key.
pub(super) fn inside(source: &Source<'_>, entry: &Entry, text: &str, at: At) -> At {
    let begin = entry.node.at;
    let found = if begin.line > entry.at.line {
        block(source, begin, text).filter(|block| block.is_literal).map(|block| At {
            line: block.first_line.saturating_add(at.line.saturating_sub(1)),
            column: begin.column.saturating_add(at.column.saturating_sub(1)),
        })
    } else {
        in_one_line(source.line(begin.line), begin, at)
    };
    found.unwrap_or(entry.at)
}

/// Whether the text that begins here is a block, `|` or `>`.
pub(super) fn is_block(source: &Source<'_>, begin: At) -> bool {
    block(source, begin, "").is_some()
}

/// A text in lines of its own under `|` or `>`.
struct Block {
    is_literal: bool,
    first_line: u32,
}

/// The parser gives the first line that is not blank; blank ones before it are part of the text.
fn block(source: &Source<'_>, begin: At, text: &str) -> Option<Block> {
    let blank = text.chars().take_while(|c| *c == '\n').count();
    let first_line = begin.line.checked_sub(u32::try_from(blank).ok()?)?;
    let header = source.line(first_line.checked_sub(1)?);
    let header = header.split(" #").next()?.trim_end();
    let header = header.trim_end_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
    let (before, style) = header.split_at_checked(header.len().checked_sub(1)?)?;
    let is_after_space = before.is_empty() || before.ends_with([' ', '\t']);
    (is_after_space && matches!(style, "|" | ">"))
        .then_some(Block { is_literal: style == "|", first_line })
}

/// Follows a text that stands in one line of the file, in quotes or without.
fn in_one_line(line: &str, begin: At, wanted: At) -> Option<At> {
    let skipped = usize::try_from(begin.column).ok()?.checked_sub(1)?;
    let mut cursor = Cursor { rest: line.chars().skip(skipped).collect(), next: 0 };
    let quote = cursor.peek().filter(|c| matches!(c, '"' | '\''));
    if quote.is_some() {
        cursor.take();
    }
    let mut now = At { line: 1, column: 1 };
    while now != wanted {
        match cursor.character(quote)? {
            '\n' => now = At { line: now.line.checked_add(1)?, column: 1 },
            _ => now.column = now.column.checked_add(1)?,
        }
    }
    let passed = u32::try_from(cursor.next).ok()?;
    Some(At { line: begin.line, column: begin.column.checked_add(passed)? })
}

struct Cursor {
    rest: Vec<char>,
    next: usize,
}

impl Cursor {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.next).copied()
    }

    fn take(&mut self) -> Option<char> {
        let taken = self.peek();
        self.next += 1;
        taken
    }

    /// The next character of the text; absent at its end.
    fn character(&mut self, quote: Option<char>) -> Option<char> {
        match (self.take()?, quote) {
            ('\\', Some('"')) => match self.take()? {
                'n' => Some('\n'),
                'x' => Some(self.skip(2)),
                'u' => Some(self.skip(4)),
                'U' => Some(self.skip(8)),
                other => Some(other),
            },
            ('\'', Some('\'')) if self.peek() == Some('\'') => self.take(),
            (end, Some(quote)) if end == quote => None,
            (other, _) => Some(other),
        }
    }

    /// Any character that ends no line stands for one whose number is written out.
    fn skip(&mut self, digits: usize) -> char {
        self.next += digits;
        '?'
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{At, parse};
    use super::{Source, inside};

    /// Where in the document `a`'s text has its first `!`, which must be there in the source too.
    fn check(source: &str, expect: (u32, u32)) {
        let root = parse(source).expect("valid");
        let entry = root.entry("a").expect("there is an a");
        let text = root.text(&["a"]).expect("a is text");
        let before: Vec<&str> = text.split('!').next().unwrap_or_default().split('\n').collect();
        let number = |count: usize| u32::try_from(count).expect("small");
        let at = At {
            line: number(before.len()),
            column: number(before[before.len() - 1].chars().count() + 1),
        };
        let found = inside(&Source::new(source), entry, text, at);
        assert_eq!((found.line, found.column), expect, "{source:?}");
    }

    #[test]
    fn literal_blocks_keep_lines_and_shift_columns() {
        check("a: |\n  x\n  y!\n", (3, 4));
        check("a: |\n\n\n  x!\n", (4, 4));
        check("a: |2-  # text\n    x!\n", (2, 6));
        check("o:\n- 1\na:\n  |\n  x\n    y!\n", (6, 6));
        check("a: |\r\n  x\r\n  y!\r\n", (3, 4));
    }

    #[test]
    fn what_stands_in_one_line_is_followed() {
        check("a: x!\n", (1, 5));
        check("a: '{\"x\": !}'\n", (1, 11));
        check("a: 'it''s !'\n", (1, 11));
        check("a: \"x\\ny: \\\"!\"\n", (1, 13));
        check("{\"a\": \"x\\n\\u00e9 !\\ny\"}", (1, 18));
        check("x: ü\na: ü!\n", (2, 5));
    }

    #[test]
    fn elsewhere_it_is_the_key() {
        check("x: 1\na: >\n  x\n  y!\n", (2, 1));
        check("a: \"x\n  y!\"\n", (1, 1));
        check("a:\n  x\n  y!\n", (1, 1));
    }
}
