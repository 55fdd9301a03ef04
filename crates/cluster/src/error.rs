//! What can go wrong between this program and the API server.

use std::time::Duration;

/// An attempt on the Kubernetes API that failed. Every text reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No connection settings were found, or they cannot be used.
    #[error("build a Kubernetes client; set KUBECONFIG or run inside a cluster")]
    BuildClient {
        /// What is wrong with them.
        #[source]
        source: Box<kube::Error>,
    },
    /// The API server answered with an error, or the connection broke.
    #[error("{attempt}")]
    Call {
        /// What was attempted.
        attempt: String,
        /// How it was answered.
        #[source]
        source: Box<kube::Error>,
    },
    /// The API server did not answer in time.
    #[error("{attempt}: the API server did not answer within {}s", .limit.as_secs())]
    Unanswered {
        /// What was attempted.
        attempt: String,
        /// How long was waited.
        limit: Duration,
    },
    /// What is to be kept beside the object is too large for it.
    #[error("{attempt}: its own spec has more than {} KiB; delete it, and it is made anew", .limit / 1024)]
    TooLarge {
        /// What was attempted.
        attempt: String,
        /// The most there may be, in bytes.
        limit: usize,
    },
    /// A checkpoint is larger than would be read again.
    #[error(
        "{attempt}: {bytes} bytes are more than the {} it may have; run with --data-dir, to keep \
         what was learned of a workload this large",
        crate::CHECKPOINT_BYTES_MAX
    )]
    CheckpointTooLarge {
        /// What was attempted.
        attempt: String,
        /// What it would have held.
        bytes: usize,
    },
    /// This replica no longer leads: another may by now.
    #[error("{attempt}: this replica leads no more")]
    LeadLost {
        /// What was attempted.
        attempt: String,
    },
}

impl ClusterError {
    pub(crate) fn call(attempt: impl Into<String>, source: kube::Error) -> Self {
        Self::Call { attempt: attempt.into(), source: Box::new(source) }
    }

    /// The HTTP status the API server answered with, if it answered.
    pub fn code(&self) -> Option<u16> {
        self.status().map(|status| status.code)
    }

    /// What the API server answered, if it did.
    pub(crate) fn status(&self) -> Option<&kube::core::Status> {
        let (Self::BuildClient { source } | Self::Call { source, .. }) = self else {
            return None;
        };
        if let kube::Error::Api(status) = source.as_ref() { Some(status) } else { None }
    }
}
