//! The world built from rows, as data: objects in, lines of text out.

use std::fmt::Write as _;

use plimsoll_domain::{Capabilities, Stop};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::configure::Configure;
use crate::row::{autoscaler, controller, template};
use crate::table::Change;

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
    list(&mut tables.stops);
    tables.capabilities = Some(Capabilities { resize: true, lower_memory_limit: true });
}

/// An index with these objects, everything listed.
fn index(objects: &[Value]) -> Index {
    let (index, with) = (Index::test(), Configure::test());
    index.write(|tables| {
        list_all(tables);
        for object in objects {
            insert(tables, object, &with);
        }
    });
    index
}

fn insert(tables: &mut Tables, object: &Value, with: &Configure) {
    let row = match object["kind"].as_str().unwrap() {
        "Namespace" => {
            let labels = parse(&object["metadata"]["labels"]);
            let ignored = template::asks_to_be_left_alone(Some(&labels));
            return set(&mut tables.namespaces, object, Some(ignored));
        }
        "Pod" => return set(&mut tables.pods, object, Some(PodRow::of(&parse(object), with))),
        "HorizontalPodAutoscaler" => {
            let row = autoscaler::horizontal(&parse(object));
            return set(&mut tables.horizontal, object, row);
        }
        "VerticalPodAutoscaler" => {
            let row = autoscaler::vertical(&parse(object));
            return set(&mut tables.vertical, object, row);
        }
        "Deployment" => Some(controller::deployment(&parse(object), with)),
        "ReplicaSet" => Some(controller::replica_set(&parse(object), with)),
        "Job" => controller::job(&parse(object)),
        "Rollout" => controller::argo_rollout(&parse(object), with),
        kind => panic!("{kind} is not known to this test"),
    };
    let kind = WorkloadKind::from_name(object["kind"].as_str().unwrap());
    set(tables.controllers.get_mut(&kind).unwrap(), object, row);
}

/// One line for each workload: identity, containers, pods, and what stands in its way.
async fn check(objects: &[Value], expect: &[&str]) {
    let index = Arc::new(index(objects));
    let mut source = ClusterSource { index, namespace: "plimsoll".to_owned() };
    let world = source.world(Timestamp::default()).await.unwrap();
    let lines: Vec<_> = world.workloads.iter().map(line).collect();
    assert_eq!(lines, expect);
}

fn line(workload: &Workload) -> String {
    let containers: Vec<_> = workload.containers.iter().map(|c| c.name.as_str()).collect();
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
    let mut source =
        ClusterSource { index: Arc::new(Index::test()), namespace: "plimsoll".to_owned() };
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
    let mut source = ClusterSource { index: Arc::new(index), namespace: "plimsoll".to_owned() };
    let world = source.world(Timestamp::default()).await.unwrap();
    assert_eq!(world.stop, Some(stop));
}
