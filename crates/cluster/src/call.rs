//! One way to call the API server: with a limit on how long it may take, and without retries.

use std::future::Future;
use std::time::Duration;

use crate::ClusterError;

/// How long one call may take: five times the API server's own objective for one object (1 s at
/// the 99th percentile). A server that hangs costs a tick one such limit for resizes and the
/// limit of publishing (20 s), together less than half of the evaluation interval (60 s).
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(5);

/// Awaits one call, for [`CALL_LIMIT`] at most. `attempt` reads after "failed to".
pub(crate) async fn call<T>(
    attempt: impl Into<String> + Send,
    future: impl Future<Output = kube::Result<T>> + Send,
) -> Result<T, ClusterError> {
    call_within(CALL_LIMIT, attempt, future).await
}

/// Awaits one call, for `limit` at most.
pub(crate) async fn call_within<T>(
    limit: Duration,
    attempt: impl Into<String> + Send,
    future: impl Future<Output = kube::Result<T>> + Send,
) -> Result<T, ClusterError> {
    match tokio::time::timeout(limit, future).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(ClusterError::call(attempt, source)),
        Err(_) => Err(ClusterError::Unanswered { attempt: attempt.into(), limit }),
    }
}
