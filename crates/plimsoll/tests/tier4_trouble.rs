//! How the program behaves in trouble, on a real control plane: leaders that die or freeze, an API
//! server that hangs or is not there yet, configurations and metrics that are none, a webhook that
//! is down.
#![cfg(test)]

mod harness;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use harness::{Controller, Deploy, Launch, OWN_NAMESPACE, SOON, World};
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::Api;
use kube::api::{Patch, PatchParams};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use plimsoll_cluster::{Clients, Eviction, Evictor};
use plimsoll_testkit::kubelet::{PodMatcher, ReportedUsage};
use plimsoll_testkit::rig::RigOptions;
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

/// Sizes everything, from the first sample on. Of 200m and 300Mi the defaults (80 % quantile of
/// CPU, maximum of memory, 10 % on top) make 220m and 330Mi.
const ON: &str = "vertical:\n  optimization: on\n  startup:\n    period: 0s\n";
const USAGE: &str = "cpu=200m,memory=300Mi";
const SIZED: &str = "220m 330Mi";
/// More memory, which counts at once: 600Mi and 10 %.
const MORE: &str = "cpu=200m,memory=600Mi";
const SIZED_MORE: &str = "220m 660Mi";
const MOST: &str = "cpu=200m,memory=900Mi";
const SIZED_MOST: &str = "220m 990Mi";
const ORIGINAL: &str = "1 1Gi";
const SHOP: &str = "shop";
/// What a take-over may take: a lease lasts 15 s, and is looked at every 2 s.
const TAKE_OVER: Duration = Duration::from_secs(20);

/// As fast as can be told apart: usage has whole seconds.
const FAST: [&str; 6] =
    ["--evaluate-interval", "1s", "--cooldown", "1s", "--max-changed-pods-per-minute", "1000"];

fn launch(name: &str) -> Launch<'_> {
    Launch { name, flags: &FAST, data_dir: None, user: Some(name), ..Launch::default() }
}

fn standby(name: &str) -> Launch<'_> {
    Launch { serves_webhook: false, ..launch(name) }
}

fn web() -> Deploy<'static> {
    Deploy { replicas: 2, configuration: ON, usage: USAGE, ..Deploy::default() }
}

/// A pod's requests, `220m 330Mi`.
fn requests(pod: &Value) -> String {
    let requests = &pod["spec"]["containers"][0]["resources"]["requests"];
    let text = |name: &str| requests[name].as_str().unwrap_or("none").to_owned();
    format!("{} {}", text("cpu"), text("memory"))
}

async fn until_sized(world: &World, prefix: &str, expect: &str) -> Result<()> {
    let what = format!("{expect} in all pods of {prefix}");
    world.pods_when(SHOP, prefix, &what, |pod| requests(pod) == expect).await.map(drop)
}

async fn until_leads(controller: &Controller) -> Result<()> {
    let leads = async || Ok(controller.metric("plimsoll_leader", &[])? > 0.0);
    wait_for(SOON, "the lead", leads).await
}

fn condition<'a>(scaled: &'a Value, name: &str) -> &'a Value {
    let conditions = scaled["status"]["conditions"].as_array();
    let found = conditions.into_iter().flatten().find(|condition| condition["type"] == name);
    found.unwrap_or(&Value::Null)
}

async fn until_reason(world: &World, name: &str, reason: &str) -> Result<Value> {
    let object = format!("{name}-deployment");
    let what = format!("{reason} for {name}");
    let is_it = |scaled: &Value| scaled["status"]["decision"]["reason"] == reason;
    world.scaled_when(SHOP, &object, &what, is_it).await
}

async fn annotate(world: &World, name: &str, configuration: &str) -> Result<()> {
    let annotations = json!({"workloads.cast.ai/configuration": configuration});
    let patch = json!({"metadata": {"annotations": annotations}});
    world.merge::<Deployment>(SHOP, name, patch).await
}

