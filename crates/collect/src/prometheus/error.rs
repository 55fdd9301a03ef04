//! Why a server could not be asked, or its answer not be used.

use crate::HttpError;

use super::query::LIMIT;

/// Why there is no answer; every text reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum PrometheusError {
    /// The address is none.
    #[error("use {0:?}: expected http://HOST or https://HOST, with a path where the API has one")]
    Url(String),
    /// No client can be made.
    #[error("make a client for Prometheus: see its certificates and its token file")]
    Client(#[source] Box<kube::Error>),
    /// It cannot be reached, or its answer broke off.
    #[error("ask Prometheus: see its address and whether it is up")]
    Http(#[from] HttpError),
    /// It says no.
    #[error("ask Prometheus: it said {status}: {message}")]
    Refused {
        /// The HTTP status code.
        status: u16,
        /// Its own words.
        message: String,
        /// Whether they are about the question; otherwise the server is not there for any, or a proxy
        /// speaks for it.
        of_question: bool,
    },
    /// It did not answer.
    #[error("ask Prometheus: no answer within {}s", LIMIT.as_secs())]
    Unanswered,
    /// It answered with more than is taken at once.
    #[error("take the answer of Prometheus: it has more than {max} values")]
    TooMuch {
        /// The most that are taken.
        max: usize,
    },
    /// It answered with something else than was asked for.
    #[error("read the answer of Prometheus: {what}; is it a Prometheus-compatible API?")]
    Malformed {
        /// What is wrong.
        what: String,
    },
}

impl PrometheusError {
    /// Whether a smaller question might be answered: it was too much, or took too long.
    pub(crate) fn is_too_much(&self) -> bool {
        match self {
            Self::TooMuch { .. } | Self::Unanswered => true,
            // 422: the expression cannot be worked out, mostly for its size; 503: not in time.
            Self::Refused { status, of_question, .. } => {
                *status == 504 || (*of_question && matches!(status, 422 | 503))
            }
            Self::Url(_) | Self::Client(_) | Self::Http(_) | Self::Malformed { .. } => false,
        }
    }
}
