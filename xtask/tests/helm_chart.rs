//! The chart as Helm renders it: accepted by Helm, well formed, no more rights than needed, and
//! harmless where it could do harm. `cargo xtask test` says where Helm lies, or skips this.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::{Command, Output};

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/plimsoll");
const NAMESPACE: &str = "scaling";

/// Every switch of `values.yaml`, thrown.
const SWITCHED: [&str; 9] = [
    "persistence.enabled=true",
    "persistence.storageClassName=fast",
    "webhook.enabled=false",
    "controller.dryRun=true",
    "controller.confidenceRequired=true",
    "controller.extraArgs={--log-format=text}",
    "rbac.create=true",
    "replicas=1",
    "metrics.scrapeAnnotations=false",
];

fn helm(args: &[&str], values: &[&str]) -> Result<Output> {
    let program = std::env::var_os("PLIMSOLL_HELM").unwrap_or_else(|| "helm".into());
    let mut command = Command::new(program);
    command.args(args);
    for value in values {
        command.args(["--set", value]);
    }
    command.output().context("run helm: `cargo xtask test --setup` fetches it")
}

fn render(values: &[&str]) -> Result<Vec<Value>> {
    let output = helm(&["template", "plimsoll", CHART, "--namespace", NAMESPACE], values)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let objects = serde_saphyr::from_multiple::<Value>(&text)?;
    Ok(objects.into_iter().filter(|object| !object.is_null()).collect())
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn helm_lint_is_content() {
    for values in [&[][..], &SWITCHED[..]] {
        let output = helm(&["lint", "--strict", CHART], values).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn every_document_is_an_object_in_its_place() {
    let cluster_wide = [
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "MutatingWebhookConfiguration",
    ];
    for values in [&[][..], &SWITCHED[..]] {
        let objects = render(values).unwrap();
        assert!(objects.len() >= 7, "{values:?}: {} objects", objects.len());
        for object in &objects {
            let kind = object["kind"].as_str().unwrap();
            assert!(object["apiVersion"].is_string(), "{object}");
            assert!(object["metadata"]["name"].is_string(), "{object}");
            let namespace = object["metadata"]["namespace"].as_str();
            let expect = (!cluster_wide.contains(&kind)).then_some(NAMESPACE);
            assert_eq!(namespace, expect, "{kind}");
        }
    }
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for value in ["controller.collectInterval=fast", "replicas=0", "controler.dryRun=true"] {
        let output = helm(&["template", "plimsoll", CHART], &[value]).unwrap();
        assert!(!output.status.success(), "{value} was accepted");
    }
}

#[test]
fn nothing_may_change_a_workload_or_read_every_secret() {
    let objects = render(&[]).unwrap();
    let role = of_kind(&objects, "ClusterRole")[0];
    for rule in role["rules"].as_array().unwrap() {
        let all = [&rule["apiGroups"], &rule["resources"], &rule["verbs"]];
        assert!(!all.iter().any(|list| strings(list).contains(&"*")), "{rule}");
        let resources = strings(&rule["resources"]);
        let groups = strings(&rule["apiGroups"]);
        assert!(!resources.contains(&"secrets"), "{rule}");
        let writes = strings(&rule["verbs"]);
        let writes = writes.iter().any(|verb| !["get", "list", "watch"].contains(verb));
        let ours = groups == ["plimsoll.dev"]
            || resources == ["pods/resize"]
            || resources == ["events"]
            || !strings(&rule["resourceNames"]).is_empty();
        assert!(!writes || ours, "{rule}");
    }
}

#[test]
fn the_webhook_fails_open_and_leaves_its_authority_to_the_controller() {
    let objects = render(&[]).unwrap();
    let configuration = of_kind(&objects, "MutatingWebhookConfiguration")[0];
    let webhook = &configuration["webhooks"][0];
    assert_eq!(webhook["failurePolicy"], "Ignore");
    assert_eq!(webhook["sideEffects"], "None");
    assert!(webhook["clientConfig"].get("caBundle").is_none());
    let excluded = strings(&webhook["namespaceSelector"]["matchExpressions"][0]["values"]);
    assert!(excluded.contains(&NAMESPACE) && excluded.contains(&"kube-system"));
    let switched = render(&SWITCHED).unwrap();
    assert!(of_kind(&switched, "MutatingWebhookConfiguration").is_empty());
}

#[test]
fn the_pod_is_restricted_and_a_drain_leaves_one_replica() {
    let objects = render(&[]).unwrap();
    let pod = &of_kind(&objects, "Deployment")[0]["spec"]["template"]["spec"];
    let container = &pod["containers"][0]["securityContext"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(container["readOnlyRootFilesystem"], true);
    assert_eq!(container["capabilities"]["drop"][0], "ALL");
    assert_eq!(of_kind(&objects, "PodDisruptionBudget").len(), 1);
    let single = render(&["replicas=1"]).unwrap();
    assert!(of_kind(&single, "PodDisruptionBudget").is_empty());
}

#[test]
fn definitions_stay_when_the_release_goes() {
    let objects = render(&[]).unwrap();
    let definitions = of_kind(&objects, "CustomResourceDefinition");
    assert!(!definitions.is_empty(), "run `cargo xtask codegen`");
    for definition in definitions {
        let annotations = &definition["metadata"]["annotations"];
        assert_eq!(annotations["helm.sh/resource-policy"], "keep");
    }
    let without = render(&["crds.install=false"]).unwrap();
    assert!(of_kind(&without, "CustomResourceDefinition").is_empty());
}

#[test]
fn the_program_knows_every_flag_it_is_started_with() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/flags.md");
    let page = std::fs::read_to_string(page).expect("`cargo xtask codegen` writes it");
    let (_, controller) = page.split_once("## `plimsoll controller`").unwrap();
    let controller = controller.split("\n## ").next().unwrap();
    let objects =
        render(&["controller.dryRun=true", "controller.confidenceRequired=true"]).unwrap();
    let container =
        &of_kind(&objects, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0];
    let args = strings(&container["args"]);
    assert_eq!(args[0], "controller");
    for arg in &args[1..] {
        let flag = arg.split('=').next().unwrap();
        let known = controller.split(|c: char| c.is_whitespace() || c == '`').any(|w| w == flag);
        assert!(known, "plimsoll controller has no flag {flag}");
    }
}
