//! The text form in which metrics are exposed, line by line and without copies.

use std::borrow::Cow;

/// One value of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line<'a> {
    /// The metric.
    pub(crate) name: &'a str,
    /// What stands between the braces.
    labels: &'a str,
    /// Its value; may be NaN or infinite.
    pub(crate) value: f64,
    /// When it was measured, in milliseconds since the Unix epoch, where the page says so.
    pub(crate) at_ms: Option<i64>,
}

/// The values of a page in their order; `None` for a line that is none.
pub(crate) fn lines(page: &str) -> impl Iterator<Item = Option<Line<'_>>> {
    let lines = page.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Line::parse)
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let end = line.find(|c: char| c == '{' || c.is_ascii_whitespace())?;
        let (name, rest) = line.split_at_checked(end)?;
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => rest.split_at_checked(end_of_labels(rest)?)?,
            None => ("", rest),
        };
        // What follows a `#` is an example of what was counted.
        let mut words =
            rest.trim_start_matches('}').split_ascii_whitespace().take_while(|word| *word != "#");
        let value = words.next()?.parse().ok()?;
        let at_ms = words.next().map(str::parse).transpose().ok()?;
        let is_whole = words.next().is_none() && !name.is_empty();
        is_whole.then_some(Self { name, labels, value, at_ms })
    }

    /// The value of a label.
    pub(crate) fn label(&self, wanted: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.labels;
        loop {
            rest = rest.trim_start_matches([',', ' ']);
            let (name, value) = rest.split_once('=')?;
            let value = value.trim_start().strip_prefix('"')?;
            let (text, after) = value.split_at_checked(end_of_text(value)?)?;
            if name.trim() == wanted {
                return Some(plain(text));
            }
            rest = after.strip_prefix('"')?;
        }
    }
}

/// Where the brace stands that closes the labels; braces in values are none.
fn end_of_labels(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    text.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'}' => return !quoted,
            _ => {}
        }
        false
    })
}

/// Where the quotation mark stands that ends a value.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match (c, c == '\\') {
            (c, false) => c,
            (_, true) => match chars.next() {
                Some('n') => '\n',
                Some(escaped) => escaped,
                None => '\\',
            },
        });
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line; expects `name value time pod` as it is read.
    fn check(line: &str, expect: Option<&str>) {
        let found = Line::parse(line).map(|line| {
            let at = line.at_ms.map_or_else(|| "-".to_owned(), |at| at.to_string());
            let pod = line.label("pod").unwrap_or_else(|| "-".into());
            format!("{} {} {at} {pod}", line.name, line.value)
        });
        assert_eq!(found.as_deref(), expect, "{line}");
    }

    #[test]
    fn reads_what_kubelets_and_others_write() {
        check("up 1", Some("up 1 - -"));
        check("up{} 1 1500", Some("up 1 1500 -"));
        check(r#"cpu{container="app",pod="web-1"} 1.5e3 17"#, Some("cpu 1500 17 web-1"));
        check(r#"cpu{ pod="a b", x="y" , } +Inf"#, Some("cpu inf - a b"));
        check(r#"cpu{pod="a",} NaN -5"#, Some("cpu NaN -5 a"));
        check(r#"cpu{x="}",pod="q\"u\\o\n"} 0"#, Some("cpu 0 - q\"u\\o\n"));
        check(r#"cpu{x="pod=\"no\"",pod="yes"} 0"#, Some("cpu 0 - yes"));
        check(r#"c_bucket{le="1"} 8 1520 # {trace_id="K"} 0.67"#, Some("c_bucket 8 1520 -"));
    }

    #[test]
    fn what_is_no_line_is_none() {
        for line in ["up", "up one", "up 1 soon", "up 1 2 3", r#"up{pod="a 1"#, "{} 1", "up{ 1"] {
            check(line, None);
        }
    }

    #[test]
    fn comments_are_no_lines() {
        let page = "# HELP up is\n# TYPE up gauge\n\nup 1\nup\n";
        let found: Vec<bool> = lines(page).map(|line| line.is_some()).collect();
        assert_eq!(found, [true, false]);
    }
}
