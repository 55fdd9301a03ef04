//! The fake kubelet on a real control plane: pods run, resize, die and end as on a real node, and
//! the metrics API answers through the API server.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use plimsoll_domain::{Amount, PerResource};
use plimsoll_replay::node::ResizeFault;
use plimsoll_testkit::kubelet::{FakeKubelet, Options, PodMatcher, ReportedUsage};
use plimsoll_testkit::rig::{Rig, RigOptions};
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

/// Longer than anything takes that works, on a machine busy with other tests.
const SOON: Duration = Duration::from_mins(1);
/// The aggregation layer of the API server finds a new API within seconds, but may look only
/// twice a minute.
const DISCOVERED: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn pods_live_as_on_a_real_node() -> Result<()> {
    let rig = Rig::start(RigOptions::default()).await?;
    let capacity =
        PerResource { cpu: Amount::from_millicores(4000), memory: Amount::from_mebibytes(8192) };
    let options = Options { nodes: 1, capacity, ..Options::default() };
    let kubelet = FakeKubelet::start(rig.client(), options).await?;
    let client = rig.client();
    a_deployment_runs_and_is_deleted(&client).await.context("a deployment")?;
    a_resize_is_done(&client, &kubelet).await.context("a resize")?;
    a_resize_waits_for_room(&client).await.context("a deferred resize")?;
    a_resize_above_the_node_is_refused(&client).await.context("an infeasible resize")?;
    a_pod_above_its_limit_is_killed(&client, &kubelet).await.context("a kill")?;
    a_job_completes(&client, &kubelet).await.context("a job")?;
    metrics_come_through_the_api_server(&client, &kubelet).await.context("metrics")?;
    an_absent_api_server_is_waited_for(&rig).await.context("an outage")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pods_run() -> Result<()> {
    let rig = Rig::start(RigOptions::default()).await?;
    let capacity = PerResource {
        cpu: Amount::from_millicores(64_000),
        memory: Amount::from_mebibytes(256 * 1024),
    };
    let options = Options { nodes: 20, capacity, ..Options::default() };
    let kubelet = FakeKubelet::start(rig.client(), options).await?;
    let many: Api<Deployment> = Api::default_namespaced(rig.client());
    let began = Instant::now();
    many.create(&PostParams::default(), &deployment("many", 1000, "", "10m", "16Mi")?).await?;
    wait_for(Duration::from_mins(3), "the readiness of 1,000 pods", async || {
        let status = many.get("many").await?.status.unwrap_or_default();
        Ok(status.ready_replicas == Some(1000))
    })
    .await?;
    ensure!(kubelet.pods_running() == 1000, "{} run", kubelet.pods_running());
    println!("1,000 pods on 20 nodes were ready after {:.1?}", began.elapsed());
    Ok(())
}

async fn a_deployment_runs_and_is_deleted(client: &Client) -> Result<()> {
    let namespace = namespace(client, "runs").await?;
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), &namespace);
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    let web = deployment("web", 3, "cpu=10m", "100m", "64Mi")?;
    deployments.create(&PostParams::default(), &web).await?;
    wait_for(SOON, "the readiness of three pods", async || {
        let status = deployments.get("web").await?.status.unwrap_or_default();
        Ok(status.ready_replicas == Some(3))
    })
    .await?;
    for pod in pods.list(&ListParams::default()).await? {
        let status = status(&pod);
        let container = &status["containerStatuses"][0];
        check(&status["phase"], "Running")?;
        check(&container["resources"]["requests"]["cpu"], "100m")?;
        check(&container["allocatedResources"]["memory"], "64Mi")?;
        ensure!(status["podIP"].is_string() && container["state"]["running"].is_object());
    }
    deployments.delete("web", &DeleteParams::default()).await?;
    wait_for(SOON, "the end of its pods", async || {
        Ok(pods.list(&ListParams::default()).await?.items.is_empty())
    })
    .await
}

