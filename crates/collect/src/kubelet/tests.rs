//! Kubelets behind a mocked API server.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use kube::client::Body;

use super::*;

const NODES: &str = r#"{"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
    "metadata": {}, "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}"#;

/// Two nodes that answer so at the first and at the second collection (absent: never); expects how
/// many containers' usage comes of the second, or how its error begins.
async fn check(
    nodes: (u16, &'static str),
    a: (u16, Option<&'static str>),
    expect: Result<usize, &str>,
) {
    let asked = Arc::new(AtomicUsize::new(0));
    let service = tower::service_fn(move |request: Request<Body>| {
        let asked = Arc::clone(&asked);
        async move {
            let page = |cpu: usize| {
                let labels = r#"{container="app",namespace="shop",pod="web-1"}"#;
                let at = cpu * 30_000;
                format!("container_cpu_usage_seconds_total{labels} {cpu} {at}\n")
            };
            let (status, body) = match request.uri().path() {
                "/api/v1/nodes" => (nodes.0, nodes.1.to_owned()),
                "/api/v1/nodes/a/proxy/metrics/resource" => match a {
                    (_, None) => return std::future::pending().await,
                    (status, Some(body)) => (status, body.to_owned()),
                },
                "/api/v1/nodes/b/proxy/metrics/resource" if a.0 == 200 => {
                    (200, page(asked.fetch_add(1, Ordering::Relaxed)))
                }
                _ => (503, String::new()),
            };
            let body = Body::from(body.into_bytes());
            Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap())
        }
    });
    let mut kubelet = Kubelet::new(Client::new(service, "default"), KubeletReach::Proxy);
    kubelet.collect(Timestamp::from_seconds(0)).await.ok();
    let collected = kubelet.collect(Timestamp::from_seconds(30)).await;
    let collected = collected.map(|collected| collected.usage.len());
    let collected = collected.map_err(|error| error.source().unwrap().to_string());
    match (&collected, &expect) {
        (Err(error), Err(begin)) => assert!(error.starts_with(begin), "{error}"),
        _ => assert_eq!(collected, expect.map_err(str::to_owned)),
    }
}

#[tokio::test(start_paused = true)]
async fn what_some_nodes_say_counts_while_others_are_silent() {
    check((200, NODES), (200, Some("")), Ok(1)).await;
    check((200, NODES), (200, None), Ok(1)).await;
}

#[tokio::test(start_paused = true)]
async fn no_answer_at_all_is_an_error_that_names_a_node() {
    check((200, NODES), (403, Some("no")), Err("read the usage of any of 2 nodes, first of "))
        .await;
    let none = r#"{"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
        "metadata": {}, "items": []}"#;
    check((200, none), (200, Some("")), Err("find a node")).await;
    check((403, "{}"), (200, Some("")), Err("list the nodes: the program's role")).await;
}
