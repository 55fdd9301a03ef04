//! Who governs a workload, under which policy, and who else acts on it.

use super::*;
use crate::Lead;
use crate::mock::Mock;
use crate::publish::tests::evaluation;
use crate::thoras::Thoras;
use plimsoll_domain::{Evaluation, Governor};
use plimsoll_policy::{LabelExpression, NamespaceRule, Operator, Rule, WorkloadRule};

/// One line for each workload: identity, governor, policy, who is overruled, who else acts.
async fn check(objects: &[Value], expect: &[&str]) {
    let world = world(objects).await;
    let lines: Vec<_> = world.workloads.iter().map(governed).collect();
    assert_eq!(lines, expect);
}

fn governed(workload: &Workload) -> String {
    let configuration = &workload.configuration;
    let mut line = format!("{} {}", workload.id, name(&configuration.governor));
    if let Some(assigned) = &configuration.assigned {
        write!(line, " under {}", assigned.name).unwrap();
    }
    for overruled in &configuration.overruled {
        write!(line, " not {}", name(overruled)).unwrap();
    }
    if let Some(foreign) = &workload.foreign_actuator {
        write!(line, " foreign={} {}", foreign.kind, foreign.name).unwrap();
    }
    line
}

fn name(governor: &Governor) -> String {
    match governor {
        Governor::Annotation => "annotation".to_owned(),
        Governor::DaemonSetAutoscaler(name) => format!("dsa={name}"),
        Governor::TargetByName(name) => format!("name={name}"),
        Governor::TargetBySelector(name) => format!("selector={name}"),
        Governor::TargetFromTemplate(name) => format!("template={name}"),
        Governor::ScaledWorkload => "spec".to_owned(),
        Governor::ScalingPolicy => "policy".to_owned(),
    }
}

fn deployment(name: &str) -> Value {
    let mut object = controller("Deployment", "shop", name, None);
    object["spec"]["template"]["metadata"] = json!({"labels": {"app": name}});
    object
}

fn annotated(mut object: Value, text: &str) -> Value {
    object["metadata"]["annotations"] = json!({"workloads.cast.ai/configuration": text});
    object
}

fn target(name: &str, spec: &Value) -> Value {
    let mut spec = spec.clone();
    spec["model"] = json!({});
    object("thoras.ai/v1", "AIScaleTarget", name, &spec)
}

fn object(api_version: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"namespace": "shop", "name": name}, "spec": spec,
    })
}

fn by_name(name: &str, api_version: Option<&str>, kind: &str, of: &str) -> Value {
    let reference = json!({"apiVersion": api_version, "kind": kind, "name": of});
    target(name, &json!({"scaleTargetRef": reference}))
}

fn by_selector(name: &str, app: &str) -> Value {
    target(name, &json!({"selector": {"matchLabels": {"app": app}}}))
}

fn policy(name: &str, default: bool) -> Value {
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1", "kind": "ScalingPolicy",
        "metadata": {"name": name},
        "spec": {"default": default, "settings": {"vertical": {"mode": "Recommend"}}},
    })
}

fn spec(workload: &str) -> Value {
    let spec = json!({
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload},
        "settings": {"vertical": {"mode": "Apply"}},
    });
    let name = format!("{workload}-deployment");
    object("plimsoll.dev/v1alpha1", "ScaledWorkload", &name, &spec)
}

#[tokio::test]
async fn without_a_word_a_workload_has_the_policy_auto() {
    check(&[deployment("web")], &["shop/deployment/web policy under auto"]).await;
}

#[tokio::test]
async fn the_strongest_governs_and_the_others_are_named() {
    let one = || vec![deployment("web"), policy("team", true)];
    let with = |more: &[Value]| [one(), more.to_vec()].concat();
    check(&one(), &["shop/deployment/web policy under team"]).await;
    check(&with(&[spec("web")]), &["shop/deployment/web spec under team"]).await;
    let all = [
        spec("web"),
        by_selector("many", "web"),
        by_name("web", Some("apps/v1"), "Deployment", "web"),
    ];
    check(&with(&all), &["shop/deployment/web name=web not selector=many not spec"]).await;
    let annotation = annotated(deployment("web"), "vertical: {optimization: on}");
    check(
        &[vec![annotation, policy("team", true)], all.to_vec()].concat(),
        &["shop/deployment/web annotation under team not name=web not selector=many not spec"],
    )
    .await;
}

