//! The chart as Helm renders it: accepted by Helm, well formed, no more rights than needed, and
//! harmless where it could do harm. `cargo xtask test` says where Helm lies, or skips this.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::{Command, Output};

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/plimsoll");
const NAMESPACE: &str = "scaling";

/// Every switch of `values.yaml`, thrown.
const SWITCHED: [&str; 17] = [
    "persistence.enabled=true",
    "persistence.storageClassName=fast",
    "webhook.enabled=false",
    "controller.dryRun=true",
    "controller.confidenceRequired=true",
    "controller.extraArgs={--log-format=text}",
    "rbac.create=true",
    "replicas=1",
    "metrics.scrapeAnnotations=false",
    "thoras.crds.install=true",
    "thoras.crds.noneOfOthers=true",
    "samples.source=kubelet-direct",
    "samples.kubeletInsecureTls=true",
    "prometheus.url=http://prometheus:9090",
    "prometheus.backFill=7d",
    "prometheus.headers={X-Scope-OrgID: team}",
    "prometheus.labels={cluster=prod}",
];

/// The definitions of thoras.ai, where the chart cannot look into a cluster.
const THORAS: [&str; 2] = ["thoras.crds.install=true", "thoras.crds.noneOfOthers=true"];

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
        "ValidatingWebhookConfiguration",
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
        // Objects of Thoras's kinds say how a workload is sized; they are no workloads.
        let ours = groups == ["plimsoll.dev"]
            || groups == ["thoras.ai"]
            || resources == ["pods/resize"]
            || resources == ["events"]
            || !strings(&rule["resourceNames"]).is_empty();
        assert!(!writes || ours, "{rule}");
    }
}

#[test]
fn kubelets_may_be_read_only_where_they_are_asked_for() {
    let granted = |source: &str| {
        let objects = render(&[&format!("samples.source={source}")]).unwrap();
        let role = of_kind(&objects, "ClusterRole")[0].clone();
        let rules = role["rules"].as_array().unwrap().clone();
        let resources: Vec<String> = rules
            .iter()
            .flat_map(|rule| strings(&rule["resources"]).into_iter().map(str::to_owned))
            .collect();
        let metrics = rules.iter().any(|rule| strings(&rule["apiGroups"]) == ["metrics.k8s.io"]);
        let nodes = resources.into_iter().filter(|one| one.starts_with("nodes"));
        (metrics, nodes.collect::<Vec<_>>())
    };
    let expect = |metrics: bool, nodes: &[&str]| {
        (metrics, nodes.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(granted("metrics-api"), expect(true, &[]));
    assert_eq!(granted("prometheus"), expect(false, &[]));
    assert_eq!(granted("kubelet"), expect(false, &["nodes", "nodes/proxy"]));
    assert_eq!(granted("kubelet-direct"), expect(false, &["nodes", "nodes/metrics"]));
}

#[test]
fn the_webhooks_fail_open_and_leave_their_authority_to_the_controller() {
    let objects = render(&[]).unwrap();
    let configuration = of_kind(&objects, "MutatingWebhookConfiguration")[0];
    let webhook = &configuration["webhooks"][0];
    let judge = &of_kind(&objects, "ValidatingWebhookConfiguration")[0]["webhooks"][0];
    for webhook in [webhook, judge] {
        assert_eq!(webhook["failurePolicy"], "Ignore");
        assert_eq!(webhook["sideEffects"], "None");
        assert!(webhook["clientConfig"].get("caBundle").is_none());
    }
    let excluded = strings(&webhook["namespaceSelector"]["matchExpressions"][0]["values"]);
    assert!(excluded.contains(&NAMESPACE) && excluded.contains(&"kube-system"));
    let switched = render(&SWITCHED).unwrap();
    assert!(of_kind(&switched, "MutatingWebhookConfiguration").is_empty());
    assert!(of_kind(&switched, "ValidatingWebhookConfiguration").is_empty());
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
    for values in [&[][..], &THORAS] {
        let objects = render(values).unwrap();
        let definitions = of_kind(&objects, "CustomResourceDefinition");
        assert!(!definitions.is_empty(), "run `cargo xtask codegen`");
        for definition in definitions {
            let annotations = &definition["metadata"]["annotations"];
            assert_eq!(annotations["helm.sh/resource-policy"], "keep");
        }
    }
    let without = render(&["crds.install=false"]).unwrap();
    assert!(of_kind(&without, "CustomResourceDefinition").is_empty());
}

#[test]
fn definitions_of_thoras_come_only_when_asked_for() {
    let groups = |values: &[&str]| {
        let objects = render(values).unwrap();
        let definitions = of_kind(&objects, "CustomResourceDefinition");
        let group = |one: &&Value| one["spec"]["group"].as_str().unwrap_or_default().to_owned();
        definitions.iter().map(group).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(groups(&[]), ["plimsoll.dev".to_owned()].into());
    let both = ["plimsoll.dev".to_owned(), "thoras.ai".to_owned()];
    assert_eq!(groups(&THORAS), both.into());
}

#[test]
fn definitions_of_thoras_are_not_put_over_those_nobody_looked_for() {
    let said = render(&["thoras.crds.install=true"]).unwrap_err().to_string();
    assert!(said.contains("set thoras.crds.noneOfOthers=true"), "{said}");
}

#[test]
fn what_is_written_for_another_thoras_is_not_judged() {
    let judged = |values: &[&str]| {
        let objects = render(values).unwrap();
        let judge = of_kind(&objects, "ValidatingWebhookConfiguration")[0].clone();
        let rules = judge["webhooks"][0]["rules"].as_array().unwrap().clone();
        rules.iter().map(|rule| rule["resources"].to_string()).collect::<Vec<_>>()
    };
    let ours = r#"["scaledworkloads","scalingpolicies"]"#;
    let thoras = r#"["aiscaletargets","clusteraiscaletemplates","daemonsetautoscalers"]"#;
    assert_eq!(judged(&[]), [ours]);
    assert_eq!(judged(&THORAS), [ours, thoras]);
}

#[test]
fn what_was_learned_is_kept_in_the_cluster_where_there_is_no_volume() {
    let kept = |values: &[&str]| {
        let objects = render(values).unwrap();
        let role = of_kind(&objects, "ClusterRole")[0];
        let rules = role["rules"].as_array().unwrap().iter();
        let of = |rule: &&Value| strings(&rule["resources"]).contains(&"historycheckpoints");
        let verbs: Vec<String> =
            rules.filter(of).map(|rule| strings(&rule["verbs"]).join(" ")).collect();
        let kinds = ["Deployment", "StatefulSet"].map(|kind| of_kind(&objects, kind));
        let pod = &kinds.concat()[0]["spec"]["template"]["spec"]["containers"][0];
        (strings(&pod["args"]).contains(&"--checkpoints=true"), verbs)
    };
    assert_eq!(kept(&[]), (true, vec!["list create patch".to_owned()]));
    assert_eq!(kept(&["persistence.enabled=true"]), (false, Vec::new()));
}

#[test]
fn the_program_knows_every_flag_it_is_started_with() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/flags.md");
    let page = std::fs::read_to_string(page).expect("`cargo xtask codegen` writes it");
    let (_, controller) = page.split_once("## `plimsoll controller`").unwrap();
    let controller = controller.split("\n## ").next().unwrap();
    let without_volume: Vec<&str> =
        SWITCHED.into_iter().filter(|value| !value.starts_with("persistence")).collect();
    let objects = render(&without_volume).unwrap();
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
