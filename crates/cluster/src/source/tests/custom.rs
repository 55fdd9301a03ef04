//! Custom workloads, grouped and injected containers.

use super::*;

const LABEL: &str = "workloads.cast.ai/custom-workload";

/// The same object, its pod template (or, of a pod, the pod itself) labelled and annotated, created
/// at this second.
fn labelled(object: &Value, name: &str, annotation: Option<&str>, created: u64) -> Value {
    let mut object = object.clone();
    let mut metadata = json!({"labels": {LABEL: name}});
    if let Some(text) = annotation {
        metadata["annotations"] = json!({"workloads.cast.ai/configuration": text});
    }
    let place = match object["kind"].as_str().unwrap() {
        "Pod" => &mut object["metadata"],
        "CronJob" => &mut object["spec"]["jobTemplate"]["spec"]["template"]["metadata"],
        _ => &mut object["spec"]["template"]["metadata"],
    };
    if place.is_null() {
        *place = json!({});
    }
    for (key, value) in metadata.as_object().unwrap() {
        place[key] = value.clone();
    }
    at(object, created)
}

fn at(mut object: Value, second: u64) -> Value {
    object["metadata"]["creationTimestamp"] = json!(format!("2026-01-01T00:00:{second:02}Z"));
    object["metadata"]["uid"] = json!(format!("uid-{second}"));
    object
}

/// An object whose template has these containers.
fn with_containers(mut object: Value, names: &[&str]) -> Value {
    let containers: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
    let spec = match object["kind"].as_str().unwrap() {
        "Pod" => &mut object["spec"],
        _ => &mut object["spec"]["template"]["spec"],
    };
    spec["containers"] = json!(containers);
    object
}

fn deployment(name: &str) -> Value {
    controller("Deployment", "shop", name, None)
}

/// The remarks of the only workload.
async fn remarks(objects: &[Value], expect: &[&str]) {
    let world = world(objects).await;
    let remarks = &world.workloads[0].configuration.remarks;
    let remarks: Vec<_> = remarks.iter().map(ToString::to_string).collect();
    assert_eq!(remarks, expect);
}

#[tokio::test]
async fn bare_pods_with_one_label_value_are_one_workload() {
    let bare = |name| pod("shop", name, None);
    let objects = [labelled(&bare("a"), "etl", None, 1), labelled(&bare("b"), "etl", None, 2)];
    check(&objects, &["shop/custom-pod/etl app+injected [a b]"]).await;
}

#[tokio::test]
async fn a_job_without_a_parent_is_known_by_its_pods() {
    let job = controller("Job", "shop", "once", None);
    let mut pod = pod("shop", "once-1", Some("Job/once"));
    let objects = [job.clone(), labelled(&pod, "nightly", None, 1)];
    check(&objects, &["shop/custom-job/nightly app+injected [once-1]"]).await;
    pod["metadata"]["labels"] = json!({});
    check(&[job, pod], &[]).await;
}

#[tokio::test]
async fn the_pod_of_the_newest_job_describes_all_of_them() {
    let job = |name: &str, second| at(controller("Job", "shop", name, None), second);
    let pod = |name: &str, job: &str, containers: &[&str], second| {
        let pod = with_containers(pod("shop", name, Some(&format!("Job/{job}"))), containers);
        labelled(&pod, "nightly", None, second)
    };
    // A pod of the older Job was made anew after the newer Job began.
    let objects = [
        job("monday", 1),
        job("tuesday", 2),
        pod("monday-2", "monday", &["old"], 4),
        pod("tuesday-1", "tuesday", &["new"], 3),
    ];
    check(&objects, &["shop/custom-job/nightly new [monday-2 tuesday-1]"]).await;
}

#[tokio::test]
async fn a_cron_job_with_the_label_is_a_custom_workload_of_its_own_kind() {
    let mut cron_job = controller("CronJob", "shop", "report", None);
    cron_job["spec"] = json!({"jobTemplate": {"spec": cron_job["spec"]}});
    let objects = [
        labelled(&cron_job, "nightly", None, 1),
        controller("Job", "shop", "report-28", Some("CronJob/report")),
        pod("shop", "report-28-a", Some("Job/report-28")),
    ];
    check(&objects, &["shop/custom-cronjob/nightly app [report-28-a]"]).await;
}

#[tokio::test]
async fn a_labelled_deployment_is_no_ordinary_workload_any_more() {
    let mut objects = web("shop");
    objects[0] = labelled(&objects[0], "front", None, 1);
    check(&objects, &["shop/custom-deployment/front app [web-5d-a web-5d-b]"]).await;
}