#[tokio::test]
async fn a_target_by_name_means_the_kind_in_its_group() {
    let want = |api_version, kind| [deployment("web"), by_name("it", api_version, kind, "web")];
    let governed = ["shop/deployment/web name=it"];
    check(&want(Some("apps/v1"), "Deployment"), &governed).await;
    check(&want(Some("apps/v1beta2"), "Deployment"), &governed).await;
    check(&want(None, "Deployment"), &governed).await;
    let alone = ["shop/deployment/web policy under auto"];
    check(&want(Some("example.com/v1"), "Deployment"), &alone).await;
    check(&want(Some("apps/v1"), "StatefulSet"), &alone).await;
}

#[tokio::test]
async fn a_selector_matches_the_labels_of_pods_of_three_kinds() {
    let mut objects = vec![by_selector("many", "web")];
    for kind in ["Deployment", "StatefulSet", "Rollout", "DaemonSet"] {
        let mut object = controller(kind, "shop", "web", None);
        object["spec"]["template"]["metadata"] = json!({"labels": {"app": "web"}});
        objects.push(object);
    }
    let mut other = deployment("other");
    other["metadata"]["labels"] = json!({"app": "web"});
    objects.push(other);
    check(
        &objects,
        &[
            "shop/deployment/other policy under auto",
            "shop/deployment/web selector=many",
            "shop/statefulset/web selector=many",
            "shop/daemonset/web policy under auto",
            "shop/rollout/web selector=many",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_daemon_set_has_an_autoscaler_of_its_own() {
    let reference = json!({"scaleTargetRef": {"apiVersion": "apps/v1", "name": "log"}});
    let objects = [
        controller("DaemonSet", "shop", "log", None),
        object("thoras.ai/v1", "DaemonSetAutoscaler", "log", &reference),
        by_name("it", Some("apps/v1"), "DaemonSet", "log"),
    ];
    check(&objects, &["shop/daemonset/log dsa=log not name=it"]).await;
}

#[tokio::test]
async fn a_custom_workload_is_no_target() {
    let mut web = deployment("web");
    web["spec"]["template"]["metadata"]["labels"] =
        json!({"app": "web", "workloads.cast.ai/custom-workload": "front"});
    let objects = [
        web,
        by_selector("many", "web"),
        by_name("it", None, "Deployment", "web"),
        by_name("that", Some("plimsoll.dev/v1alpha1"), "Custom-Deployment", "front"),
    ];
    check(&objects, &["shop/custom-deployment/front policy under auto"]).await;
}

/// Whether a rule matches each of these workloads.
async fn check_rule(rule: &Rule, objects: &[Value], expect: &[&str]) {
    let index = Arc::new(index(objects));
    let mut policy = policy::scaling_policy(&parse(&policy("team", false)));
    policy.rules = Some(vec![rule.clone()]);
    index.write(|tables| {
        tables.policies.apply(Change::Set(Key::new("", "team"), policy), |_, _| {});
    });
    let world = source(index).world(Timestamp::default()).await.unwrap();
    let matched = world.workloads.iter().filter(|workload| {
        workload.configuration.assigned.as_ref().is_some_and(|assigned| &*assigned.name == "team")
    });
    let matched: Vec<_> = matched.map(|workload| workload.id.to_string()).collect();
    assert_eq!(matched, expect, "{rule:?}");
}

fn is(key: &str, value: &str) -> Vec<LabelExpression> {
    let (key, values) = (Some(key.to_owned()), vec![value.to_owned()]);
    vec![LabelExpression { key, operator: Operator::In, values }]
}

fn workloads(kinds: &[&str], labels: Vec<LabelExpression>) -> Rule {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    Rule { namespaces: None, workloads: Some(WorkloadRule { kinds, labels }) }
}

#[tokio::test]
async fn rules_choose_by_the_labels_of_workload_and_namespace() {
    let namespace = json!({
        "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "a"}},
    });
    let mut labelled = deployment("web");
    labelled["metadata"]["labels"] = json!({"tier": "front"});
    let mut custom = controller("StatefulSet", "shop", "db", None);
    custom["spec"]["template"]["metadata"]["labels"] =
        json!({"tier": "front", "workloads.cast.ai/custom-workload": "data"});
    let objects =
        [namespace, labelled, custom, deployment("api"), controller("Job", "other", "x", None)];
    let labels = is("team", "a");
    let of_team = NamespaceRule { names: Vec::new(), patterns: Vec::new(), labels };
    let of_team = Rule { namespaces: Some(of_team), workloads: None };
    let all = ["shop/deployment/api", "shop/deployment/web", "shop/custom-statefulset/data"];
    check_rule(&of_team, &objects, &all).await;
    check_rule(&workloads(&[], is("tier", "front")), &objects, &all[1..]).await;
}

#[tokio::test]
async fn rules_choose_by_kind_group_and_version() {
    let mut function = pod("shop", "fn-1", Some("Function/fn"));
    function["metadata"]["ownerReferences"][0]["apiVersion"] = json!("example.com/v1");
    let mut custom = controller("StatefulSet", "shop", "db", None);
    custom["spec"]["template"]["metadata"]["labels"] =
        json!({"workloads.cast.ai/custom-workload": "data"});
    let mut bare = pod("shop", "bare", None);
    bare["metadata"]["labels"] = json!({"workloads.cast.ai/custom-workload": "etl"});
    let objects = [deployment("web"), function, custom, bare];
    let check = async |kind: &str, expect: &[&str]| {
        check_rule(&workloads(&[kind], Vec::new()), &objects, expect).await;
    };
    check("Deployment", &["shop/deployment/web"]).await;
    check("Deployment.v1.apps", &["shop/deployment/web"]).await;
    check("Deployment.batch", &[]).await;
    check("StatefulSet.apps", &["shop/custom-statefulset/data"]).await;
    check("Function.v1.example.com", &["shop/function/fn"]).await;
    check("Pod.v1.", &["shop/custom-pod/etl"]).await;
}

#[tokio::test]
async fn a_policy_may_be_named() {
    let named = annotated(deployment("web"), "scalingPolicyName: team");
    let objects = [named, deployment("api"), policy("team", false)];
    let expect =
        ["shop/deployment/api policy under auto", "shop/deployment/web annotation under team"];
    check(&objects, &expect).await;
}

#[tokio::test]
async fn where_another_product_acts_its_workloads_are_held() {
    let operator = |name: &str, replicas: u32| {
        let mut object = controller("Deployment", "tools", name, None);
        object["spec"]["replicas"] = json!(replicas);
        object
    };
    let workloads = || {
        vec![
            annotated(deployment("cast"), "vertical: {optimization: on}"),
            deployment("none"),
            deployment("thoras"),
            by_selector("many", "thoras"),
        ]
    };
    let objects = |more: &[Value]| [workloads(), more.to_vec()].concat();
    let thoras = "tools/deployment/thoras-operator policy under auto";
    check(
        &objects(&[operator("thoras-operator", 1)]),
        &[
            "shop/deployment/cast annotation under balanced",
            "shop/deployment/none policy under auto",
            "shop/deployment/thoras selector=many foreign=Deployment tools/thoras-operator",
            thoras,
        ],
    )
    .await;
    check(
        &objects(&[operator("thoras-operator", 0), operator("castai-workload-autoscaler", 2)]),
        &[
            "shop/deployment/cast annotation under balanced \
             foreign=Deployment tools/castai-workload-autoscaler",
            "shop/deployment/none policy under auto",
            "shop/deployment/thoras selector=many",
            "tools/deployment/castai-workload-autoscaler policy under auto",
            thoras,
        ],
    )
    .await;
}

/// One line for each object of the group that is to be told something: its condition `Ready`.
async fn check_told(objects: &[Value], expect: &[&str]) {
    let index = Arc::new(index(objects));
    let world = source(Arc::clone(&index)).world(Timestamp::default()).await.unwrap();
    let evaluations = world.workloads.into_iter().map(|workload| Evaluation {
        workload: workload.id,
        configuration: workload.configuration,
        ..evaluation()
    });
    let evaluations: Vec<_> = evaluations.collect();
    let (own, client) = ("plimsoll".to_owned(), Mock::new(Vec::new()).client());
    let thoras = Thoras::new(client, Arc::clone(&index), Lead::test(), own, false);
    let at = Timestamp::default();
    let told = index.read(|tables| thoras.statuses(tables, &evaluations, at));
    let lines = told.iter().map(|one| {
        let ready = &one.wanted["conditions"][0];
        let text = |field: &str| ready[field].as_str().unwrap().to_owned();
        assert_eq!(text("type"), "Ready");
        format!("{} {}: {}", one.key.name, text("reason"), text("message"))
    });
    assert_eq!(lines.collect::<Vec<_>>(), expect);
}

#[tokio::test]
async fn targets_know_what_they_govern_what_they_lose_and_what_is_not_there() {
    let reference = json!({"scaleTargetRef": {"apiVersion": "apps/v1", "name": "log"}});
    let objects = [
        deployment("web"),
        annotated(deployment("api"), "vertical: {optimization: on}"),
        controller("DaemonSet", "shop", "log", None),
        by_name("web", None, "Deployment", "web"),
        by_name("api", None, "Deployment", "api"),
        by_name("gone", None, "Deployment", "gone"),
        by_selector("many", "web"),
        object("thoras.ai/v1", "DaemonSetAutoscaler", "log", &reference),
    ];
    check_told(
        &objects,
        &[
            "api Overruled: shop/deployment/api is governed by its annotation",
            "gone WorkloadMissing: There is no workload of that name or with such pods in the namespace",
            "many Overruled: shop/deployment/web is governed by AIScaleTarget web, which names it",
            "web Ready: It is worked by",
            "log Ready: It is worked by",
        ],
    )
    .await;
}

#[tokio::test]
async fn templates_know_what_they_make_and_what_they_leave() {
    let labelled = |name: &str| {
        let mut object = deployment(name);
        object["metadata"]["labels"] = json!({"size": "auto"});
        object
    };
    let template = json!({
        "selector": {"matchLabels": {"size": "auto"}},
        "template": {"vertical": {"mode": "recommendation"}},
    });
    let mut first = object("thoras.ai/v1", "ClusterAIScaleTemplate", "first", &template);
    first["metadata"]["namespace"] = json!("");
    let mut second = first.clone();
    second["metadata"]["name"] = json!("second");
    let own = by_name("own", None, "Deployment", "web");
    let objects = [labelled("web"), labelled("api"), deployment("other"), first, second, own];
    check_told(
        &objects,
        &[
            "own Ready: It is worked by",
            "first Ready: One workload has a target from it; one has a target of its own",
            "second Ready: 0 workloads have a target from it; shop/deployment/api goes by the \
             template first; shop/deployment/web goes by the template first",
        ],
    )
    .await;
}

#[tokio::test]
async fn where_thoras_runs_its_objects_are_told_nothing() {
    let mut operator = controller("Deployment", "tools", "thoras-operator", None);
    operator["spec"]["replicas"] = json!(1);
    check_told(&[deployment("web"), by_name("web", None, "Deployment", "web"), operator], &[])
        .await;
}

#[tokio::test]
async fn a_configuration_is_the_same_as_before_until_something_is_written() {
    let index = Arc::new(index(&[deployment("web"), deployment("api"), policy("team", true)]));
    let mut source = source(Arc::clone(&index));
    let mut web = async |index: &Index, change: Option<Value>| {
        if let Some(object) = change {
            index.write(|tables| insert(tables, &object, &Intern::default()));
        }
        let world = source.world(Timestamp::default()).await.unwrap();
        Arc::clone(&world.workloads[1].configuration)
    };
    let first = web(&index, None).await;
    assert!(Arc::ptr_eq(&first, &web(&index, None).await));
    let other = web(&index, Some(policy("other", false))).await;
    assert!(Arc::ptr_eq(&first, &other), "a policy it does not have");
    let mut changed = policy("team", true);
    changed["spec"]["settings"]["vertical"]["mode"] = json!("Apply");
    assert!(!Arc::ptr_eq(&first, &web(&index, Some(changed)).await));
}