async fn a_resize_is_done(client: &Client, kubelet: &FakeKubelet) -> Result<()> {
    let pods = run_pod(client, "done", "web", "cpu=10m,memory=100Mi", ("100m", "128Mi")).await?;
    resize(&pods, "web", "200m", "256Mi").await?;
    until(&pods, "web", "the resize", |status| {
        let container = &status["containerStatuses"][0];
        container["resources"]["requests"]["cpu"] == "200m"
            && container["resources"]["limits"]["memory"] == "256Mi"
            && container["restartCount"] == 0
            && resize_reason(status).is_none()
    })
    .await?;
    // Below what is in use: the kubelet does not, and says so.
    resize(&pods, "web", "200m", "64Mi").await?;
    until(&pods, "web", "the refusal", |status| {
        resize_reason(status) == Some(("PodResizeInProgress".to_owned(), "Error".to_owned()))
    })
    .await?;
    kubelet.set_usage(PodMatcher::pods("done", "web"), "cpu=10m,memory=50Mi".parse()?);
    until(&pods, "web", "the lower limit", |status| {
        status["containerStatuses"][0]["resources"]["limits"]["memory"] == "64Mi"
            && resize_reason(status).is_none()
    })
    .await?;
    let fault = Some(ResizeFault::Error("injected".to_owned()));
    kubelet.fail_resizes(PodMatcher::pods("done", ""), fault);
    resize(&pods, "web", "300m", "64Mi").await?;
    until(&pods, "web", "the injected error", |status| {
        status.to_string().contains("injected")
            && status["containerStatuses"][0]["resources"]["requests"]["cpu"] == "200m"
    })
    .await?;
    kubelet.fail_resizes(PodMatcher::pods("done", ""), None);
    until(&pods, "web", "the recovery", |status| resize_reason(status).is_none()).await?;
    delete(&pods, "web").await
}

async fn a_resize_waits_for_room(client: &Client) -> Result<()> {
    let pods = run_pod(client, "room", "first", "cpu=10m", ("2", "64Mi")).await?;
    run_pod(client, "room", "second", "cpu=10m", ("1500m", "64Mi")).await?;
    resize(&pods, "first", "3", "64Mi").await?;
    until(&pods, "first", "the deferral", |status| {
        resize_reason(status) == Some(("PodResizePending".to_owned(), "Deferred".to_owned()))
            && status["containerStatuses"][0]["resources"]["requests"]["cpu"] == "2"
    })
    .await?;
    delete(&pods, "second").await?;
    until(&pods, "first", "the resize", |status| {
        resize_reason(status).is_none()
            && status["containerStatuses"][0]["resources"]["requests"]["cpu"] == "3"
    })
    .await?;
    delete(&pods, "first").await
}

/// By the API server already, which knows the node's size.
async fn a_resize_above_the_node_is_refused(client: &Client) -> Result<()> {
    let pods = run_pod(client, "infeasible", "web", "cpu=10m", ("100m", "64Mi")).await?;
    let refused =
        resize(&pods, "web", "5", "64Mi").await.err().context("5 of 4 CPUs were given")?;
    ensure!(format!("{refused:#}").contains("allocatable"), "{refused:#}");
    delete(&pods, "web").await
}

async fn a_pod_above_its_limit_is_killed(client: &Client, kubelet: &FakeKubelet) -> Result<()> {
    let pods = run_pod(client, "killed", "web", "memory=50Mi", ("100m", "64Mi")).await?;
    let web = PodMatcher::pods("killed", "web");
    ensure!(kubelet.kill_out_of_memory(&web) == 1, "nothing to kill");
    until(&pods, "web", "the first restart, at once", |status| {
        let container = &status["containerStatuses"][0];
        let ended = &container["lastState"]["terminated"];
        ended["reason"] == "OOMKilled"
            && ended["exitCode"] == 137
            && ended["finishedAt"].is_string()
            && container["restartCount"] == 1
            && container["state"]["running"].is_object()
    })
    .await?;
    kubelet.set_usage(web, "memory=65Mi".parse()?);
    until(&pods, "web", "the wait before the second restart", |status| {
        let container = &status["containerStatuses"][0];
        container["state"]["waiting"]["reason"] == "CrashLoopBackOff" && container["ready"] == false
    })
    .await?;
    until(&pods, "web", "the second restart", |status| {
        status["containerStatuses"][0]["restartCount"] == 2
    })
    .await?;
    delete(&pods, "web").await
}

