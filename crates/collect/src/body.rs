//! Bodies of answers, read up to a limit.

use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use kube::Client;
use kube::client::Body;

/// Why an answer could not be read; every text reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No connection, or it broke.
    #[error("reach the server")]
    Unreachable(#[source] Box<kube::Error>),
    /// The answer ended too early, or was too long.
    #[error("read the answer")]
    Cut(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer says no.
    #[error("get an answer: the server said {status}: {text}")]
    Refused {
        /// The status code.
        status: u16,
        /// The beginning of what it said.
        text: String,
    },
}

/// As much of an error's text as is shown.
const TEXT_MAX: usize = 300;

/// The body of the answer to a GET, of `max` bytes at most.
pub(crate) async fn get(client: &Client, path: &str, max: usize) -> Result<Vec<u8>, HttpError> {
    let request = Request::get(path).body(Body::empty());
    let request = request.map_err(|error| unreachable(kube::Error::HttpError(error)))?;
    let answer = client.send(request).await.map_err(unreachable)?;
    let (head, body) = answer.into_parts();
    let is_taken = head.status.is_success();
    let bytes = read(Response::from_parts(head.clone(), body), max).await?;
    if is_taken {
        return Ok(bytes);
    }
    Err(HttpError::Refused { status: head.status.as_u16(), text: beginning(&bytes) })
}

/// The whole body of an answer, of `max` bytes at most.
pub(crate) async fn read(answer: Response<Body>, max: usize) -> Result<Vec<u8>, HttpError> {
    let body = Limited::new(answer.into_body(), max).collect().await.map_err(HttpError::Cut)?;
    Ok(body.to_bytes().to_vec())
}

/// What an error's page begins with, in one line.
pub(crate) fn beginning(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..TEXT_MAX).unwrap_or(bytes)).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn unreachable(error: kube::Error) -> HttpError {
    HttpError::Unreachable(Box::new(error))
}
