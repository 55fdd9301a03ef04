//! Every object in `tests/thoras` reads as the text beside it says, and the resources know exactly
//! the paths that are listed there. `PLIMSOLL_BLESS=1 cargo test -p plimsoll-api --test thoras`
//! writes the texts anew.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use plimsoll_api::thoras::{
    Selects, Target, Template, read_daemon_set_autoscaler, read_target, read_template,
    target_from_template, thoras_crds, validate,
};
use plimsoll_api::{judge, judge_change, judge_manifest};
use plimsoll_domain::{Diagnostic, Policy, Severity, WorkloadId, WorkloadKind};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn every_object_reads_as_the_text_beside_it_says() {
    let objects = objects();
    assert!(objects.len() >= 80, "objects are missing");
    for path in objects {
        check(&path.with_extension("txt"), &show(&object(&path)));
    }
}

#[test]
fn a_webhook_says_what_reading_says() {
    for path in objects() {
        let object = object(&path);
        let said: String = validate(&object).iter().map(show_remark).collect();
        let read = show(&object);
        assert!(read.ends_with(&said), "{}: {said}", path.display());
    }
}

#[test]
fn what_was_let_in_before_keeps_nobody_from_other_changes() {
    let errors = |old: Option<&Value>, new: &Value| {
        let remarks = match old {
            None => judge("thoras.ai", "AIScaleTarget", new),
            Some(old) => judge_change("thoras.ai", "AIScaleTarget", (old, new)),
        };
        let remarks = remarks.unwrap();
        remarks.iter().filter(|remark| remark.severity == Severity::Error).count()
    };
    let old = object(&folder().join("target_modes_aut_aut.yaml"));
    assert_eq!(errors(None, &old), 1);
    let mut labelled = old.clone();
    labelled["metadata"]["labels"] = json!({"team": "cart"});
    assert_eq!(errors(Some(&old), &labelled), 0);
    let mut edited = labelled.clone();
    edited["spec"]["model"]["forecast_blocks"] = json!("30m");
    assert_eq!(errors(Some(&old), &edited), 0, "the same error as before");
    edited["spec"]["model"]["mode"] = json!("percentile");
    assert_eq!(errors(Some(&old), &edited), 1, "a new one");
}

#[test]
fn the_resources_know_the_listed_paths() {
    for crd in thoras_crds() {
        let mut paths = BTreeSet::new();
        let schema = serde_json::to_value(&crd.spec.versions[0].schema).unwrap();
        collect(&schema["openAPIV3Schema"], String::new(), &mut paths);
        let list = paths.iter().fold(String::new(), |list, path| list + path + "\n");
        check(&folder().join(format!("paths_{}.txt", crd.spec.names.plural)), &list);
    }
}

#[test]
fn a_template_makes_a_target_that_reads_like_a_written_one() {
    let template = read_template(&object(&folder().join("template_complete.yaml")));
    let workload =
        WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: "web".into() };
    let made = target_from_template(&template, &workload);
    check(&folder().join("made_by_template_complete.txt"), &show(&made));
    assert_eq!(read_target(&made).made_by_template.as_deref(), Some("production"));
}

proptest! {
    #[test]
    fn any_object_is_answered(spec in tree(), kind in prop::sample::select(vec!["AIScaleTarget", "DaemonSetAutoscaler", "ClusterAIScaleTemplate"])) {
        show(&json!({"kind": kind, "metadata": spec, "spec": spec}));
        validate(&json!({"kind": kind, "spec": spec}));
        judge_manifest("thoras.ai", kind, &json!({"kind": kind, "spec": spec}));
    }

    #[test]
    fn any_value_in_any_place_is_answered(at in 0_usize..10_000, value in tree()) {
        let objects = objects();
        let mut object = object(&objects[at % objects.len()]);
        let places = places(&object["spec"], "/spec");
        if let Some(place) = places.get(at / objects.len() % places.len().max(1)) {
            *object.pointer_mut(place).unwrap() = value;
        }
        show(&object);
    }
}

