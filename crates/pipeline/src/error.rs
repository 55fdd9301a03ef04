//! What can go wrong at a port, and what the line does about it.

/// A port did not answer. The line goes on without it and tries again at the next tick.
#[derive(Debug, thiserror::Error)]
#[error("{attempt}")]
pub struct PortError {
    /// What was attempted, as a fragment that reads after "failed to".
    pub attempt: String,
    /// Why it failed.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl PortError {
    /// An error with its cause.
    pub fn new(
        attempt: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { attempt: attempt.into(), source: Some(source.into()) }
    }

    /// An error that has no cause but itself.
    pub fn plain(attempt: impl Into<String>) -> Self {
        Self { attempt: attempt.into(), source: None }
    }
}
