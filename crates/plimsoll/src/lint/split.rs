//! A stream of YAML documents, taken apart by its lines, so that one that cannot be read takes no
//! other with it.

/// The text of one document and the line of the file it begins at, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk<'a> {
    /// The lines between two markers.
    pub(super) text: &'a str,
    /// The number of the first of them in the file.
    pub(super) line: u32,
}

/// Every document that has anything in it but comments and directives.
///
/// A line that begins with `---` or `...` ends a document wherever it stands: inside of no text of
/// YAML, quoted or not, may such a line be. JSON has none and is one document.
pub(super) fn split(text: &str) -> Vec<Chunk<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut chunks = Vec::new();
    let mut chunk = Chunk { text: "", line: 1 };
    let (mut begin, mut offset) = (0, 0);
    for (number, line) in (1_u32..).zip(text.split_inclusive('\n')) {
        if is_marker(line) {
            chunk.text = text.get(begin..offset).unwrap_or_default();
            chunks.push(chunk);
            // What follows `---` on its line is part of the document; the parser takes the marker.
            let follows = line.starts_with("---") && !is_idle(line.get(3..).unwrap_or_default());
            begin = if follows { offset } else { offset + line.len() };
            chunk.line = if follows { number } else { number + 1 };
        }
        offset += line.len();
    }
    chunk.text = text.get(begin..).unwrap_or_default();
    chunks.push(chunk);
    chunks.retain(|chunk| chunk.text.lines().any(|line| !is_idle(line) && !line.starts_with('%')));
    chunks
}

fn is_marker(line: &str) -> bool {
    let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// Nothing, or a comment.
fn is_idle(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::split;

    fn check(text: &str, expect: &[(u32, &str)]) {
        let chunks: Vec<(u32, &str)> =
            split(text).iter().map(|chunk| (chunk.line, chunk.text)).collect();
        assert_eq!(chunks, expect, "{text:?}");
    }

    #[test]
    fn every_document_has_the_line_it_begins_at() {
        check("a: 1\n", &[(1, "a: 1\n")]);
        check("---\na: 1\n---\nb: 1\n", &[(2, "a: 1\n"), (4, "b: 1\n")]);
        check("a: 1\n...\n# end\n", &[(1, "a: 1\n")]);
        check("a: 1\r\n---\r\nb: 1", &[(1, "a: 1\r\n"), (3, "b: 1")]);
        check("--- {a: 1}\n---\nb: 1\n", &[(1, "--- {a: 1}\n"), (3, "b: 1\n")]);
        check("\u{feff}a: 1\n", &[(1, "a: 1\n")]);
        check("{\"a\": 1}", &[(1, "{\"a\": 1}")]);
    }

    #[test]
    fn comments_and_directives_are_no_document() {
        check("", &[]);
        check("# Source: a.yaml\n---\n\n---\n# nothing\n", &[]);
        check("%YAML 1.2\n---\na: 1\n", &[(3, "a: 1\n")]);
        check("# first\na: 1\n--- # second\nb: 1\n", &[(1, "# first\na: 1\n"), (4, "b: 1\n")]);
    }

    #[test]
    fn only_at_the_beginning_of_a_line_is_it_a_marker() {
        let inside = "a: |\n  ---\n  b\n---x: 1\n";
        check(inside, &[(1, inside)]);
    }
}