#[tokio::test]
async fn controllers_that_share_value_and_kind_are_one_workload_and_of_different_kinds_two() {
    let set = controller("StatefulSet", "shop", "c", None);
    let objects = [
        labelled(&deployment("a"), "etl", None, 1),
        labelled(&deployment("b"), "etl", None, 2),
        labelled(&set, "etl", None, 3),
        controller("ReplicaSet", "shop", "a-1", Some("Deployment/a")),
        controller("ReplicaSet", "shop", "b-1", Some("Deployment/b")),
        pod("shop", "a-1-x", Some("ReplicaSet/a-1")),
        pod("shop", "b-1-x", Some("ReplicaSet/b-1")),
    ];
    let expect =
        ["shop/custom-deployment/etl app [a-1-x b-1-x]", "shop/custom-statefulset/etl app []"];
    check(&objects, &expect).await;
}

#[tokio::test]
async fn pods_of_an_unknown_controller_say_themselves_what_they_are() {
    let worker = pod("shop", "fn-1", Some("Function/fn"));
    let objects = [labelled(&worker, "fns", None, 1), pod("shop", "fn-2", Some("Function/fn"))];
    let expect =
        ["shop/custom-function/fns app+injected [fn-1]", "shop/function/fn app+injected [fn-2]"];
    check(&objects, &expect).await;
}

#[tokio::test]
async fn its_configuration_stands_in_the_pod_template_and_running_pods_are_never_changed() {
    let mut object = labelled(&deployment("a"), "etl", Some("vertical: {optimization: on}"), 1);
    let ignored = json!({"workloads.cast.ai/configuration": "vertical: {optimization: off}"});
    object["metadata"]["annotations"] = ignored;
    let world = world(&[object]).await;
    let configuration = &world.workloads[0].configuration;
    let plimsoll_domain::Configured::Policy(policy) = &configuration.configured else {
        panic!("{configuration:?}");
    };
    assert_eq!(policy.vertical.mode.value, plimsoll_domain::Mode::Apply);
    assert_eq!(policy.vertical.apply_type.value, plimsoll_domain::ApplyType::Deferred);
}

#[tokio::test]
async fn the_newest_controller_decides_and_one_with_other_containers_is_told() {
    let a = with_containers(labelled(&deployment("a"), "etl", None, 2), &["app", "proxy"]);
    let b = with_containers(labelled(&deployment("b"), "etl", None, 1), &["app"]);
    check(&[a.clone(), b.clone()], &["shop/custom-deployment/etl app+proxy []"]).await;
    let message = "pods of this custom workload have different containers: Deployment b has app, \
                   and the newest, Deployment a, has app, proxy; give each its own label value";
    remarks(&[a.clone(), b], &[message]).await;
    remarks(&[a], &[]).await;
}

#[tokio::test]
async fn autoscalers_of_its_controllers_stand_in_its_way() {
    let vpa = json!({
        "kind": "VerticalPodAutoscaler", "metadata": {"namespace": "shop", "name": "vpa"},
        "spec": {"targetRef": {"kind": "Deployment", "name": "b"}},
    });
    let objects = [
        labelled(&deployment("a"), "etl", None, 1),
        labelled(&deployment("b"), "etl", None, 2),
        vpa,
    ];
    check(&objects, &["shop/custom-deployment/etl app [] foreign=vpa"]).await;
}

#[tokio::test]
async fn an_empty_label_names_nothing() {
    let objects = [labelled(&deployment("a"), "", None, 1)];
    check(&objects, &["shop/deployment/a app []"]).await;
    let message = "the label workloads.cast.ai/custom-workload of the pod template is empty and has \
                   no effect; name the custom workload in it";
    remarks(&objects, &[message]).await;
}

#[tokio::test]
async fn containers_of_a_group_count_as_one() {
    let text = "containersGrouping: [{key: name, operator: contains, values: [data], into: work}]";
    let mut object = with_containers(deployment("web"), &["data-1", "proxy", "data-2"]);
    object["metadata"]["annotations"] = json!({"workloads.cast.ai/configuration": text});
    let pod = pod("shop", "web-5d-a", Some("ReplicaSet/web-5d"));
    let objects = [
        object,
        controller("ReplicaSet", "shop", "web-5d", Some("Deployment/web")),
        with_containers(pod, &["data-1", "proxy", "data-2"]),
    ];
    check(&objects, &["shop/deployment/web work+proxy [web-5d-a]"]).await;
    let world = world(&objects).await;
    let counted = world.workloads[0].pods[0].containers.iter();
    let counted: Vec<_> = counted.map(plimsoll_domain::RunningContainer::identity).collect();
    assert_eq!(counted, ["work", "proxy", "work"]);
}

#[tokio::test]
async fn injected_containers_are_not_among_those_that_are_sized() {
    let world = world(&web("shop")).await;
    let workload = &world.workloads[0];
    let sized: Vec<_> = workload.containers.iter().map(|c| &*c.name).collect();
    let running: Vec<_> = workload.pods[0].containers.iter().map(|c| c.name.as_str()).collect();
    assert_eq!((&*sized, &*running), (&["app"][..], &["app", "injected"][..]));
}
