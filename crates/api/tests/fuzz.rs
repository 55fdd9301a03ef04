//! Readers keep their promises for arbitrary input: 20,000 changed documents of the corpus, the same
//! in every run, and hostile ones.
#![cfg(test)]

#[path = "mutate/mod.rs"]
mod mutate;

use mutate::Mutations;
use plimsoll_api::fuzz::exercise;
use plimsoll_api::{read_annotation, read_settings};
use plimsoll_domain::{Origin, Severity};
use serde_json::json;

#[test]
fn twenty_thousand_changed_documents_are_answered() {
    let mut mutations = Mutations::new(0x5eed);
    for _ in 0..20_000 {
        exercise(mutations.next_input());
    }
}

#[test]
fn hostile_documents_are_answered() {
    let repeated = |text: &str| text.repeat(60_000 / text.len());
    for text in [
        "[",
        "{",
        "- ",
        "? ",
        "a: ",
        "{a: ",
        "&a ",
        "*a ",
        "!x ",
        "\t",
        "\n",
        "'",
        "\"",
        "---\n",
        "<<: ",
        "x,",
        "|\n",
        "%",
        "- {key: name}\n",
    ] {
        let text = repeated(text);
        exercise(text.as_bytes());
        exercise(format!("vertical: {text}").as_bytes());
        exercise(format!("vertical: [{text}").as_bytes());
        exercise(format!("horizontal: {{metrics: [{text}").as_bytes());
    }
}

#[test]
fn great_numbers_of_keys_are_answered_with_few_remarks() {
    for text in [
        keys(4900, "\n"),
        format!(
            "vertical: {{containers: {{{}: {{cpu: {{{}}}}}}}}}",
            "n".repeat(1000),
            keys(4000, ", ")
        ),
        format!("horizontal: {{metrics: [{}]}}", "{}, ".repeat(4000)),
        format!("vertical: {{containers: {{{}}}}}", keys(4000, ", ")),
    ] {
        let parsed = read_annotation(&text);
        assert!((1..110).contains(&parsed.remarks.len()), "{}", parsed.remarks.len());
        assert!(parsed.remarks.iter().all(|found| found.field.len() < 300));
    }
}

#[test]
fn errors_beyond_the_limit_of_remarks_freeze_all_the_same() {
    let metrics = "{type: no}, ".repeat(16);
    let text = format!(
        "horizontal: {{useNative: on, metrics: [{metrics}]}}\nvertical: {{applyType: now}}"
    );
    let parsed = read_annotation(&text);
    let freezes = |found: &&plimsoll_domain::Diagnostic| {
        found.severity == Severity::Error && !found.field.starts_with("horizontal")
    };
    assert_eq!(parsed.remarks.iter().filter(freezes).count(), 1, "{:?}", parsed.remarks);
    let many: Vec<_> = (0..60).map(|_| json!({"type": "no"})).collect();
    let behavior =
        json!({"scaleUp": {"policies": many.get(..16)}, "scaleDown": {"policies": many.get(..16)}});
    let parsed = read_settings(
        &json!({"horizontal": {"behavior": behavior}, "vertical": {"applyType": "now"}}),
        Origin::ScaledWorkload,
    );
    assert!(parsed.remarks.iter().any(|found| freezes(&found)), "{:?}", parsed.remarks);
}

#[test]
fn a_document_above_the_limits_is_not_read() {
    let largest = format!("vertical: {{optimization: on}} #{}", "x".repeat(64 * 1024 - 30));
    assert_eq!(largest.len(), 64 * 1024);
    assert!(read_annotation(&largest).settings.is_ok());
    assert!(read_annotation(&format!("{largest}x")).settings.is_err());
    let values = |count| format!("a: [{}]", vec!["1"; count].join(","));
    assert!(read_annotation(&values(9_997)).settings.is_ok());
    assert!(read_annotation(&values(9_998)).settings.is_err());
    let deep = |levels| format!("a: {}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(read_annotation(&deep(31)).settings.is_ok());
    assert!(read_annotation(&deep(32)).settings.is_err());
}

fn keys(count: u32, between: &str) -> String {
    let keys: Vec<_> = (0..count).map(|i| format!("k{i}: 1")).collect();
    keys.join(between)
}
