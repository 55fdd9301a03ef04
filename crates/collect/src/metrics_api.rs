//! Reads the metrics API once a collection: the newest usage of all pods in one answer.

use std::time::Duration;

use http::Request;
use kube::Client;
use plimsoll_domain::Timestamp;
use plimsoll_pipeline::{Collected, PortError, SampleSource};

use crate::wire::PodMetricsList;

/// Usage of the pods of all namespaces. metrics-server knows no pages: the answer for 100,000
/// containers is one of about 30 MB.
const PATH: &str = "/apis/metrics.k8s.io/v1beta1/pods";

/// How long an answer may take: a third of the interval it is asked at (30 s), so that an answer
/// that does not come delays no evaluation by more than that.
const LIMIT: Duration = Duration::from_secs(10);

/// Why no usage could be read; every text reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// Nothing serves the metrics API.
    #[error("find the metrics API: install metrics-server, or see why its pod is not ready")]
    Absent(#[source] Box<kube::Error>),
    /// It answered with another error, or with something else than usage.
    #[error("read the metrics API")]
    Failed(#[source] Box<kube::Error>),
    /// It did not answer.
    #[error("read the metrics API: no answer within {}s", LIMIT.as_secs())]
    Unanswered,
}

/// The metrics API of a cluster as a source of samples.
#[derive(Clone)]
pub struct MetricsApi {
    client: Client,
}

impl std::fmt::Debug for MetricsApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricsApi").finish_non_exhaustive()
    }
}

impl MetricsApi {
    /// Reads through this client, which must not retry by itself.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    async fn read(&self) -> Result<PodMetricsList, MetricsError> {
        let request = Request::get(PATH).body(Vec::new());
        let request = request.map_err(|error| failed(kube::Error::HttpError(error)))?;
        match tokio::time::timeout(LIMIT, self.client.request(request)).await {
            Ok(answer) => answer.map_err(failed),
            Err(_) => Err(MetricsError::Unanswered),
        }
    }
}

impl SampleSource for MetricsApi {
    async fn collect(&mut self, _now: Timestamp) -> Result<Collected, PortError> {
        let list = self.read().await;
        let list = list.map_err(|error| PortError::new("collect usage", error))?;
        Ok(list.collected())
    }
}

/// 404: nothing is registered; 503: what is registered does not work.
fn failed(error: kube::Error) -> MetricsError {
    let is_absent = matches!(&error, kube::Error::Api(status) if matches!(status.code, 404 | 503));
    let error = Box::new(error);
    if is_absent { MetricsError::Absent(error) } else { MetricsError::Failed(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;
    use kube::client::Body;
    use std::convert::Infallible;
    use std::error::Error;

    /// Asks a server that gives this answer (none: never any).
    async fn check(answer: Option<(u16, &'static str)>, expect: Result<usize, &str>) {
        let service = tower::service_fn(move |request: Request<Body>| async move {
            assert_eq!(request.uri(), PATH);
            let Some((code, body)) = answer else {
                return std::future::pending().await;
            };
            let body = Body::from(body.as_bytes().to_vec());
            Ok::<_, Infallible>(Response::builder().status(code).body(body).unwrap())
        });
        let mut metrics = MetricsApi::new(Client::new(service, "default"));
        let collected = metrics.collect(Timestamp::default()).await;
        let collected = collected.map(|collected| collected.usage.len());
        let collected = collected.map_err(|error| error.source().unwrap().to_string());
        let expect = expect.map_err(str::to_owned);
        match (&collected, &expect) {
            (Err(error), Err(begin)) => assert!(error.starts_with(begin), "{error}"),
            _ => assert_eq!(collected, expect),
        }
    }

    #[tokio::test]
    async fn collects_what_the_server_says() {
        let list = r#"{"kind": "PodMetricsList", "items": [{
            "metadata": {"name": "web-1", "namespace": "shop"},
            "timestamp": "2026-01-01T00:00:00Z", "window": "15.1s",
            "containers": [
                {"name": "app", "usage": {"cpu": "100m", "memory": "5Mi"}},
                {"name": "proxy", "usage": {"cpu": "1m", "memory": "2Mi"}}
            ]}]}"#;
        check(Some((200, list)), Ok(2)).await;
        check(Some((200, r#"{"items": []}"#)), Ok(0)).await;
    }

    #[tokio::test]
    async fn an_absent_metrics_api_is_an_error_that_says_what_to_do() {
        check(Some((404, "404 page not found")), Err("find the metrics API: install")).await;
        check(Some((503, "service unavailable")), Err("find the metrics API: install")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn other_failures_are_errors_too() {
        check(Some((500, "{}")), Err("read the metrics API")).await;
        check(Some((200, "<html>")), Err("read the metrics API")).await;
        check(None, Err("read the metrics API: no answer")).await;
    }
}
