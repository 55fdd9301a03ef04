//! The world built from rows, as data: objects in, lines of text out.

use std::fmt::Write as _;

use plimsoll_domain::{Capabilities, Stop};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::intern::Intern;
use crate::row::namespace::NamespaceRow;
use crate::row::object::ObjectRow;
use crate::row::pod::PodRow;
use crate::row::scale_template::TemplateRow;
use crate::row::target::TargetRow;
use crate::row::{autoscaler, controller, policy, scaled};
use crate::table::Change;
use crate::told::Told;

mod custom;
mod governors;

fn parse<T: DeserializeOwned>(object: &Value) -> T {
    serde_json::from_value(object.clone()).unwrap()
}

fn key(object: &Value) -> Key {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    Key::new(&text("namespace"), &text("name"))
}

fn set<V>(table: &mut Table<V>, object: &Value, row: Option<V>) {
    if let Some(row) = row {
        table.apply(Change::Set(key(object), row), |_, _| {});
    }
}

fn list_all(tables: &mut Tables) {
    fn list<V>(table: &mut Table<V>) {
        table.set_absent();
    }
    list(&mut tables.namespaces);
    tables.controllers.values_mut().for_each(list);
    list(&mut tables.pods);
    list(&mut tables.horizontal);
    list(&mut tables.vertical);
    list(&mut tables.scaled);
    list(&mut tables.policies);
    list(&mut tables.targets);
    list(&mut tables.daemon_set_autoscalers);
    list(&mut tables.templates);
    list(&mut tables.stops);
    tables.capabilities = Some(Capabilities { resize: true, lower_memory_limit: true });
}

/// An index with these objects, everything listed.
fn index(objects: &[Value]) -> Index {
    let (index, with) = (Index::test(), Intern::default());
    index.write(|tables| {
        list_all(tables);
        for object in objects {
            insert(tables, object, &with);
        }
    });
    index
}

fn insert(tables: &mut Tables, object: &Value, with: &Intern) {
    let kind = object["kind"].as_str().unwrap();
    if let Some(told) = told(kind) {
        set(tables.told_mut(told), object, Some(ObjectRow::of(&parse(object))));
    }
    match kind {
        "Namespace" => {
            let row = NamespaceRow::of(&parse(object), with);
            set(&mut tables.namespaces, object, Some(row));
        }
        "Pod" => set(&mut tables.pods, object, Some(PodRow::of(&parse(object), with))),
        "HorizontalPodAutoscaler" => {
            set(&mut tables.horizontal, object, autoscaler::horizontal(&parse(object)));
        }
        "VerticalPodAutoscaler" => {
            set(&mut tables.vertical, object, autoscaler::vertical(&parse(object)));
        }
        "ScaledWorkload" => {
            set(&mut tables.scaled, object, scaled::ScaledRow::of(&parse(object)));
        }
        "ScalingPolicy" => {
            set(&mut tables.policies, object, Some(policy::scaling_policy(&parse(object))));
        }
        "AIScaleTarget" => {
            let row = TargetRow::scale_target(&parse(object));
            set(&mut tables.targets, object, Some(row));
        }
        "DaemonSetAutoscaler" => {
            let row = TargetRow::daemon_set_autoscaler(&parse(object));
            set(&mut tables.daemon_set_autoscalers, object, Some(row));
        }
        "ClusterAIScaleTemplate" => {
            set(&mut tables.templates, object, Some(TemplateRow::of(&parse(object))));
        }
        _ => {
            let table = tables.controllers.get_mut(&WorkloadKind::from_name(kind)).unwrap();
            set(table, object, Some(controller_row(object, with)));
        }
    }
}

fn told(kind: &str) -> Option<Told> {
    match kind {
        "ScalingPolicy" => Some(Told::Policy),
        "AIScaleTarget" => Some(Told::ScaleTarget),
        "DaemonSetAutoscaler" => Some(Told::DaemonSetAutoscaler),
        "ClusterAIScaleTemplate" => Some(Told::ScaleTemplate),
        _ => None,
    }
}

fn controller_row(object: &Value, with: &Intern) -> ControllerRow {
    match object["kind"].as_str().unwrap() {
        "Deployment" => controller::deployment(&parse(object), with),
        "StatefulSet" => controller::stateful_set(&parse(object), with),
        "DaemonSet" => controller::daemon_set(&parse(object), with),
        "ReplicaSet" => controller::replica_set(&parse(object), with),
        "Job" => controller::job(&parse(object)),
        "CronJob" => controller::cron_job(&parse(object), with),
        "Rollout" => controller::argo_rollout(&parse(object), with).unwrap(),
        kind => panic!("{kind} is not known to this test"),
    }
}

fn source(index: Arc<Index>) -> ClusterSource {
    ClusterSource::new(index, "plimsoll".to_owned(), BuiltIn::default())
}

async fn world(objects: &[Value]) -> World {
    source(Arc::new(index(objects))).world(Timestamp::default()).await.unwrap()
}

/// One line for each workload: identity, containers, pods, and what stands in its way.
async fn check(objects: &[Value], expect: &[&str]) {
    let world = world(objects).await;
    let lines: Vec<_> = world.workloads.iter().map(line).collect();
    assert_eq!(lines, expect);
}

fn line(workload: &Workload) -> String {
    let containers: Vec<_> = workload.containers.iter().map(|c| &*c.name).collect();
    let pods: Vec<_> = workload.pods.iter().map(|pod| pod.name.as_str()).collect();
    let mut line = format!("{} {} [{}]", workload.id, containers.join("+"), pods.join(" "));
    if let Some(opt_out) = workload.opt_out {
        write!(line, " {opt_out:?}").unwrap();
    }
    if let Some(foreign) = &workload.foreign_actuator {
        write!(line, " foreign={}", foreign.name).unwrap();
    }
    for (resource, hpa) in workload.hpa_on.iter() {
        if let Some(hpa) = hpa {
            write!(line, " hpa on {}={hpa}", resource.name()).unwrap();
        }
    }
    line
}

