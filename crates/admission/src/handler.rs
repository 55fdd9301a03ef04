//! One admission review, from its bytes to the answer. Every way out of here admits the pod: with
//! the published values, or unchanged. An answer that is no review (an HTTP error) admits it as
//! well, since the webhook is registered with `failurePolicy: Ignore`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{BoxError, Router};
use plimsoll_domain::WorkloadId;
use serde_json::Value;
use tower::ServiceBuilder;

use crate::body::{self, Received};
use crate::lookup::PublishedLookup;
use crate::metrics::{AdmissionMetrics, Admitted, Validated};
use crate::patch;
use crate::review::{self, Request};
use crate::validate::{VALIDATE_PATH, validate};

/// Where reviews are posted.
pub const PATH: &str = "/mutate";

/// The API server takes objects of at most 3 MiB; a review of a creation holds one object, and at
/// most 1 MiB around it.
const REVIEW_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Reviews at once. Each takes well below 1 ms of CPU, so 64 are answered within the time limit on
/// one core; together they hold at most 64 x 4 MiB = 256 MiB, and that only under attack.
const CONCURRENT_MAX: usize = 64;

/// Reviews of settings at once. People write a few a minute, an installer a hundred at once, which
/// 8 answer within the time limit; they hold at most 8 x 16 MiB = 128 MiB, and that only under
/// attack.
const VALIDATIONS_MAX: usize = 8;

/// A pod waits at most this long for its values; the API server waits for seconds.
const TIME_MAX: Duration = Duration::from_millis(200);

/// The system's namespace is never changed.
const SYSTEM_NAMESPACE: &str = "kube-system";

/// What a review is answered from.
#[derive(Clone)]
pub struct Webhook {
    /// What is published.
    pub lookup: Arc<dyn PublishedLookup>,
    /// What is counted.
    pub metrics: Arc<AdmissionMetrics>,
    /// The program's own namespace, which is never changed.
    pub own_namespace: Arc<str>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("metrics", &self.metrics).finish_non_exhaustive()
    }
}

/// The HTTP service, with its limits: those of settings apart from those of pods, so that what
/// people write can never delay a pod.
pub fn router(webhook: Webhook) -> Router {
    let metrics = Arc::clone(&webhook.metrics);
    let patched = Router::new().route(PATH, post(mutate)).with_state(webhook);
    let patched = limited(patched, CONCURRENT_MAX, &metrics, |metrics| {
        metrics.record(Admitted::Overloaded);
    });
    let judged =
        Router::new().route(VALIDATE_PATH, post(validate)).with_state(Arc::clone(&metrics));
    let judged = limited(judged, VALIDATIONS_MAX, &metrics, |metrics| {
        metrics.record_validation(Validated::Overloaded);
    });
    patched.merge(judged)
}

/// Answers `concurrent` requests at once, each in time; the others with an error, which is counted.
fn limited(
    router: Router,
    concurrent: usize,
    metrics: &Arc<AdmissionMetrics>,
    overloaded: fn(&AdmissionMetrics),
) -> Router {
    let metrics = Arc::clone(metrics);
    let refuse = HandleErrorLayer::new(move |_: BoxError| {
        overloaded(&metrics);
        async { StatusCode::SERVICE_UNAVAILABLE }
    });
    let limits = ServiceBuilder::new()
        .layer(refuse)
        .load_shed()
        .concurrency_limit(concurrent)
        .timeout(TIME_MAX);
    router.layer(limits)
}

async fn mutate(State(webhook): State<Webhook>, body: Body) -> Response {
    let started = Instant::now();
    let answer = match body::read(body, REVIEW_BYTES_MAX).await {
        Received::Whole(bytes) => webhook.answer(&bytes),
        Received::TooLarge { beginning } => {
            webhook.metrics.record(Admitted::TooLarge);
            unchanged(review::uid(&beginning), StatusCode::PAYLOAD_TOO_LARGE)
        }
        Received::Broken => {
            webhook.metrics.record(Admitted::Malformed);
            StatusCode::BAD_REQUEST.into_response()
        }
    };
    webhook.metrics.observe(started.elapsed());
    answer
}

impl Webhook {
    fn answer(&self, bytes: &[u8]) -> Response {
        let request = match review::parse(bytes) {
            Ok(request) => request,
            Err(uid) => {
                self.metrics.record(Admitted::Malformed);
                return unchanged(uid, StatusCode::BAD_REQUEST);
            }
        };
        let considered = catch_unwind(AssertUnwindSafe(|| self.consider(&request)));
        let (how, operations) = considered.unwrap_or_else(|_| {
            tracing::error!(uid = request.uid, "Admitted a pod unchanged after a panic");
            (Admitted::Panicked, Vec::new())
        });
        self.metrics.record(how);
        tracing::debug!(namespace = request.namespace, result = how.code(), "Admitted a pod");
        json(review::admitted(&request.uid, &operations))
    }

    /// How the pod is admitted, and the operations that change it.
    fn consider(&self, request: &Request) -> (Admitted, Vec<Value>) {
        let pod = &request.object;
        if let Some(how) = self.left_alone(request) {
            return (how, Vec::new());
        }
        let candidates: Vec<WorkloadId> = pod.candidates(&request.namespace);
        let Some((id, published)) = self.lookup.find(&candidates) else {
            return (Admitted::NothingPublished, Vec::new());
        };
        let patches = plimsoll_engine::admit(&pod.specs(), &published);
        let operations = patch::operations(pod, &id, &patches);
        if operations.is_empty() {
            return (Admitted::UpToDate, operations);
        }
        (Admitted::Patched, operations)
    }

    /// Why the pod is not looked at any further, if so.
    fn left_alone(&self, request: &Request) -> Option<Admitted> {
        let namespace = request.namespace.as_str();
        let is_creation = request.operation == "CREATE"
            && request.sub_resource.as_deref().is_none_or(str::is_empty);
        if !is_creation {
            return Some(Admitted::NotACreation);
        }
        let protected = namespace == SYSTEM_NAMESPACE || namespace == &*self.own_namespace;
        if protected || request.object.opted_out() || self.lookup.namespace_opted_out(namespace) {
            return Some(Admitted::OptedOut);
        }
        if self.lookup.stopped() {
            return Some(Admitted::Stopped);
        }
        request.object.has_pod_level_resources().then_some(Admitted::PodLevelResources)
    }
}

/// Admits the pod unchanged: by a review where the uid is known, by an HTTP error where it is not.
fn unchanged(uid: Option<String>, otherwise: StatusCode) -> Response {
    match uid {
        Some(uid) => json(review::admitted(&uid, &[])),
        None => otherwise.into_response(),
    }
}

pub(crate) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
