//! The ratchet: what breaks a rule for a good reason is listed in `xtask/tidy-exceptions.txt`,
//! and the list may only shrink.

use super::Finding;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

const LIST: &str = "xtask/tidy-exceptions.txt";
/// How many exceptions there are. Lower it when one goes; raising it is a matter for review.
const EXCEPTIONS_MAX: usize = 0;

/// One line: `rule path` or, for rules about size, `rule path size`.
#[derive(Debug, PartialEq, Eq)]
struct Exception {
    rule: String,
    path: String,
    size: Option<usize>,
}

/// What remains to complain of: breaches that are not listed, and listed ones that are gone.
pub(super) fn subtract(root: &Path, findings: &[Finding]) -> Result<Vec<String>> {
    let text = fs::read_to_string(root.join(LIST)).context(LIST)?;
    let exceptions = parse(&text).context(LIST)?;
    let mut complaints = judge(&exceptions, findings);
    if exceptions.len() > EXCEPTIONS_MAX {
        let count = exceptions.len();
        complaints.push(format!("{LIST}: {count} exceptions, at most {EXCEPTIONS_MAX} allowed"));
    }
    Ok(complaints)
}

fn judge(exceptions: &[Exception], findings: &[Finding]) -> Vec<String> {
    let covers = |exception: &Exception, finding: &Finding| {
        exception.rule == finding.rule && exception.path == finding.path
    };
    let mut complaints = Vec::new();
    for finding in findings {
        let exception = exceptions.iter().find(|exception| covers(exception, finding));
        if exception.is_none_or(|exception| finding.size > exception.size) {
            complaints.push(format!("{}: {}: {}", finding.path, finding.rule, finding.text));
        }
    }
    for exception in exceptions {
        let Exception { rule, path, size } = exception;
        match findings.iter().find(|finding| covers(exception, finding)) {
            None => complaints.push(format!("{LIST}: `{rule} {path}` is mended: take it out")),
            Some(finding) if finding.size < *size => {
                let now = finding.size.unwrap_or_default();
                complaints.push(format!("{LIST}: `{rule} {path}` shrank: lower it to {now}"));
            }
            Some(_) => {}
        }
    }
    complaints
}

fn parse(text: &str) -> Result<Vec<Exception>> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (rule, path, size) = match words[..] {
                [rule, path] => (rule, path, None),
                [rule, path, size] => (rule, path, Some(size.parse().context(line.to_owned())?)),
                _ => bail!("expected `rule path [size]`: {line}"),
            };
            Ok(Exception { rule: rule.to_owned(), path: path.to_owned(), size })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{judge, parse};
    use crate::tidy::Finding;

    fn check(list: &str, sizes: &[usize], expect: &[&str]) {
        let finding = |size: &usize| Finding {
            rule: "code-length",
            path: "a.rs".to_owned(),
            size: Some(*size),
            text: "long".to_owned(),
        };
        let findings: Vec<Finding> = sizes.iter().map(finding).collect();
        assert_eq!(judge(&parse(list).unwrap(), &findings), expect);
    }

    #[test]
    fn an_exception_holds_until_the_file_grows() {
        check("code-length a.rs 600", &[600], &[]);
        check("code-length a.rs 600", &[601], &["a.rs: code-length: long"]);
        check("", &[501], &["a.rs: code-length: long"]);
    }

    #[test]
    fn the_list_only_shrinks() {
        let list = "xtask/tidy-exceptions.txt";
        let shrank = format!("{list}: `code-length a.rs` shrank: lower it to 550");
        check("code-length a.rs 600", &[550], &[&shrank]);
        let mended = format!("{list}: `code-length a.rs` is mended: take it out");
        check("code-length a.rs 600", &[], &[&mended]);
    }
}
