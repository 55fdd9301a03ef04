//! Every document in `tests/annotations` reads as the text beside it says.
//! `PLIMSOLL_BLESS=1 cargo test -p plimsoll-api` writes the texts anew.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::path::Path;
use std::{env, fs};

use plimsoll_api::{
    CONFIGURATION_ANNOTATION, Defaults, format_quantity, parse_configuration, reference_page,
};
use plimsoll_domain::{
    Amount, Configuration, Configured, Diagnostic, Mode, Origin, Policy, Resource, Severity,
    Sourced,
};
use proptest::prelude::*;

#[test]
fn every_document_reads_as_the_text_beside_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/annotations");
    let mut documents: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    assert!(documents.len() >= 25, "documents are missing");
    for path in documents {
        let text = fs::read_to_string(&path).unwrap();
        check(&path.with_extension("txt"), &show(&read(&text)));
    }
}

#[test]
fn the_reference_page_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/annotations/reference.md");
    check(&page, &reference_page());
}

#[test]
fn without_the_annotation_a_workload_is_recommended_for() {
    let configuration = parse_configuration(&BTreeMap::new(), &Defaults::default());
    assert_eq!(mode(&configuration), Some(Mode::Recommend));
    assert_eq!(configuration.warnings, []);
}

#[test]
fn a_flag_asks_for_confidence_until_the_annotation_says_no() {
    let flag = Defaults { confidence_required: true };
    let required = |text: &str| {
        let annotations = annotations(&[(CONFIGURATION_ANNOTATION, text)]);
        let configuration = parse_configuration(&annotations, &flag);
        policy(&configuration).unwrap().confidence.required.clone()
    };
    let by_flag = Sourced { value: true, origin: Origin::Flag("confidence-required") };
    assert_eq!(required("vertical: {optimization: on}"), by_flag);
    let by_annotation = Sourced { value: false, origin: Origin::Annotation };
    assert_eq!(required("vertical: {confidence: {required: off}}"), by_annotation);
}

#[test]
fn annotations_of_the_older_form_are_named_one_by_one() {
    let older =
        [("workloads.cast.ai/cpu-target", "p80"), ("workloads.cast.ai/apply-type", "immediate")];
    let alone = parse_configuration(&annotations(&older), &Defaults::default());
    assert_eq!(mode(&alone), Some(Mode::Recommend));
    assert_eq!(
        messages(&alone),
        [
            "annotation workloads.cast.ai/apply-type is not in effect yet",
            "annotation workloads.cast.ai/cpu-target is not in effect yet",
        ]
    );
    let newer = (CONFIGURATION_ANNOTATION, "vertical: {optimization: on}");
    let both = parse_configuration(&annotations(&[older[0], newer]), &Defaults::default());
    assert_eq!(mode(&both), Some(Mode::Apply));
    assert_eq!(
        messages(&both),
        [
            "annotation workloads.cast.ai/cpu-target is ignored, since the configuration annotation is present"
        ]
    );
}

#[test]
fn a_document_above_the_limit_is_not_read() {
    let largest = format!("vertical: {{optimization: on}} #{}", "x".repeat(64 * 1024 - 30));
    assert_eq!(largest.len(), 64 * 1024);
    assert_eq!(mode(&read(&largest)), Some(Mode::Apply));
    assert_eq!(mode(&read(&format!("{largest}x"))), None);
}

