//! Every document in `tests/corpus` reads and resolves as the text beside it says. A `.yaml` is what
//! stands in the annotation, a `.custom.yaml` the same of a custom workload, an `.older.yaml`
//! annotations of the older form, an `.object.yaml` manifests. `PLIMSOLL_BLESS=1 cargo test -p plimsoll-api` writes the texts anew.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use plimsoll_api::{
    ANNOTATION_PREFIX, CONFIGURATION_ANNOTATION, custom_workload, custom_workload_name,
    read_annotations, read_settings, scaling_policy, workload_kind,
};
use plimsoll_domain::{Configuration, Configured, Diagnostic, Origin, Parsed, Severity};
use plimsoll_policy::{BuiltIn, Catalog, Facts, ScalingPolicy, Sources, configure};
use plimsoll_report::settings;
use serde_json::Value as Json;

#[test]
fn every_document_reads_and_resolves_as_the_text_beside_it_says() {
    let documents = documents();
    assert!(documents.len() >= 120, "documents are missing: {}", documents.len());
    let mut failures = Vec::new();
    for path in documents {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let actual = if name.ends_with(".object.yaml") {
            objects(&text)
        } else if name.ends_with(".older.yaml") {
            workload(&older(&text), &DEPLOYMENT, &Catalog::default(), None)
        } else {
            let annotations = BTreeMap::from([(CONFIGURATION_ANNOTATION.to_owned(), text)]);
            let is_custom = name.ends_with(".custom.yaml");
            let kind = Subject { is_custom, ..DEPLOYMENT };
            workload(&annotations, &kind, &Catalog::default(), None)
        };
        failures.extend(check(&path.with_extension("golden"), &actual));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_golden_text_has_its_document() {
    let documents = documents();
    for golden in files("golden") {
        assert!(documents.contains(&golden.with_extension("yaml")), "{}", golden.display());
    }
}

fn documents() -> Vec<PathBuf> {
    files("yaml")
}

fn files(extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

fn check(golden: &Path, actual: &str) -> Option<String> {
    if env::var_os("PLIMSOLL_BLESS").is_some() {
        fs::write(golden, actual).unwrap();
    }
    let expect = fs::read_to_string(golden).unwrap_or_default();
    (actual != expect).then(|| format!("{}:\n{actual}", golden.display()))
}

/// Annotations of the older form, the prefix left out.
fn older(text: &str) -> BTreeMap<String, String> {
    let names: BTreeMap<String, String> = serde_saphyr::from_str(text).unwrap();
    names.into_iter().map(|(name, value)| (format!("{ANNOTATION_PREFIX}{name}"), value)).collect()
}

/// Workloads, each resolved with the policies and the settings for it in the same file.
fn objects(text: &str) -> String {
    let objects: Vec<Json> =
        text.split("\n---\n").map(|one| serde_saphyr::from_str(one).unwrap()).collect();
    let of =
        |kind: &str| objects.iter().filter(|object| object["kind"] == kind).collect::<Vec<_>>();
    let policies: Vec<ScalingPolicy> =
        of("ScalingPolicy").into_iter().map(|object| scaling_policy(object).0).collect();
    let mut shown = String::new();
    for policy in &policies {
        writeln!(shown, "# ScalingPolicy {}", policy.name).unwrap();
        writeln!(shown, "order {:?}, default {:?}", policy.order, policy.is_default).unwrap();
        for rule in policy.rules.iter().flatten() {
            writeln!(shown, "rule {}", plimsoll_api::write_rule(rule)).unwrap();
        }
        shown.extend(policy.document.remarks.iter().map(remark));
    }
    let catalog = Catalog::new(policies);
    let spec = of("ScaledWorkload")
        .first()
        .map(|object| read_settings(&object["spec"]["settings"], Origin::ScaledWorkload));
    for object in &objects {
        let kind = object["kind"].as_str().unwrap();
        if ["ScalingPolicy", "ScaledWorkload"].contains(&kind) {
            continue;
        }
        let name = object["metadata"]["name"].as_str().unwrap();
        let api_version = object["apiVersion"].as_str().unwrap();
        let template = template(object);
        let custom = custom_workload_name(&texts(&template["labels"])).map(|custom| {
            let kind = (kind != "Pod").then(|| workload_kind(api_version, kind));
            custom_workload("shop", custom, kind.as_ref())
        });
        let metadata = if custom.is_some() { template } else { &object["metadata"] };
        write!(shown, "# {kind} {name}").unwrap();
        if let Some(custom) = &custom {
            write!(shown, ", part of {custom}").unwrap();
        } else if kind == "Pod" {
            shown.push_str(", no workload\n");
            continue;
        }
        shown.push('\n');
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = Subject { kind, group, version, is_custom: custom.is_some() };
        shown.push_str(&workload(&texts(&metadata["annotations"]), &kind, &catalog, spec.clone()));
    }
    shown
}

/// The metadata of pods, wherever an object has it.
fn template(object: &Json) -> &Json {
    match object["kind"].as_str() {
        Some("Pod") => &object["metadata"],
        Some("CronJob") => &object["spec"]["jobTemplate"]["spec"]["template"]["metadata"],
        _ => &object["spec"]["template"]["metadata"],
    }
}

/// Labels or annotations.
fn texts(of: &Json) -> BTreeMap<String, String> {
    serde_json::from_value(of.clone()).unwrap_or_default()
}

/// The kind of a workload.
struct Subject<'a> {
    kind: &'a str,
    group: &'a str,
    version: &'a str,
    is_custom: bool,
}

const DEPLOYMENT: Subject<'_> =
    Subject { kind: "Deployment", group: "apps", version: "v1", is_custom: false };

/// What holds for a workload with these annotations.
fn workload(
    annotations: &BTreeMap<String, String>,
    kind: &Subject<'_>,
    catalog: &Catalog,
    spec: Option<Parsed>,
) -> String {
    let parsed = read_annotations(annotations).map(Arc::new);
    let (newer, older) = if annotations.contains_key(CONFIGURATION_ANNOTATION) {
        (parsed.as_ref(), None)
    } else {
        (None, parsed.as_ref())
    };
    let spec = spec.map(Arc::new);
    let none = BTreeMap::new();
    let facts = Facts {
        namespace: "shop",
        namespace_labels: &none,
        kind: kind.kind,
        group: kind.group,
        version: kind.version,
        labels: &none,
    };
    let sources = Sources {
        annotation: newer,
        older_annotations: older,
        targets: &[],
        spec: spec.as_ref(),
        facts,
        is_custom: kind.is_custom,
    };
    show(&configure(&sources, catalog, &BuiltIn::default()))
}

/// Who governs, what the documents say, and the remarks.
fn show(configuration: &Configuration) -> String {
    let mut text = format!("governor {:?}", configuration.governor);
    if let Some(assigned) = &configuration.assigned {
        write!(text, ", policy {}, {:?}", assigned.name, assigned.why).unwrap();
    }
    text.push('\n');
    if let Some(refusal) = configuration.refusal() {
        writeln!(text, "frozen: {refusal}").unwrap();
    }
    if let Configured::Policy(policy) = &configuration.configured {
        let said = settings(policy).into_iter().filter(|setting| {
            !setting.origin.starts_with("built-in policy") && setting.origin != "default"
        });
        for setting in said {
            write!(text, "{} = {}  ({}", setting.name, setting.value, setting.origin).unwrap();
            for beaten in setting.beaten {
                write!(text, "; not {} of {}", beaten.value, beaten.origin).unwrap();
            }
            text.push_str(if setting.in_effect { ")\n" } else { "; no effect yet)\n" });
        }
    }
    text.extend(configuration.remarks.iter().map(remark));
    text
}

fn remark(found: &Diagnostic) -> String {
    let severity = match found.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    format!("{severity}: {found}\n")
}