async fn a_job_completes(client: &Client, kubelet: &FakeKubelet) -> Result<()> {
    let namespace = namespace(client, "jobs").await?;
    let jobs: Api<Job> = Api::namespaced(client.clone(), &namespace);
    for name in ["timed", "told"] {
        let mut template = template(name, "cpu=10m", "100m", "64Mi");
        template["spec"]["restartPolicy"] = json!("Never");
        let after = if name == "timed" { "1s" } else { "1h" };
        template["metadata"]["annotations"]["testkit.plimsoll.dev/completes-after"] = json!(after);
        let job = json!({"metadata": {"name": name}, "spec": {"template": template}});
        jobs.create(&PostParams::default(), &serde_json::from_value(job)?).await?;
    }
    let succeeded = async |name: &str| -> Result<bool> {
        let status = jobs.get(name).await?.status.unwrap_or_default();
        Ok(status.succeeded == Some(1))
    };
    wait_for(SOON, "the end of the timed job", async || succeeded("timed").await).await?;
    ensure!(!succeeded("told").await?, "ended untold");
    let told = PodMatcher::pods("jobs", "told");
    wait_for(SOON, "its start", async || Ok(kubelet.complete(&told) == 1)).await?;
    wait_for(SOON, "the end of the other", async || succeeded("told").await).await
}

async fn metrics_come_through_the_api_server(client: &Client, kubelet: &FakeKubelet) -> Result<()> {
    let namespace = namespace(client, "measured").await?;
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), &namespace);
    let usage = "cpu=180m|220m|200m,memory=300Mi";
    let web = deployment("web", 3, usage, "300m", "512Mi")?;
    deployments.create(&PostParams::default(), &web).await?;
    let selected = "/apis/metrics.k8s.io/v1beta1/namespaces/measured/pods?labelSelector=app%3Dweb";
    let usages = async || usages(&get(client, selected).await.unwrap_or_default());
    let expect =
        ["180000000n 307200Ki", "200000000n 307200Ki", "220000000n 307200Ki"].map(str::to_owned);
    wait_for(DISCOVERED, "the usage of three pods", async || Ok(usages().await == expect)).await?;

    kubelet.metrics_available(false);
    ensure!(get(client, selected).await.is_err(), "switched off, it answered");
    kubelet.metrics_available(true);
    get(client, selected).await.context("switched on again")?;

    let absurd = ReportedUsage { cpu: Some("NaN".to_owned()), memory: Some("-5Mi".to_owned()) };
    kubelet.report_instead(PodMatcher::pods("measured", "web"), absurd);
    let reported = usages().await;
    ensure!(reported == ["NaN -5Mi", "NaN -5Mi", "NaN -5Mi"], "{reported:?}");

    let nodes = get(client, "/apis/metrics.k8s.io/v1beta1/nodes/fake-0").await?;
    check(&nodes["usage"]["memory"], "921600Ki")?;
    let none = get(client, "/apis/metrics.k8s.io/v1beta1/pods?labelSelector=app%3Dother").await?;
    ensure!(none["items"] == json!([]), "{none}");

    kubelet.unregister_metrics_api().await?;
    wait_for(DISCOVERED, "its absence", async || Ok(get(client, selected).await.is_err())).await?;
    deployments.delete("web", &DeleteParams::default()).await?;
    Ok(())
}

async fn an_absent_api_server_is_waited_for(rig: &Rig) -> Result<()> {
    let pods = run_pod(&rig.client(), "outage", "web", "cpu=10m", ("100m", "64Mi")).await?;
    rig.restart_part("apiserver").await?;
    wait_for(SOON, "a resize asked for after an outage", async || {
        Ok(resize(&pods, "web", "200m", "64Mi").await.is_ok())
    })
    .await?;
    until(&pods, "web", "the resize", |status| {
        status["containerStatuses"][0]["resources"]["requests"]["cpu"] == "200m"
    })
    .await
}

async fn namespace(client: &Client, name: &str) -> Result<String> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let body = serde_json::from_value(json!({"metadata": {"name": name}}))?;
    match namespaces.create(&PostParams::default(), &body).await {
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        created => drop(created?),
    }
    Ok(name.to_owned())
}

