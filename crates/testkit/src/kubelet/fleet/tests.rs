//! Pods on one node of 4 cores and 8 GiB: what the API server and the metrics pages are told.

use k8s_openapi::api::core::v1::Pod;
use serde_json::json;

use super::super::{exposition, metrics_api};
use super::*;

const BEGIN: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn fleet() -> Fleet {
    let allocatable =
        PerResource { cpu: Amount::from_millicores(4000), memory: Amount::from_mebibytes(8192) };
    Fleet::new(["n0".to_owned()], allocatable)
}

/// A pod of the owner `o` with one container `main` of 1 CPU and 64Mi, changed as given.
fn mk_pod(name: &str, change: impl FnOnce(&mut Value)) -> PodFacts {
    let resources =
        json!({"requests": {"cpu": "1", "memory": "64Mi"}, "limits": {"memory": "64Mi"}});
    let mut pod = json!({
        "metadata": {
            "namespace": "shop", "name": name, "uid": name, "generation": 1,
            "annotations": {"testkit.plimsoll.dev/usage": "cpu=1500m|500m,memory=32Mi"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "o",
                "uid": "o", "controller": true}],
        },
        "spec": {
            "nodeName": "n0",
            "containers": [{"name": "main", "image": "i", "resources": resources}],
        },
    });
    change(&mut pod);
    let pod: Pod = serde_json::from_value(pod).unwrap();
    PodFacts::from_pod(&pod, Duration::from_secs(5)).unwrap()
}

fn after(seconds: u64) -> Timestamp {
    BEGIN.plus(Duration::from_secs(seconds))
}

/// What is written of a pod, `null` for nothing.
fn status(fleet: &Fleet, uid: &str) -> Value {
    match fleet.write(uid) {
        Some(Write::Status { patch, .. }) => patch["status"].clone(),
        Some(Write::Delete { .. }) => json!("delete"),
        None => Value::Null,
    }
}

fn check(found: &Value, expect: &Value) {
    assert_eq!(found, expect, "{found:#}");
}

#[test]
fn a_status_is_written_once_and_again_when_something_changed() {
    let mut fleet = fleet();
    fleet.observe(mk_pod("a", |_| {}), BEGIN);
    assert_eq!(fleet.take_due(9), ["a"]);
    let Some(Write::Status { patch, .. }) = fleet.write("a") else { panic!("nothing to write") };
    fleet.written("a", patch);
    fleet.step(after(60));
    fleet.observe(mk_pod("a", |_| {}), after(61));
    assert!(fleet.take_due(9).is_empty());
    check(&status(&fleet, "a"), &Value::Null);
    let resized = mk_pod("a", |pod| {
        pod["metadata"]["generation"] = json!(2);
        pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("2");
    });
    fleet.observe(resized, after(62));
    assert_eq!(fleet.take_due(9), ["a"]);
    let written = status(&fleet, "a");
    check(&written["observedGeneration"], &json!(2));
    check(&written["containerStatuses"][0]["allocatedResources"]["cpu"], &json!("2"));
}

#[test]
fn a_pod_that_may_not_restart_fails_when_it_is_killed() {
    let mut fleet = fleet();
    fleet.observe(mk_pod("a", |pod| pod["spec"]["restartPolicy"] = json!("Never")), BEGIN);
    assert_eq!(fleet.kill_out_of_memory(&PodMatcher::all(), after(1)), 1);
    let written = status(&fleet, "a");
    check(&written["phase"], &json!("Failed"));
    let container = &written["containerStatuses"][0];
    check(&container["state"]["terminated"]["reason"], &json!("OOMKilled"));
    check(&container["state"]["terminated"]["exitCode"], &json!(137));
    check(&container["restartCount"], &json!(0));
    assert_eq!(fleet.running(None).count(), 0);
}

#[test]
fn a_pod_that_does_not_fit_its_node_is_refused() {
    let mut fleet = fleet();
    let big = |pod: &mut Value| {
        pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("3500m");
    };
    fleet.observe(mk_pod("a", big), BEGIN);
    fleet.observe(mk_pod("b", big), BEGIN);
    check(&status(&fleet, "a")["phase"], &json!("Running"));
    check(&status(&fleet, "b")["reason"], &json!("OutOfcpu"));
}

#[test]
fn pods_of_other_nodes_and_pods_that_ended_are_left_alone() {
    let mut fleet = fleet();
    fleet.observe(mk_pod("a", |pod| pod["spec"]["nodeName"] = json!("other")), BEGIN);
    fleet.observe(mk_pod("b", |pod| pod["status"] = json!({"phase": "Succeeded"})), BEGIN);
    assert!(fleet.take_due(9).is_empty());
}

