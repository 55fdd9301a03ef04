//! Small HTTP pages: metrics, health and readiness.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use plimsoll_domain::Timestamp;
use plimsoll_pipeline::Clock;

use super::clock::SystemClock;
use super::metrics::Metrics;

/// What /healthz and /readyz answer from.
#[derive(Debug)]
pub(crate) struct Health {
    /// When the last tick ended, in seconds since the Unix epoch.
    last_tick: AtomicI64,
    ready: AtomicBool,
    /// A line that has not ticked for this long hangs, and the process is better restarted.
    stall_after: Duration,
}

impl Health {
    /// Not ready yet; alive until `stall_after` has passed since a tick. Before the first there is
    /// no line that could hang: the program waits for the API server, for as long as it takes.
    pub(crate) fn new(stall_after: Duration) -> Self {
        Self { last_tick: AtomicI64::new(i64::MAX), ready: AtomicBool::new(false), stall_after }
    }

    /// A tick ended, or the line begins.
    pub(crate) fn ticked(&self, at: Timestamp) {
        self.last_tick.store(at.seconds(), Ordering::Relaxed);
    }

    /// Says whether the watches have seen the whole cluster; the webhook answers from them.
    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    fn is_alive(&self) -> bool {
        let last = Timestamp::from_seconds(self.last_tick.load(Ordering::Relaxed));
        SystemClock.now().since(last) < self.stall_after
    }
}

/// Serves /metrics until cancelled.
pub(crate) async fn serve_metrics(
    bind: SocketAddr,
    metrics: Arc<Metrics>,
    cancel: CancellationToken,
) -> anyhow::Result<()> {
    let page = |State(metrics): State<Arc<Metrics>>| async move {
        metrics.page().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    };
    serve(bind, Router::new().route("/metrics", get(page)).with_state(metrics), cancel).await
}

/// Serves /healthz and /readyz until cancelled.
pub(crate) async fn serve_health(
    bind: SocketAddr,
    health: Arc<Health>,
    cancel: CancellationToken,
) -> anyhow::Result<()> {
    let alive = |State(health): State<Arc<Health>>| async move { answer(health.is_alive()) };
    let ready = |State(health): State<Arc<Health>>| async move {
        answer(health.ready.load(Ordering::Relaxed))
    };
    let router =
        Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(health);
    serve(bind, router, cancel).await
}

async fn serve(bind: SocketAddr, router: Router, cancel: CancellationToken) -> anyhow::Result<()> {
    let listener = TcpListener::bind(bind).await?;
    let ended = async move { cancel.cancelled().await };
    Ok(axum::serve(listener, router).with_graceful_shutdown(ended).await?)
}

fn answer(good: bool) -> (StatusCode, &'static str) {
    if good { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") }
}
