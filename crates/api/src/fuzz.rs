//! One body for every test that reads arbitrary bytes: the generated inputs of the test suite, the
//! long run, and the fuzzer.

use std::collections::BTreeMap;

use plimsoll_domain::{Origin, Parsed, Severity, WorkloadId, WorkloadKind};
use serde_json::Value as Json;

use crate::document;
use crate::read::REMARKS_MAX;
use crate::{
    ANNOTATION_PREFIX, CONFIGURATION_ANNOTATION, judge, judge_change, judge_manifest,
    read_annotation, read_annotations, read_settings, scaling_policy, thoras, write_settings,
};

/// Reads bytes in every way in which the program reads what people write.
///
/// # Panics
///
/// When a reader breaks a promise: too many remarks, or settings that do not read back as they were
/// written.
pub fn exercise(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let parsed = read_annotation(&text);
    keeps_its_promises(&parsed);
    older(&text);
    let object = serde_json::from_slice(bytes).ok();
    let parsed = || document::parse(&text, &Origin::Annotation).ok().map(|node| Json::from(&node));
    if let Some(object) = object.or_else(parsed) {
        objects(&object);
    }
}

/// Lines of `name: value` as annotations of the older form.
fn older(text: &str) {
    let mut annotations: BTreeMap<String, String> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (format!("{ANNOTATION_PREFIX}{}", name.trim()), value.to_owned()))
        .collect();
    // Not written back: numbers of replicas need not be whole there.
    let alone = read_annotations(&annotations);
    assert!(alone.is_none_or(|parsed| parsed.remarks.len() <= 2 * (REMARKS_MAX + 1)));
    annotations.insert(CONFIGURATION_ANNOTATION.to_owned(), text.to_owned());
    let both = read_annotations(&annotations);
    assert!(both.is_some_and(|parsed| parsed.remarks.len() <= 3 * (REMARKS_MAX + 1)));
}

fn objects(object: &Json) {
    keeps_its_promises(&read_settings(object, Origin::ScaledWorkload));
    let (policy, remarks) = scaling_policy(object);
    assert!(remarks.len() <= 4 * (REMARKS_MAX + 1), "{} remarks", remarks.len());
    assert_eq!(policy.document.remarks, remarks);
    says_little(&thoras::read_target(object).document);
    says_little(&thoras::read_daemon_set_autoscaler(object).document);
    let workload =
        WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: "web".into() };
    let made = thoras::target_from_template(&thoras::read_template(object), &workload);
    says_little(&thoras::read_target(&made).document);
    judged(object);
}

/// What a webhook and a check of manifests say: of a policy always, since its rules are compiled for
/// that, of an object of the other dialect where it is one.
fn judged(object: &Json) {
    let kind = object.get("kind").and_then(Json::as_str).unwrap_or_default();
    for (group, kind) in [("plimsoll.dev", "ScalingPolicy"), (thoras::THORAS_GROUP, kind)] {
        let remarks = judge(group, kind, object);
        let errors = remarks.iter().flatten().filter(|one| one.severity == Severity::Error);
        let manifest = judge_manifest(group, kind, object).unwrap_or_default();
        assert!(errors.clone().all(|error| manifest.contains(error)), "{manifest:?}");
        let unchanged = judge_change(group, kind, (object, object));
        let refused = unchanged.iter().flatten().find(|one| one.severity == Severity::Error);
        assert_eq!(refused, None, "what stays as it is");
    }
}

/// Numbers of replicas that follow a forecast have no words in our own objects yet.
fn says_little(parsed: &Parsed) {
    let count = parsed.remarks.len();
    assert!(count <= 2 * (REMARKS_MAX + 1), "{count} remarks");
}

fn keeps_its_promises(parsed: &Parsed) {
    let count = parsed.remarks.len();
    assert!(count <= 2 * (REMARKS_MAX + 1), "{count} remarks");
    let Ok(settings) = &parsed.settings else { return };
    let written = write_settings(settings);
    let read = read_settings(&written, Origin::ScaledWorkload);
    let refused = read.remarks.iter().find(|remark| remark.severity == Severity::Error);
    assert_eq!(refused, None, "{written}");
    assert_eq!(read.settings.as_ref().map(write_settings), Ok(written));
}