#[test]
fn hostile_documents_are_answered() {
    let repeated = |text: &str| text.repeat(60_000 / text.len());
    for text in [
        "[", "{", "- ", "? ", "a: ", "{a: ", "&a ", "*a ", "!x ", "\t", "\n", "'", "\"", "---\n",
        "<<: ", "x,", "|\n", "%",
    ] {
        let text = repeated(text);
        read(&text);
        read(&format!("vertical: {text}"));
        read(&format!("vertical: [{text}"));
    }
    read(&keys(7000, "\n"));
    let long = "n".repeat(1000);
    let many = keys(4000, ", ");
    let configuration = read(&format!("vertical: {{containers: {{{long}: {{cpu: {{{many}}}}}}}}}"));
    assert!(configuration.warnings.len() < 100);
    assert!(configuration.warnings.iter().all(|found| found.field.len() < 300));
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn any_text_of_the_characters_of_yaml_is_answered(text in "[a-c0-9:{}\\[\\],&*!|>'\"%@`#? \t\n.~<-]{0,300}") {
        read(&text);
    }

    #[test]
    fn any_value_is_used_or_refused_and_never_both(
        field in prop::sample::select(vec!["target", "min", "max", "overhead", "lookBackPeriod", "applyThreshold"]),
        value in "[a-zA-Z0-9.+-]{1,12}",
    ) {
        let configuration = read(&format!("vertical: {{optimization: on, cpu: {{{field}: '{value}'}}}}"));
        let cpu = &policy(&configuration).unwrap().resources.cpu;
        let origins = [
            &cpu.target.origin, &cpu.min.origin, &cpu.max.origin, &cpu.overhead.origin,
            &cpu.look_back.origin, &cpu.threshold.origin,
        ];
        let used = origins.contains(&&Origin::Annotation);
        prop_assert_eq!(used, configuration.warnings.is_empty(), "{:?}", configuration.warnings);
    }
}

fn keys(count: u32, between: &str) -> String {
    let keys: Vec<_> = (0..count).map(|i| format!("k{i}: 1")).collect();
    keys.join(between)
}

fn check(golden: &Path, actual: &str) {
    if env::var_os("PLIMSOLL_BLESS").is_some() {
        fs::write(golden, actual).unwrap();
    }
    let expect = fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(actual, expect, "{}", golden.display());
}

fn read(text: &str) -> Configuration {
    parse_configuration(&annotations(&[(CONFIGURATION_ANNOTATION, text)]), &Defaults::default())
}

fn annotations(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn policy(configuration: &Configuration) -> Option<&Policy> {
    match &configuration.configured {
        Configured::Policy(policy) => Some(policy),
        Configured::Unreadable(_) => None,
    }
}

fn mode(configuration: &Configuration) -> Option<Mode> {
    policy(configuration).map(|policy| policy.mode.value)
}

fn messages(configuration: &Configuration) -> Vec<&str> {
    configuration.warnings.iter().map(|found| found.message.as_str()).collect()
}

fn show(configuration: &Configuration) -> String {
    let mut text = match &configuration.configured {
        Configured::Policy(policy) => show_policy(policy),
        Configured::Unreadable(why) => format!("unreadable\n{}", show_diagnostic(why)),
    };
    text.extend(configuration.warnings.iter().map(show_diagnostic));
    text
}

fn show_policy(policy: &Policy) -> String {
    let mut text = String::new();
    let Policy { mode, apply_type, startup, confidence, resources } = policy;
    line(&mut text, "mode", mode);
    line(&mut text, "apply type", apply_type);
    line(&mut text, "startup", startup);
    line(&mut text, "confidence required", &confidence.required);
    line(&mut text, "confidence threshold", &confidence.threshold);
    for (resource, settings) in resources.iter() {
        let name = resource.name();
        line(&mut text, &format!("{name} target"), &settings.target);
        line(&mut text, &format!("{name} look-back"), &settings.look_back);
        line(&mut text, &format!("{name} min"), &shown(resource, &settings.min));
        line(&mut text, &format!("{name} max"), &shown(resource, &settings.max));
        line(&mut text, &format!("{name} overhead"), &settings.overhead);
        line(&mut text, &format!("{name} threshold"), &settings.threshold);
        line(&mut text, &format!("{name} limit"), &settings.limit);
    }
    text
}

fn line<T: Debug>(text: &mut String, name: &str, setting: &Sourced<T>) {
    let value = format!("{:?}", setting.value);
    writeln!(text, "{name:<21}{value}  ({:?})", setting.origin).unwrap();
}

fn shown(resource: Resource, setting: &Sourced<Option<Amount>>) -> Sourced<Option<String>> {
    let value = setting.value.map(|amount| format_quantity(resource, amount));
    Sourced { value, origin: setting.origin.clone() }
}

fn show_diagnostic(found: &Diagnostic) -> String {
    let severity = match found.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    format!("{severity}: {found}\n")
}
