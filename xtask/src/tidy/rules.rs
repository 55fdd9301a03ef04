//! The rules that one file can break on its own.

use super::{Finding, Source};

/// Without tests; good files are half as long.
const CODE_LINES_MAX: usize = 500;
/// Tests are data and grow by copying, so they get more room.
const TEST_LINES_MAX: usize = 800;

/// Words in pieces, so that this file does not find itself.
const UNFINISHED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
const SLEEP: &str = concat!("thread::", "sleep");
const ASYNC_SLEEP: &str = concat!("time::", "sleep");
const IGNORED: &str = concat!("#[", "ignore");

/// Every breach in one file.
pub(super) fn judge(source: &Source) -> Vec<Finding> {
    let mut findings = words(source);
    if source.is_rust() {
        findings.extend(header(source));
        findings.extend(lengths(source));
        findings.extend(tests(source));
    }
    findings
}

fn finding(source: &Source, rule: &'static str, text: String) -> Finding {
    Finding { rule, path: source.path.clone(), size: None, text }
}

fn header(source: &Source) -> Option<Finding> {
    let text = "open the file with a `//!` comment: what it is for, in a sentence or two";
    let missing = !source.text.starts_with("//!");
    missing.then(|| finding(source, "header", text.to_owned()))
}

fn lengths(source: &Source) -> Vec<Finding> {
    let (code, tests) = source.split();
    let long = |rule, size: usize, max: usize| {
        let text = format!("{size} lines, at most {max}: split it by what it does");
        (size > max).then(|| Finding { size: Some(size), ..finding(source, rule, text) })
    };
    let code = long("code-length", code.len(), CODE_LINES_MAX);
    let tests = long("test-length", tests.len(), TEST_LINES_MAX);
    code.into_iter().chain(tests).collect()
}

fn words(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let is_word = |word: &&str| has_word(line, word);
        if let Some(word) = UNFINISHED.iter().find(|word| is_word(word)) {
            let text = format!("line {}: finish it, or open an issue for the {word}", index + 1);
            findings.push(finding(source, "unfinished", text));
        }
    }
    findings
}

/// Whether the word stands by itself, not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let joined = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        !joined(line[..at].chars().next_back()) && !joined(line[at + word.len()..].chars().next())
    })
}

fn tests(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (code, tests) = source.split();
    for (index, line) in code.iter().chain(&tests).enumerate() {
        let number = index + 1;
        let line = line.trim();
        if line.starts_with(IGNORED) {
            let text = format!("line {number}: a test that does not run is no test");
            findings.push(finding(source, "ignored-test", text));
        }
        // On a clock that a test drives, nothing waits: the sleep is part of the script.
        let simulated = source.text.contains("start_paused = true");
        let sleeps = line.contains(SLEEP) || (line.contains(ASYNC_SLEEP) && !simulated);
        if index >= code.len() && sleeps && !line.starts_with("//") {
            let text = format!("line {number}: wait for a condition with a deadline instead");
            findings.push(finding(source, "sleeping-test", text));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{CODE_LINES_MAX, TEST_LINES_MAX, judge};
    use crate::tidy::Source;

    fn check(path: &str, text: &str, expect: &[&str]) {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        let rules: Vec<&str> = judge(&source).iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, expect, "{text}");
    }

    #[test]
    fn wants_a_header_in_rust_files_only() {
        check("a.rs", "fn a() {}\n", &["header"]);
        check("a.rs", "//! Why.\nfn a() {}\n", &[]);
        check("a.go", "package a\n", &[]);
    }

    #[test]
    fn finds_unfinished_work_but_not_parts_of_words() {
        check("a.go", concat!("// TO", "DO: later\n"), &["unfinished"]);
        check("a.go", concat!("// FIX", "ME\n"), &["unfinished"]);
        check("a.go", concat!("mas", "TO", "DON\nMY_TO", "DO\n"), &[]);
    }

    #[test]
    fn finds_tests_that_sleep_or_never_run() {
        let sleep = concat!("std::thread::", "sleep(d);\n");
        check("src/a.rs", &format!("//! A.\n{sleep}"), &[]);
        check("tests/a.rs", &format!("//! A.\n{sleep}"), &["sleeping-test"]);
        let sleep_async = concat!("tokio::time::", "sleep(d).await;\n");
        check("tests/a.rs", &format!("//! A.\n{sleep_async}"), &["sleeping-test"]);
        let paused = format!("//! A.\n#[tokio::test(start_paused = true)]\n{sleep_async}");
        check("tests/a.rs", &paused, &[]);
        let module = format!("//! A.\n#[cfg(test)]\nmod tests {{\n{sleep}}}\n");
        check("src/a.rs", &module, &["sleeping-test"]);
        check("src/a.rs", concat!("//! A.\n#[", "ignore]\n"), &["ignored-test"]);
    }

    #[test]
    fn measures_code_and_tests_apart() {
        let code = format!("//! A.\n{}", "x\n".repeat(CODE_LINES_MAX));
        let tests = "y\n".repeat(TEST_LINES_MAX);
        check("src/a.rs", &code, &["code-length"]);
        check("tests/a.rs", &code, &[]);
        check(
            "src/a.rs",
            &format!("//! A.\n#[cfg(test)]\nmod tests {{\n{tests}"),
            &["test-length"],
        );
        check("src/tests.rs", &format!("//! A.\n{tests}"), &["test-length"]);
    }
}
