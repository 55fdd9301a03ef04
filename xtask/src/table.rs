//! The small part of TOML that `layers.toml` uses: tables whose values are lists of strings.
//! Anything else is refused with its line, so that a slip is never read as "nothing allowed".

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;

/// Table name, then key, then the listed strings.
pub(crate) type Tables = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Reads the whole text.
pub(crate) fn parse(text: &str) -> Result<Tables> {
    let mut tables = Tables::new();
    let mut section = String::new();
    let mut pending = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let number = index + 1;
        if pending.is_empty() && line.starts_with('[') {
            let name = header(line).with_context(|| format!("line {number}: {line}"))?;
            section = String::from(name);
            tables.entry(section.clone()).or_default();
            continue;
        }
        pending.push_str(line);
        if pending.ends_with(']') {
            let (key, list) = entry(&pending).with_context(|| format!("line {number}"))?;
            let table = tables.entry(section.clone()).or_default();
            if table.insert(key.clone(), list).is_some() {
                bail!("line {number}: {key} is listed twice");
            }
            pending.clear();
        }
    }
    if !pending.is_empty() {
        bail!("the text ends inside a list: {pending}");
    }
    Ok(tables)
}

fn header(line: &str) -> Result<&str> {
    line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).context("expected [name]")
}

fn entry(text: &str) -> Result<(String, Vec<String>)> {
    let (key, value) = text.split_once('=').context("expected key = [\"...\"]")?;
    let list = header(value.trim())?;
    let words = list.split(',').map(str::trim).filter(|word| !word.is_empty());
    let strings = words
        .map(|word| word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')))
        .map(|word| word.map(str::to_owned).context("expected strings in double quotes"));
    Ok((key.trim().to_owned(), strings.collect::<Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_lists_on_one_line_and_on_many() {
        let tables = parse("[a]\nx = [] # none\ny = [\n  \"b\",\n  \"c\", # two\n]\n").unwrap();
        assert!(tables["a"]["x"].is_empty());
        assert_eq!(tables["a"]["y"], ["b", "c"]);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in ["[a]\nx = [b]\n", "[a]\nx = [\"b\"", "[a\n", "[a]\nx = []\nx = []\n"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