async fn scale(world: &World, name: &str, replicas: u32) -> Result<()> {
    world.merge::<Deployment>(SHOP, name, json!({"spec": {"replicas": replicas}})).await?;
    world.ready(SHOP, name, replicas).await
}

/// The requests of the pod that came last.
async fn newest(world: &World, known: &[Value]) -> Result<String> {
    let names: Vec<_> = known.iter().map(|pod| &pod["metadata"]["name"]).collect();
    let pods = world.pods(SHOP, "web-").await?;
    let new: Vec<_> =
        pods.iter().filter(|pod| !names.contains(&&pod["metadata"]["name"])).collect();
    ensure!(new.len() == 1, "{} pods are new", new.len());
    Ok(requests(new[0]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_and_two_never_lead() -> Result<()> {
    let audit = Audit::new("takeover")?;
    let world = World::start_with("takeover", audit.options()).await?;
    world.namespace(SHOP, &[]).await?;
    world.deploy(SHOP, &web()).await?;
    // Its recommendation is news at every tick: a leader that thinks it leads writes every second.
    let usage = growing();
    let busy = Deploy { name: "busy", replicas: 1, usage: &usage, ..web() };
    world.deploy(SHOP, &Deploy { configuration: "", ..busy }).await?;

    let first = world.controller(&launch("first")).await?;
    until_leads(&first).await?;
    let second = world.controller(&standby("second")).await?;
    until_sized(&world, "web-", SIZED).await?;
    both_answer_alike(&world, &second).await.context("the webhooks")?;
    ensure!(second.metric("plimsoll_leader", &[])? == 0.0, "two lead");
    let watch = Watch::begin(&world, &[&first, &second]);

    let killed = Instant::now();
    first.kill().await?;
    world.usage(SHOP, "web-", MORE)?;
    until_sized(&world, "web-", SIZED_MORE).await?;
    let took = killed.elapsed();
    ensure!(took < TAKE_OVER, "after a kill, the standby took {took:?}");
    println!("after a kill, the standby acted within {took:.1?}");
    watch.end()?;

    frozen_leader(&world, &audit, second).await?;
    let writers = audit.writers()?;
    ensure!(writers == ["first", "second", "third"], "in turns wrote {writers:?}");
    Ok(())
}

/// A leader that is frozen for longer than its lease ends when it wakes, and writes nothing more.
async fn frozen_leader(world: &World, audit: &Audit, mut frozen: Controller) -> Result<()> {
    let third = world.controller(&standby("third")).await?;
    let watch = Watch::begin(world, &[&frozen, &third]);
    let before = audit.writes_of("second")?;
    ensure!(before > 0, "the audit log has no writes of the leader");
    let stopped = Instant::now();
    frozen.signal("STOP")?;
    world.usage(SHOP, "web-", MOST)?;
    until_sized(world, "web-", SIZED_MOST).await?;
    let took = stopped.elapsed();
    ensure!(took < TAKE_OVER, "after a stop, the standby took {took:?}");
    println!("after a stop, the standby acted within {took:.1?}");
    let before = audit.writes_of("second")?;
    let woken = Instant::now();
    frozen.signal("CONT")?;
    let status = frozen.ended().await?;
    println!("the frozen leader ended within {:.1?}", woken.elapsed());
    let log = frozen.log()?;
    ensure!(!status.success() && log.contains("leadership was lost"), "{status}:\n{log}");
    let after = audit.writes_of("second")?;
    ensure!(after == before, "{} writes after it woke", after - before);
    frozen.forget()?;
    third.ticks(3).await?;
    watch.end()?;
    ensure!(third.metric("plimsoll_leader", &[])? > 0.0, "nobody leads");
    third.end().await
}

/// Lets the API server ask the other replica.
async fn both_answer_alike(world: &World, other: &Controller) -> Result<()> {
    let known = world.pods(SHOP, "web-").await?;
    let trusted = async || {
        let hook = hook(world).await?;
        Ok(hook["webhooks"][0]["clientConfig"]["caBundle"].is_string())
    };
    wait_for(SOON, "the API server's trust", trusted).await?;
    scale(world, "web", 3).await?;
    let one = newest(world, &known).await?;
    let known = world.pods(SHOP, "web-").await?;
    point_webhook_at(world, other.ports().1).await?;
    scale(world, "web", 4).await?;
    let two = newest(world, &known).await?;
    ensure!(one == SIZED && two == SIZED, "one said {one}, the other {two}");
    let patched = other.metric("plimsoll_admission_reviews_total", &["Patched"])?;
    ensure!(patched > 0.0, "the other was not asked");
    point_webhook_at(world, world.webhook_port).await
}

async fn point_webhook_at(world: &World, port: u16) -> Result<()> {
    let url = format!("https://127.0.0.1:{port}/mutate");
    patch_hook(world, json!({"url": url})).await
}

async fn patch_hook(world: &World, client_config: Value) -> Result<()> {
    let hooks: Api<MutatingWebhookConfiguration> = Api::all(world.client());
    let hook = json!({"name": "pods.plimsoll.dev", "clientConfig": client_config});
    let patch = Patch::Strategic(json!({"webhooks": [hook]}));
    hooks.patch("plimsoll", &PatchParams::default(), &patch).await?;
    Ok(())
}

async fn hook(world: &World) -> Result<Value> {
    let hooks: Api<MutatingWebhookConfiguration> = Api::all(world.client());
    Ok(serde_json::to_value(hooks.get("plimsoll").await?)?)
}

/// Memory that grows by 3 % every second for ten minutes.
fn growing() -> String {
    let steps = (0..600).map(|second| {
        let memory = 100.0 * 1.03_f64.powi(second % 100);
        format!("{second}s cpu=10m,memory={memory:.0}Mi")
    });
    format!("script: {}", steps.collect::<Vec<_>>().join("; "))
}

/// Who wrote what, as the API server's audit log has it.
struct Audit {
    policy: PathBuf,
    log: PathBuf,
}

impl Audit {
    fn new(name: &str) -> Result<Self> {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let policy = dir.join(format!("{name}-audit-policy.yaml"));
        let log = dir.join(format!("{name}-audit-{}.log", std::process::id()));
        let text = json!({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [{"level": "Metadata", "verbs": ["create", "update", "patch", "delete"]}],
        });
        fs::write(&policy, text.to_string())?;
        Ok(Self { policy, log })
    }

    fn options(&self) -> RigOptions {
        let flag = |name: &str, path: &PathBuf| {
            ("apiserver".to_owned(), format!("--audit-{name}={}", path.display()))
        };
        RigOptions { flags: vec![flag("policy-file", &self.policy), flag("log-path", &self.log)] }
    }

    /// Writes of replicas: who, and of which resource.
    fn writes(&self) -> Result<Vec<(String, String)>> {
        let text = fs::read_to_string(&self.log)?;
        let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let writes = events.filter_map(|event| {
            let user = event["impersonatedUser"]["username"].as_str()?.to_owned();
            Some((user, event["objectRef"]["resource"].as_str()?.to_owned()))
        });
        Ok(writes.collect())
    }

    fn writes_of(&self, user: &str) -> Result<usize> {
        Ok(self.writes()?.iter().filter(|(who, _)| who == user).count())
    }

    /// The replicas in the order in which they changed pods and status, each turn once.
    fn writers(&self) -> Result<Vec<String>> {
        let mut writers: Vec<String> = Vec::new();
        for (user, resource) in self.writes()? {
            let leads = ["pods", "scaledworkloads"].contains(&resource.as_str());
            if leads && writers.last() != Some(&user) {
                writers.push(user);
            }
        }
        Ok(writers)
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        fs::remove_file(&self.log).ok();
    }
}

/// Looks all the time at who says that it leads, and at who holds the Lease.
struct Watch {
    task: tokio::task::JoinHandle<BTreeMap<String, u32>>,
    end: tokio_util::sync::CancellationToken,
}

impl Watch {
    fn begin(world: &World, controllers: &[&Controller]) -> Self {
        let ports: Vec<u16> = controllers.iter().map(|it| it.ports().0).collect();
        let leases: Api<Lease> = world.api(OWN_NAMESPACE);
        let end = tokio_util::sync::CancellationToken::new();
        let ended = end.clone();
        let task = tokio::spawn(async move {
            let mut seen = BTreeMap::new();
            while !ended.is_cancelled() {
                let leading = tokio::task::block_in_place(|| {
                    ports.iter().filter(|port| says_it_leads(**port).unwrap_or(false)).count()
                });
                let lease = leases.get_opt("plimsoll").await.ok().flatten();
                let holder = lease.and_then(|lease| lease.spec?.holder_identity);
                *seen.entry(format!("{leading} lead")).or_insert(0) += 1;
                *seen.entry(holder.unwrap_or_default()).or_insert(0) += 1;
            }
            seen
        });
        Self { task, end }
    }

    /// Ends it: never did two say that they lead.
    fn end(self) -> Result<()> {
        self.end.cancel();
        let seen =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(self.task))?;
        println!("looked at who leads: {seen:?}");
        ensure!(!seen.contains_key("2 lead"), "two led at once: {seen:?}");
        ensure!(seen.contains_key("1 lead") && seen.len() > 2, "nobody led: {seen:?}");
        Ok(())
    }
}

/// Shorter than the harness waits: a frozen process takes connections and never answers.
fn says_it_leads(port: u16) -> Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page.contains("\nplimsoll_leader 1\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_api_server_hangs_no_tick_and_an_absent_one_is_waited_for() -> Result<()> {
    let world = World::start("hung").await?;
    world.namespace(SHOP, &[]).await?;
    world.deploy(SHOP, &web()).await?;
    absent_at_the_start(&world).await.context("absent at the start")?;

    let mut leader = world.controller(&launch("leader")).await?;
    until_leads(&leader).await?;
    let follower = world.controller(&standby("follower")).await?;
    until_sized(&world, "web-", SIZED_MORE).await?;

    world.rig.pause_part("apiserver").await?;
    let paused = Instant::now();
    let status = leader.ended().await?;
    let (took, log) = (paused.elapsed(), leader.log()?);
    ensure!(!status.success() && log.contains("leadership was lost"), "{status}:\n{log}");
    ensure!(took < TAKE_OVER, "the leader led on for {took:?}");
    println!("with a hung API server, the leader ended after {took:.1?}");
    leader.forget()?;
    ensure!(follower.health()? == (200, 200), "{:?}", follower.health()?);
    follower.ticks(2).await.context("ticks while the API server hangs")?;
    ensure!(follower.health()? == (200, 200), "{:?}", follower.health()?);
    ensure!(follower.metric("plimsoll_port_errors_total", &[])? > 0.0, "no port failed");
    let all = follower.metric("plimsoll_tick_duration_seconds_count", &[])?;
    let short = follower.metric("plimsoll_tick_duration_seconds_bucket", &["le=\"16.384\""])?;
    ensure!(short >= all, "of {all} ticks, {} took over 16 s", all - short);

    world.rig.resume_part("apiserver").await?;
    let resumed = Instant::now();
    // As Kubernetes would.
    let again = world.controller(&launch("again")).await?;
    world.usage(SHOP, "web-", MOST)?;
    until_sized(&world, "web-", SIZED_MOST).await?;
    println!("after the API server went on, pods were changed within {:.1?}", resumed.elapsed());
    let lead = follower.metric("plimsoll_leader", &[])? + again.metric("plimsoll_leader", &[])?;
    ensure!((lead - 1.0).abs() < 0.1, "{lead} lead");
    follower.end().await?;
    again.end().await
}

async fn absent_at_the_start(world: &World) -> Result<()> {
    world.rig.stop_part("apiserver").await?;
    let mut early = world.spawn_controller(&launch("early"))?;
    let said = |what: &str| anyhow::Ok(early.log()?.matches(what).count());
    let waiting = "API server did not answer, waiting for it";
    wait_for(SOON, "a word about waiting", async || Ok(said(waiting)? == 1)).await?;
    ensure!(early.health()? == (200, 503), "{:?}", early.health()?);
    world.rig.restart_part("apiserver").await?;
    early.ready().await?;
    until_leads(&early).await?;
    until_sized(world, "web-", SIZED).await?;
    world.usage(SHOP, "web-", MORE)?;
    until_sized(world, "web-", SIZED_MORE).await?;
    let said = |what: &str| anyhow::Ok(early.log()?.matches(what).count());
    ensure!(said(waiting)? == 1, "it said {} times that it waits", said(waiting)?);
    ensure!(said("API server answered, going on")? == 1, "it did not say that it went on");
    early.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annotation_that_cannot_be_read_freezes_its_workload() -> Result<()> {
    let world = World::start("frozen").await?;
    world.namespace(SHOP, &[]).await?;
    world.deploy(SHOP, &web()).await?;
    let stored = Launch { data_dir: Some("data"), ..launch("stored") };
    let controller = world.controller(&stored).await?;
    until_sized(&world, "web-", SIZED).await?;
    until_reason(&world, "web", "UpToDate").await?;

    let tabs = "vertical:\n\toptimization: on\n";
    annotate(&world, "web", tabs).await?;
    let scaled = until_reason(&world, "web", "ConfigurationInvalid").await?;
    let invalid = condition(&scaled, "ConfigurationInvalid");
    let message = invalid["message"].as_str().unwrap_or_default();
    ensure!(invalid["status"] == "True", "{invalid}");
    for part in ["line 2", "column 1", "tab", "expects spaces"] {
        ensure!(message.contains(part), "{part:?} is not in {message:?}");
    }
    let explained = world.output(&["explain", "deployment/web", "-n", SHOP]).await?;
    ensure!(explained.contains("line 2, column 1"), "{explained}");

    world.usage(SHOP, "web-", MORE)?;
    stays_frozen(&world, &controller, 3).await?;
    controller.end().await?;
    let controller = world.controller(&stored).await?;
    until_leads(&controller).await?;
    stays_frozen(&world, &controller, 4).await.context("after a restart")?;
    controller.end().await?;
    let controller = world.controller(&launch("anew")).await?;
    until_leads(&controller).await?;
    stays_frozen(&world, &controller, 5).await.context("after a restart without history")?;

    annotate(&world, "web", ON).await?;
    until_sized(&world, "web-", SIZED_MORE).await.context("after it was mended")?;
    let scaled = until_reason(&world, "web", "UpToDate").await?;
    let invalid = condition(&scaled, "ConfigurationInvalid");
    ensure!(invalid["status"] == "False", "{invalid}");

    one_field_out_of_range(&world).await.context("a field out of range")?;
    controller.end().await
}

/// Nothing is changed, and the next pod gets what was published last.
async fn stays_frozen(world: &World, controller: &Controller, replicas: u32) -> Result<()> {
    let known = world.pods(SHOP, "web-").await?;
    // Enough for a history to begin anew: ten samples count.
    controller.ticks(13).await?;
    for pod in world.pods(SHOP, "web-").await? {
        ensure!(requests(&pod) == SIZED, "a running pod was changed to {}", requests(&pod));
    }
    scale(world, "web", replicas).await?;
    let new = newest(world, &known).await?;
    ensure!(new == SIZED, "a new pod got {new}");
    let scaled = world.scaled(SHOP, "web-deployment").await?;
    ensure!(scaled["status"]["decision"]["reason"] == "ConfigurationInvalid", "{scaled}");
    ensure!(condition(&scaled, "ConfigurationInvalid")["status"] == "True", "{scaled}");
    Ok(())
}

/// 900 % on top is refused: nothing is applied until it is mended. What would be is shown all the
/// same, with the default of 10 % and the least of 250m that stands beside it.
async fn one_field_out_of_range(world: &World) -> Result<()> {
    let refused = format!("{ON}  cpu:\n    overhead: 9.0\n    min: 250m\n");
    let deploy = Deploy { name: "range", configuration: &refused, ..web() };
    world.deploy(SHOP, &deploy).await?;
    let values = json!({"cpu": "250m", "memory": "330Mi"});
    let is_shown = |object: &Value| {
        object["status"]["decision"]["reason"] == "ConfigurationInvalid"
            && object["status"]["containers"][0]["recommended"]["requests"] == values
    };
    world.scaled_when(SHOP, "range-deployment", "a hold with a recommendation", is_shown).await?;
    for pod in world.pods(SHOP, "range-").await? {
        ensure!(requests(&pod) == "1 1Gi", "a pod was changed to {}", requests(&pod));
    }
    let explained = world.output(&["explain", "deployment/range", "-n", SHOP]).await?;
    let told = explained.lines().any(|line| line.contains("overhead") && line.contains("expected"));
    ensure!(told && explained.contains("vertical.cpu.overhead"), "{explained}");
    annotate(world, "range", &refused.replace("9.0", "0.1")).await?;
    until_sized(world, "range-", "250m 330Mi").await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_usable_metrics_nothing_is_applied_until_there_are_some() -> Result<()> {
    let world = World::start("metrics").await?;
    world.namespace(SHOP, &[]).await?;
    world.deploy(SHOP, &web()).await?;
    world.deploy(SHOP, &Deploy { name: "other", replicas: 1, ..web() }).await?;
    world.kubelet.unregister_metrics_api().await?;
    let controller = world.controller(&launch("controller")).await?;
    for name in ["web", "other"] {
        let scaled = until_reason(&world, name, "MetricsUnavailable").await?;
        ensure!(condition(&scaled, "MetricsAvailable")["status"] == "False", "{scaled}");
    }
    for pod in world.pods(SHOP, "").await? {
        ensure!(requests(&pod) == ORIGINAL, "a pod was changed to {}", requests(&pod));
    }
    world.kubelet.register_metrics_api().await?;
    until_sized(&world, "web-", SIZED).await.context("after metrics came")?;
    until_sized(&world, "other-", SIZED).await?;
    until_reason(&world, "web", "UpToDate").await?;

    absurd_values_are_dropped(&world, &controller).await.context("absurd values")?;

    world.kubelet.metrics_available(false);
    world.usage(SHOP, "web-", MORE)?;
    for name in ["web", "other"] {
        until_reason(&world, name, "MetricsUnavailable").await.context("metrics that end")?;
    }
    controller.ticks(3).await?;
    for pod in world.pods(SHOP, "web-").await? {
        ensure!(requests(&pod) == SIZED, "a pod was changed to {}", requests(&pod));
    }
    world.kubelet.metrics_available(true);
    until_sized(&world, "web-", SIZED_MORE).await.context("metrics that come again")?;
    controller.end().await
}

async fn absurd_values_are_dropped(world: &World, controller: &Controller) -> Result<()> {
    let dropped = || controller.metric("plimsoll_samples_dropped_total", &[]);
    ensure!(dropped()? < 0.5, "{} good samples were dropped", dropped()?);
    for (cpu, memory) in [("NaN", "-5Mi"), ("-1", "2Pi"), ("20000", "many"), ("", "1e400")] {
        let before = dropped()?;
        let reported = ReportedUsage { cpu: Some(cpu.to_owned()), memory: Some(memory.to_owned()) };
        world.kubelet.report_instead(PodMatcher::pods(SHOP, "web-"), reported);
        // Two values of each of two pods, twice.
        let what = format!("the drop of {cpu} and {memory}");
        wait_for(SOON, &what, async || Ok(dropped()? >= before + 8.0)).await?;
    }
    world.kubelet.report_instead(PodMatcher::pods(SHOP, "web-"), ReportedUsage::default());
    controller.ticks(3).await?;
    let before = dropped()?;
    controller.ticks(3).await?;
    ensure!(dropped()? < before + 0.5, "true values are dropped too");
    until_reason(world, "web", "UpToDate").await?;
    until_sized(world, "web-", SIZED).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_program_pods_are_created_unchanged_and_trust_is_kept() -> Result<()> {
    let world = World::start("webhook").await?;
    world.namespace(SHOP, &[]).await?;
    world.deploy(SHOP, &web()).await?;
    a_blocked_eviction_returns_at_once(&world).await.context("a blocked eviction")?;
    let controller = world.controller(&launch("controller")).await?;
    until_sized(&world, "web-", SIZED).await?;
    until_reason(&world, "web", "UpToDate").await?;
    let known = world.pods(SHOP, "web-").await?;
    scale(&world, "web", 3).await?;
    let new = newest(&world, &known).await?;
    ensure!(new == SIZED, "a new pod got {new}");
    let (authority, bundle) = (secret(&world).await?, bundle(&world).await?);
    ensure!(authority["ca.crt"] == bundle, "the API server trusts another authority");

    controller.kill().await?;
    let known = world.pods(SHOP, "web-").await?;
    scale(&world, "web", 4).await?;
    let new = newest(&world, &known).await?;
    ensure!(new == ORIGINAL, "without the program, a new pod got {new}");

    let controller = world.controller(&launch("controller")).await?;
    until_leads(&controller).await?;
    until_sized(&world, "web-", SIZED).await?;
    let after = secret(&world).await?;
    ensure!(after == authority, "the authority was made anew");
    let known = world.pods(SHOP, "web-").await?;
    scale(&world, "web", 5).await?;
    let new = newest(&world, &known).await?;
    ensure!(new == SIZED, "after a restart, a new pod got {new}");

    patch_hook(&world, json!({"caBundle": null})).await?;
    let removed = Instant::now();
    wait_for(SOON, "the bundle again", async || Ok(self::bundle(&world).await? == bundle)).await?;
    println!("the bundle was there again after {:.1?}", removed.elapsed());
    controller.end().await
}

async fn secret(world: &World) -> Result<Value> {
    let secrets: Api<Secret> = world.api(OWN_NAMESPACE);
    Ok(serde_json::to_value(secrets.get("plimsoll-webhook").await?)?["data"].take())
}

async fn bundle(world: &World) -> Result<Value> {
    Ok(hook(world).await?["webhooks"][0]["clientConfig"]["caBundle"].take())
}

/// With kube's own retry this takes 328 s.
async fn a_blocked_eviction_returns_at_once(world: &World) -> Result<()> {
    let budget = json!({
        "metadata": {"name": "all"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
    });
    world.create::<PodDisruptionBudget>(SHOP, budget).await?;
    let budgets: Api<PodDisruptionBudget> = world.api(SHOP);
    wait_for(SOON, "the budget in effect", async || {
        let status = budgets.get("all").await?.status;
        Ok(status.is_some_and(|status| status.current_healthy == 2))
    })
    .await?;
    let kubeconfig = Kubeconfig::read_from(world.rig.kubeconfig())?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let evictor = Evictor::new(Clients::from_config(&config)?.calls);
    let pods = world.pods(SHOP, "web-").await?;
    let text = |field: &str| pods[0]["metadata"][field].as_str().context("a pod");
    let (name, uid) = (text("name")?, text("uid")?);
    let began = Instant::now();
    let eviction = evictor.evict(SHOP, name, uid).await?;
    let took = began.elapsed();
    let Eviction::Blocked { message } = eviction else { anyhow::bail!("it was {eviction:?}") };
    ensure!(took < Duration::from_secs(5), "the answer took {took:?}");
    ensure!(message.contains("disruption budget all needs 2"), "{message}");
    println!("a blocked eviction took {took:.1?}: {message}");
    budgets.delete("all", &kube::api::DeleteParams::default()).await?;
    let other = evictor.evict(SHOP, name, "another").await?;
    ensure!(other == Eviction::Gone, "another pod of the name: {other:?}");
    Ok(())
}
