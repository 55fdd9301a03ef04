//! How long the webhook takes: `cargo run --release -p plimsoll-admission --example load`.
//!
//! 200 reviews a second for 20 s over loopback TLS, with 10,000 workloads known. Each review is
//! sent when it is due, whether or not those before it were answered, and its time counts from when
//! it was due, so that waiting is not hidden.
//!
//! With a number as argument, at most so many reviews are under way at once, and so at most so many
//! connections. Without one, a client that falls behind opens a connection for each waiting review,
//! and the handshakes of all of them compete with the reviews for the processor.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use kube::{Client, Config};
use plimsoll_admission::{
    AdmissionMetrics, Authority, Certificates, PublishedIndex, Shutdown, Webhook, router, serve,
};
use plimsoll_domain::{
    Allocation, Amount, PerResource, Published, Timestamp, WorkloadId, WorkloadKind,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

const WORKLOADS: u32 = 10_000;
const PER_SECOND: u32 = 200;
const SECONDS: u32 = 20;
/// Reviews before the measurement, which open the connections.
const WARM_UP: u32 = 50;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let now = Timestamp::from_seconds(i64::try_from(now)?);
    let authority = Authority::generate(now)?;
    let bundle = authority.issue(&["127.0.0.1".to_owned()], now)?;
    let metrics = Arc::new(AdmissionMetrics::default());
    let webhook = Webhook {
        lookup: Arc::new(index()),
        metrics: Arc::clone(&metrics),
        own_namespace: "plimsoll".into(),
    };
    let shutdown = Shutdown::default();
    let serving = tokio::spawn(serve(
        TcpListener::bind("127.0.0.1:0")?,
        Certificates::new(&bundle)?,
        router(webhook),
        shutdown.clone(),
    ));
    let address = shutdown.address().await.context("failed to listen")?;
    let mut config = Config::new(format!("https://{address}").parse()?);
    config.root_cert =
        Some(vec![CertificateDer::from_pem_slice(bundle.ca_pem.as_bytes())?.to_vec()]);
    config.default_retry = false;
    let client = Client::try_from(config)?;

    let at_once = std::env::args().nth(1).map(|text| text.parse()).transpose()?;
    let permits = Arc::new(Semaphore::new(at_once.unwrap_or(Semaphore::MAX_PERMITS)));
    load(&client, &permits, WARM_UP).await?;
    report(load(&client, &permits, PER_SECOND * SECONDS).await?, &metrics);
    shutdown.begin();
    Ok(serving.await??)
}

async fn load(
    client: &Client,
    permits: &Arc<Semaphore>,
    reviews: u32,
) -> anyhow::Result<Vec<Duration>> {
    let start = Instant::now();
    let interval = Duration::from_secs(1) / PER_SECOND;
    let mut sent = Vec::new();
    for number in 0..reviews {
        let due = start + interval * number;
        tokio::time::sleep_until(due.into()).await;
        let (client, permits) = (client.clone(), Arc::clone(permits));
        sent.push(tokio::spawn(async move {
            let _permit = permits.acquire().await?;
            send(&client, number).await?;
            anyhow::Ok(due.elapsed())
        }));
    }
    let mut took = Vec::new();
    for review in sent {
        took.push(review.await??);
    }
    Ok(took)
}

async fn send(client: &Client, number: u32) -> anyhow::Result<()> {
    let body = serde_json::to_vec(&review(number % WORKLOADS))?;
    let request = http::Request::post("/mutate").body(body)?;
    let answer: Value = client.request(request).await?;
    anyhow::ensure!(answer["response"]["patch"].is_string(), "no patch in {answer}");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this program is its output")]
fn report(mut took: Vec<Duration>, metrics: &AdmissionMetrics) {
    took.sort_unstable();
    let at = |share: f64| {
        let index = (took.len() as f64 * share).floor();
        let index = (0..took.len()).take_while(|i| (*i as f64) < index).count();
        took.get(index.min(took.len() - 1)).copied().unwrap_or_default()
    };
    println!(
        "{} reviews, {PER_SECOND}/s, {WORKLOADS} workloads known, TLS on loopback",
        took.len()
    );
    println!(
        "client: p50 {:?}, p99 {:?}, p99.9 {:?}, max {:?}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    for (bound, count) in metrics.durations() {
        println!("server: {count:>6} within {:.2} ms", bound * 1000.0);
    }
}

fn index() -> PublishedIndex {
    let resources = PerResource {
        cpu: Allocation { request: Some(Amount::from_millicores(220)), limit: None },
        memory: Allocation { request: Some(Amount::from_mebibytes(451)), limit: None },
    };
    let index = PublishedIndex::default();
    for number in 0..WORKLOADS {
        let id = WorkloadId {
            namespace: format!("team-{}", number % 100).into(),
            kind: WorkloadKind::Deployment,
            name: format!("service-{number}").into(),
        };
        let containers = vec![("app".to_owned(), resources), ("proxy".to_owned(), resources)];
        index.upsert(id, Published { containers, ..Published::default() });
    }
    index
}

/// About 8 KiB, as a pod with some environment, volumes and managed fields has.
fn review(number: u32) -> Value {
    let env: Vec<Value> = (0..40)
        .map(|i| json!({"name": format!("SETTING_{i}"), "value": "https://example.com/some/value"}))
        .collect();
    let container = |name: &str| {
        json!({
            "name": name,
            "image": "registry.example.com/team/service:1.2.3",
            "env": env,
            "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2"}}
        })
    };
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": format!("uid-{number}"),
            "operation": "CREATE",
            "namespace": format!("team-{}", number % 100),
            "object": {
                "metadata": {
                    "generateName": format!("service-{number}-7d4b9c-"),
                    "labels": {"pod-template-hash": "7d4b9c"},
                    "ownerReferences": [{
                        "apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
                        "name": format!("service-{number}-7d4b9c"), "uid": "u"
                    }]
                },
                "spec": {"containers": [container("app"), container("proxy")]}
            }
        }
    })
}