/// An object with a pod template of one container `app`, owned as `Kind/name` says.
fn controller(kind: &str, namespace: &str, name: &str, owner: Option<&str>) -> Value {
    json!({
        "kind": kind,
        "metadata": metadata(namespace, name, owner),
        "spec": {"template": {"spec": {"containers": [{"name": "app"}]}}},
    })
}

fn pod(namespace: &str, name: &str, owner: Option<&str>) -> Value {
    json!({
        "kind": "Pod",
        "metadata": metadata(namespace, name, owner),
        "spec": {"containers": [{"name": "app"}, {"name": "injected"}]},
    })
}

fn metadata(namespace: &str, name: &str, owner: Option<&str>) -> Value {
    let owners = owner.map(|owner| {
        let (kind, name) = owner.split_once('/').unwrap();
        let api_version = match kind {
            "ReplicaSet" | "Deployment" => "apps/v1",
            "Job" | "CronJob" => "batch/v1",
            _ => "example.com/v1",
        };
        json!([{"apiVersion": api_version, "kind": kind, "name": name, "controller": true}])
    });
    json!({"namespace": namespace, "name": name, "ownerReferences": owners})
}

fn web(namespace: &str) -> Vec<Value> {
    vec![
        controller("Deployment", namespace, "web", None),
        controller("ReplicaSet", namespace, "web-5d", Some("Deployment/web")),
        pod(namespace, "web-5d-a", Some("ReplicaSet/web-5d")),
        pod(namespace, "web-5d-b", Some("ReplicaSet/web-5d")),
    ]
}

#[tokio::test]
async fn pods_stand_with_the_workload_at_the_top() {
    check(&web("shop"), &["shop/deployment/web app [web-5d-a web-5d-b]"]).await;
}

#[tokio::test]
async fn bare_pods_and_jobs_without_a_parent_are_no_workloads() {
    let objects = [
        pod("shop", "bare", None),
        controller("Job", "shop", "once", None),
        pod("shop", "once-1", Some("Job/once")),
    ];
    check(&objects, &[]).await;
}

#[tokio::test]
async fn a_kind_that_is_not_watched_is_known_by_its_pods() {
    let objects = [pod("shop", "fn-1", Some("Function/fn"))];
    check(&objects, &["shop/function/fn app+injected [fn-1]"]).await;
}

#[tokio::test]
async fn a_rollout_may_use_the_template_of_a_deployment() {
    let mut rollout = controller("Rollout", "shop", "api", None);
    rollout["spec"] = json!({"workloadRef": {"kind": "Deployment", "name": "web"}});
    let deployment = controller("Deployment", "shop", "web", None);
    let expect = ["shop/deployment/web app []", "shop/rollout/api app []"];
    check(&[rollout, deployment], &expect).await;
}

#[tokio::test]
async fn protected_namespaces_and_labels_opt_out() {
    let system = controller("Deployment", "kube-system", "dns", None);
    let own = controller("Deployment", "plimsoll", "plimsoll", None);
    let labels = json!({"workload-autoscaler.cast.ai/ignore": "true"});
    let namespace = json!({"kind": "Namespace", "metadata": {"name": "shop", "labels": labels}});
    let ignored = controller("Deployment", "shop", "web", None);
    let mut labelled = controller("Deployment", "other", "web", None);
    labelled["spec"]["template"]["metadata"] = json!({"labels": labels});
    check(
        &[system, own, namespace, ignored, labelled],
        &[
            "kube-system/deployment/dns app [] ProtectedNamespace",
            "other/deployment/web app [] PodLabel",
            "plimsoll/deployment/plimsoll app [] ProtectedNamespace",
            "shop/deployment/web app [] NamespaceLabel",
        ],
    )
    .await;
}

#[tokio::test]
async fn other_autoscalers_stand_in_the_way_of_their_target_alone() {
    let target = json!({"kind": "Deployment", "name": "web"});
    let hpa = json!({
        "kind": "HorizontalPodAutoscaler", "metadata": {"namespace": "shop", "name": "scale"},
        "spec": {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}},
        ]},
    });
    let vpa = json!({
        "kind": "VerticalPodAutoscaler", "metadata": {"namespace": "shop", "name": "vpa"},
        "spec": {"targetRef": target},
    });
    let objects = [
        controller("Deployment", "shop", "web", None),
        controller("Deployment", "shop", "api", None),
        hpa,
        vpa,
    ];
    let expect =
        ["shop/deployment/api app []", "shop/deployment/web app [] foreign=vpa hpa on cpu=scale"];
    check(&objects, &expect).await;
}

#[tokio::test]
async fn before_everything_is_listed_there_is_no_world() {
    let mut source = source(Arc::new(Index::test()));
    let error = source.world(Timestamp::default()).await.unwrap_err();
    assert!(error.attempt.contains("still listing Namespaces, Pods"), "{error}");
}

#[tokio::test]
async fn the_stop_order_is_part_of_the_world() {
    let index = index(&[]);
    let stop = Stop { since: Timestamp::from_seconds(7), note: "incident".to_owned() };
    let key = Key::new("plimsoll", "plimsoll-stop");
    index.write(|tables| {
        tables.stops.apply(Change::Set(key, stop.clone()), |_, _| {});
    });
    let world = source(Arc::new(index)).world(Timestamp::default()).await.unwrap();
    assert_eq!(world.stop, Some(stop));
}