fn template(app: &str, usage: &str, cpu: &str, memory: &str) -> Value {
    json!({
        "metadata": {
            "labels": {"app": app},
            "annotations": {"testkit.plimsoll.dev/usage": usage},
        },
        "spec": {"containers": [{
            "name": "main",
            "image": "none",
            "resources": {
                "requests": {"cpu": cpu, "memory": "16Mi"},
                "limits": {"memory": memory},
            },
        }]},
    })
}

fn deployment(
    name: &str,
    replicas: u32,
    usage: &str,
    cpu: &str,
    memory: &str,
) -> Result<Deployment> {
    let mut template = template(name, usage, cpu, memory);
    template["spec"]["containers"][0]["resources"]["requests"]["memory"] = json!(memory);
    if usage.is_empty() {
        template["metadata"]["annotations"] = json!({});
    }
    let body = json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
    });
    Ok(serde_json::from_value(body)?)
}

/// Creates a pod in a namespace of its own making and waits until it runs.
async fn run_pod(
    client: &Client,
    space: &str,
    name: &str,
    usage: &str,
    (cpu, memory): (&str, &str),
) -> Result<Api<Pod>> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace(client, space).await?);
    let mut pod = template(name, usage, cpu, memory);
    pod["metadata"]["name"] = json!(name);
    let pod = serde_json::from_value(pod)?;
    // The namespace's service account comes a moment after the namespace.
    wait_for(SOON, "the pod's creation", async || {
        Ok(pods.create(&PostParams::default(), &pod).await.is_ok())
    })
    .await?;
    until(&pods, name, "its start", |status| status["phase"] == "Running").await?;
    Ok(pods)
}

async fn resize(pods: &Api<Pod>, name: &str, cpu: &str, memory: &str) -> Result<()> {
    let patch = json!({"spec": {"containers": [{
        "name": "main",
        "resources": {"requests": {"cpu": cpu}, "limits": {"memory": memory}},
    }]}});
    pods.patch_resize(name, &PatchParams::default(), &Patch::Strategic(&patch)).await?;
    Ok(())
}

async fn delete(pods: &Api<Pod>, name: &str) -> Result<()> {
    pods.delete(name, &DeleteParams::default()).await?;
    wait_for(SOON, "the pod's end", async || Ok(pods.get_opt(name).await?.is_none())).await
}

/// Waits for a pod's status to be as wanted; otherwise says how it was.
async fn until(
    pods: &Api<Pod>,
    name: &str,
    what: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Result<()> {
    let mut last = Value::Null;
    let waited = wait_for(SOON, what, async || {
        last = status(&pods.get(name).await?);
        Ok(wanted(&last))
    })
    .await;
    waited.with_context(|| format!("the status is {last:#}"))
}

fn status(pod: &Pod) -> Value {
    serde_json::to_value(&pod.status).unwrap_or_default()
}

/// The type and reason of the resize condition, if there is one.
fn resize_reason(status: &Value) -> Option<(String, String)> {
    let text = |condition: &Value, key: &str| condition[key].as_str().unwrap_or("").to_owned();
    let mut conditions = status["conditions"].as_array()?.iter();
    let resize = conditions.find(|it| text(it, "type").starts_with("PodResize"))?;
    Some((text(resize, "type"), text(resize, "reason")))
}

async fn get(client: &Client, path: &str) -> Result<Value> {
    let request = http::Request::get(path).body(Vec::new())?;
    Ok(client.request(request).await?)
}

fn usages(list: &Value) -> Vec<String> {
    let text = |usage: &Value, key: &str| usage[key].as_str().unwrap_or("none").to_owned();
    let usage = |pod: &Value| {
        let usage = &pod["containers"][0]["usage"];
        format!("{} {}", text(usage, "cpu"), text(usage, "memory"))
    };
    let mut usages: Vec<String> =
        list["items"].as_array().map(|items| items.iter().map(usage).collect()).unwrap_or_default();
    usages.sort();
    usages
}

fn check(found: &Value, expect: &str) -> Result<()> {
    ensure!(found == expect, "{found} instead of {expect}");
    Ok(())
}
