//! The fake kubelet's HTTPS server on loopback: each node's metrics pages and the metrics API.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use plimsoll_domain::Timestamp;
use rustls_pki_types::PrivateKeyDer;
use serde::Deserialize;
use serde_json::json;

use super::fleet::Fleet;
use super::selector::LabelSelector;
use super::{Shared, exposition, metrics_api};

/// Where the server listens, and who it claims to be.
#[derive(Debug)]
pub(crate) struct Server {
    pub address: SocketAddr,
    /// Its self-signed certificate, PEM.
    pub certificate: String,
    handle: Handle<SocketAddr>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListQuery {
    label_selector: Option<String>,
}

type App = State<Arc<Shared>>;

/// Listens on a free port; the future serves until the server is dropped.
pub(super) fn bind(shared: Arc<Shared>) -> Result<(Server, impl Future<Output = ()> + Send)> {
    listen(router(shared))
}

/// Serves the pages of one node at an address of this machine, as its kubelet would.
pub(super) fn bind_node(
    shared: &Arc<Shared>,
    node: &str,
    address: IpAddr,
) -> Result<(Server, impl Future<Output = ()> + Send + use<>)> {
    let page = |render: Render| {
        let (shared, node) = (Arc::clone(shared), node.to_owned());
        get(move || std::future::ready(node_page(&shared, &node, render)))
    };
    let router = Router::new()
        .route("/metrics/resource", page(exposition::resource))
        .route("/metrics/cadvisor", page(exposition::cadvisor));
    listen_at(address, router)
}

/// The same for any pages.
pub(crate) fn listen(router: Router) -> Result<(Server, impl Future<Output = ()> + Send)> {
    listen_at(Ipv4Addr::LOCALHOST.into(), router)
}

fn listen_at(
    address: IpAddr,
    router: Router,
) -> Result<(Server, impl Future<Output = ()> + Send + use<>)> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    names.extend((!address.is_loopback()).then(|| address.to_string()));
    let made = rcgen::generate_simple_self_signed(names).context("make a certificate")?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der());
    let key = key.map_err(anyhow::Error::msg).context("read the certificate's key")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener =
        TcpListener::bind((address, 0)).with_context(|| format!("listen on {address}"))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let handle = Handle::new();
    let serving = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(tls)))?
        .handle(handle.clone())
        .serve(router.into_make_service());
    let serve = async {
        if let Err(error) = serving.await {
            tracing::error!(%error, "Fake kubelet's server ended");
        }
    };
    Ok((Server { address, certificate: made.cert.pem(), handle }, serve))
}

fn router(shared: Arc<Shared>) -> Router {
    let metrics = Router::new()
        .route("/namespaces/{namespace}/pods/{name}", get(one_pod))
        .route("/namespaces/{namespace}/pods", get(namespaced_pods))
        .route("/pods", get(all_pods))
        .route("/nodes/{name}", get(one_node))
        .route("/nodes", get(all_nodes))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), refuse_when_off));
    Router::new()
        .route("/nodes/{node}/metrics/resource", get(resource_page))
        .route("/nodes/{node}/metrics/cadvisor", get(cadvisor_page))
        .route("/apis/metrics.k8s.io", get(|| async { Json(metrics_api::group()) }))
        .route("/apis/metrics.k8s.io/v1beta1", get(|| async { Json(metrics_api::resources()) }))
        .nest("/apis/metrics.k8s.io/v1beta1", metrics)
        .with_state(shared)
}

/// Discovery goes on answering, so that the API server does not give the metrics API up and is
/// back at once when it works again.
async fn refuse_when_off(
    State(shared): App,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    if shared.metrics_available.load(Ordering::Relaxed) {
        return next.run(request).await;
    }
    failure(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "metrics are switched off")
}

async fn all_pods(State(shared): App, Query(query): Query<ListQuery>) -> Response {
    list_pods(&shared, None, &query)
}

async fn namespaced_pods(
    State(shared): App,
    Path(namespace): Path<String>,
    Query(query): Query<ListQuery>,
) -> Response {
    list_pods(&shared, Some(&namespace), &query)
}

fn list_pods(shared: &Shared, namespace: Option<&str>, query: &ListQuery) -> Response {
    match LabelSelector::parse(query.label_selector.as_deref().unwrap_or_default()) {
        Some(selector) => {
            let fleet = shared.fleet.lock();
            Json(metrics_api::pods(&fleet, super::now(), |pod| {
                namespace.is_none_or(|namespace| namespace == pod.namespace)
                    && selector.matches(&pod.labels)
            }))
            .into_response()
        }
        None => failure(StatusCode::BAD_REQUEST, "BadRequest", "unable to parse labelSelector"),
    }
}

async fn one_pod(State(shared): App, Path((namespace, name)): Path<(String, String)>) -> Response {
    let wanted = |pod: &super::pod::PodFacts| pod.namespace == namespace && pod.name == name;
    let list = metrics_api::pods(&shared.fleet.lock(), super::now(), wanted);
    metrics_api::single(list).map_or_else(not_found, |it| Json(it).into_response())
}

async fn all_nodes(State(shared): App) -> Response {
    Json(metrics_api::nodes(&shared.fleet.lock(), super::now(), |_| true)).into_response()
}

async fn one_node(State(shared): App, Path(name): Path<String>) -> Response {
    let list = metrics_api::nodes(&shared.fleet.lock(), super::now(), |node| node == name);
    metrics_api::single(list).map_or_else(not_found, |it| Json(it).into_response())
}

async fn resource_page(State(shared): App, Path(node): Path<String>) -> Response {
    node_page(&shared, &node, exposition::resource)
}

async fn cadvisor_page(State(shared): App, Path(node): Path<String>) -> Response {
    node_page(&shared, &node, exposition::cadvisor)
}

type Render = fn(&Fleet, &str, Timestamp) -> Option<String>;

/// A page of a node that counts up to the very second it names.
fn node_page(shared: &Shared, node: &str, render: Render) -> Response {
    let now = super::now();
    let mut fleet = shared.fleet.lock();
    fleet.step(now);
    let page = render(&fleet, node, now);
    drop(fleet);
    shared.wake.notify_one();
    page.map_or_else(not_found, IntoResponse::into_response)
}

fn not_found() -> Response {
    failure(StatusCode::NOT_FOUND, "NotFound", "not found")
}

/// An error in the form of the Kubernetes API.
fn failure(code: StatusCode, reason: &str, message: &str) -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code.as_u16(),
    });
    (code, Json(status)).into_response()
}