/// Trees of the keys and values that occur.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9a-z%*/. -]{0,8}".prop_map(Value::from),
        prop::sample::select(vec!["autonomous", "percentile", "99.9", "15m", "1Gi", "10%", "*"])
            .prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "vertical",
        "horizontal",
        "model",
        "mode",
        "containers",
        "name",
        "cpu",
        "memory",
        "lowerbound",
        "selector",
        "matchLabels",
        "template",
        "scaling_behavior",
        "scale_up",
    ]);
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

/// Pointers to everything below a value.
fn places(value: &Value, at: &str) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (format!("{at}/{}", key.replace('/', "~1")), value))
            .collect(),
        Value::Array(list) => {
            list.iter().enumerate().map(|(i, value)| (format!("{at}/{i}"), value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let deeper = below.iter().flat_map(|(at, value)| places(value, at));
    below.iter().map(|(at, _)| at.clone()).chain(deeper).collect()
}

/// The paths of a schema: `[]` for the elements of a list, `*` for any name.
fn collect(schema: &Value, at: String, paths: &mut BTreeSet<String>) {
    if let Some(items) = schema.get("items") {
        return collect(items, at + "[]", paths);
    }
    if let Some(values) = schema.get("additionalProperties") {
        collect(values, format!("{at}.*"), paths);
    }
    for (name, property) in
        schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        let below = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        collect(property, below, paths);
    }
    paths.insert(at);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/thoras")
}

fn objects() -> Vec<PathBuf> {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut objects: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|is| is == "yaml")).collect();
    objects.sort();
    objects
}

fn object(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn check(golden: &Path, actual: &str) {
    if env::var_os("PLIMSOLL_BLESS").is_some() {
        fs::write(golden, actual).unwrap();
    }
    let expect = fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(actual, expect, "{}", golden.display());
}

fn show(object: &Value) -> String {
    match object["kind"].as_str() {
        Some("ClusterAIScaleTemplate") => show_template(&read_template(object)),
        Some("DaemonSetAutoscaler") => show_target(&read_daemon_set_autoscaler(object)),
        _ => show_target(&read_target(object)),
    }
}

fn show_target(target: &Target) -> String {
    let mut text = match &target.selects {
        Selects::ByName { api_version, kind, name } => {
            format!("selects {} {kind} {name}\n", api_version.as_deref().unwrap_or("any"))
        }
        Selects::BySelector(selector) => format!("selects pods with {selector}\n"),
        Selects::Nothing => "selects nothing\n".to_owned(),
    };
    if let Some(template) = &target.made_by_template {
        writeln!(text, "made by {template}").unwrap();
    }
    if let Some(mode) = target.horizontal {
        writeln!(text, "horizontal {mode:?}").unwrap();
    }
    let settings = target.document.settings.as_ref().unwrap();
    let origin = plimsoll_domain::Origin::AiScaleTarget("it".into());
    let policy = Policy::resolve(&[(&origin, settings)]);
    for setting in plimsoll_report::settings(&policy) {
        if setting.origin != "default" {
            let effect = if setting.in_effect { "" } else { "  (later)" };
            writeln!(text, "{} = {}{effect}", setting.name, setting.value).unwrap();
        }
    }
    text.extend(target.document.remarks.iter().map(show_remark));
    text
}

fn show_template(template: &Template) -> String {
    let Template { selector, conflict, included, excluded, spec, remarks, .. } = template;
    let selector =
        selector.as_ref().map_or_else(|| "none".to_owned(), |selector| format!("with {selector}"));
    let mut text = format!(
        "workloads {selector}\n{conflict:?}, only in {included:?}, not in {excluded:?}\n{spec}\n"
    );
    text.extend(remarks.iter().map(show_remark));
    text
}

fn show_remark(remark: &Diagnostic) -> String {
    let severity = match remark.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    format!("{severity}: {remark}\n")
}