#[test]
fn a_pod_of_a_job_completes_in_time_and_a_deleted_one_goes() {
    let mut fleet = fleet();
    let of_job = |pod: &mut Value| pod["metadata"]["ownerReferences"][0]["kind"] = json!("Job");
    fleet.observe(mk_pod("a", of_job), BEGIN);
    fleet.step(after(4));
    check(&status(&fleet, "a")["phase"], &json!("Running"));
    fleet.step(after(5));
    check(&status(&fleet, "a")["phase"], &json!("Succeeded"));
    let deleted = mk_pod("a", |pod| {
        pod["metadata"]["deletionTimestamp"] = json!("2023-11-14T22:13:20Z");
    });
    fleet.observe(deleted, after(6));
    check(&status(&fleet, "a"), &json!("delete"));
}

#[test]
fn a_new_pod_takes_the_place_of_one_that_is_gone() {
    let mut fleet = fleet();
    for name in ["a", "b"] {
        fleet.observe(mk_pod(name, |_| {}), BEGIN);
    }
    fleet.forget("a");
    fleet.observe(mk_pod("c", |_| {}), BEGIN);
    fleet.step(after(1));
    let list = metrics_api::pods(&fleet, after(1), |_| true);
    let usage = |i: usize| list["items"][i]["containers"][0]["usage"]["cpu"].clone();
    check(&json!([usage(0), usage(1)]), &json!(["500000000n", "1500000000n"]));
}

#[test]
fn native_sidecars_run_and_classic_init_containers_have_ended() {
    let mut fleet = fleet();
    let with_init = |pod: &mut Value| {
        pod["spec"]["initContainers"] = json!([
            {"name": "proxy", "image": "i", "restartPolicy": "Always"},
            {"name": "setup", "image": "i"},
        ]);
    };
    fleet.observe(mk_pod("a", with_init), BEGIN);
    let written = status(&fleet, "a");
    let state = |kind: &str, i: usize| {
        let container = &written[kind][i];
        let state = container["state"].as_object().unwrap().keys().next().unwrap();
        format!("{} {state}", container["name"])
    };
    assert_eq!(state("initContainerStatuses", 0), "\"setup\" terminated");
    assert_eq!(state("initContainerStatuses", 1), "\"proxy\" running");
    assert_eq!(state("containerStatuses", 0), "\"main\" running");
}

#[test]
fn the_newest_rule_for_a_container_decides_what_it_uses() {
    let mut fleet = fleet();
    fleet.observe(mk_pod("a", |_| {}), BEGIN);
    for (matcher, usage, expect) in [
        (PodMatcher::pods("shop", ""), "cpu=100m", "100000000n"),
        (PodMatcher::pods("shop", "a").container("main"), "cpu=200m", "200000000n"),
        (PodMatcher::pods("other", "a"), "cpu=300m", "200000000n"),
    ] {
        fleet.rules.usage.set(matcher, (usage.parse().unwrap(), BEGIN));
        fleet.step(after(1));
        let list = metrics_api::pods(&fleet, after(1), |_| true);
        check(&list["items"][0]["containers"][0]["usage"]["cpu"], &json!(expect));
    }
}

#[test]
fn the_metrics_pages_count_what_was_used_and_denied() {
    let mut fleet = fleet();
    let limited = |pod: &mut Value| {
        pod["spec"]["containers"][0]["resources"]["limits"]["cpu"] = json!("1");
    };
    fleet.observe(mk_pod("a", limited), BEGIN);
    fleet.step(after(10));
    let page = exposition::resource(&fleet, "n0", after(10)).unwrap();
    for line in [
        "container_cpu_usage_seconds_total{container=\"main\",namespace=\"shop\",pod=\"a\"} \
         10 1700000010000",
        "container_memory_working_set_bytes{container=\"main\",namespace=\"shop\",pod=\"a\"} \
         33554432 1700000010000",
        "node_memory_working_set_bytes 33554432 1700000010000",
    ] {
        assert!(page.lines().any(|it| it == line), "no {line} in\n{page}");
    }
    let page = exposition::cadvisor(&fleet, "n0", after(10)).unwrap();
    for (name, value) in [
        ("container_cpu_cfs_periods_total", 100),
        ("container_cpu_cfs_throttled_periods_total", 100),
        ("container_cpu_cfs_throttled_seconds_total", 5),
        ("container_oom_events_total", 0),
        ("container_spec_memory_limit_bytes", 67_108_864),
    ] {
        let line = format!(
            "{name}{{container=\"main\",id=\"/kubepods/poda/main\",image=\"\",name=\"a-main\",\
             namespace=\"shop\",pod=\"a\"}} {value} 1700000010000"
        );
        assert!(page.lines().any(|it| it == line), "no {line} in\n{page}");
    }
    assert_eq!(exposition::resource(&fleet, "other", after(10)), None);
}
