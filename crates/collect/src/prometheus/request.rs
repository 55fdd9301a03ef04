//! One question to the server, and the way of its answer: read as it comes, never held as text.

use std::io::{self, Read};

use http::{Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Prometheus;
use super::answer::{self, Series};
use super::error::PrometheusError;
use super::query::{LIMIT, Query};
use crate::HttpError;
use crate::body::{beginning, read, unreachable};

/// Pieces of an answer on their way to the parser, each of some 16 KiB: enough that neither the
/// network nor the parser waits for the other at every piece.
const PIECES: usize = 16;

/// The longest text of an error.
const ERROR_MAX: usize = 64 * 1024;

impl Prometheus {
    /// Asks, for [`LIMIT`] at most; no more than `max_points` values are taken.
    pub(super) async fn ask(
        &self,
        path: &str,
        query: &Query,
        form: &[(&str, String)],
        max_points: usize,
    ) -> Result<Vec<Series>, PrometheusError> {
        let answered = timeout(LIMIT, self.exchange(path, query, form, max_points)).await;
        answered.unwrap_or(Err(PrometheusError::Unanswered))
    }

    async fn exchange(
        &self,
        path: &str,
        query: &Query,
        form: &[(&str, String)],
        max_points: usize,
    ) -> Result<Vec<Series>, PrometheusError> {
        let limit = format!("{}s", LIMIT.as_secs());
        let fields = form.iter().map(|(name, value)| (*name, value.as_str()));
        let fields = fields.chain([("query", query.0.as_str()), ("timeout", limit.as_str())]);
        let body: Vec<String> =
            fields.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = Request::post(path)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .body(Body::from(body.join("&").into_bytes()))
            .map_err(|error| unreachable(kube::Error::HttpError(error)))?;
        let answer = self.client.send(request).await.map_err(unreachable)?;
        if answer.status().is_success() {
            take(answer, max_points).await
        } else {
            let status = answer.status().as_u16();
            let bytes = read(answer, ERROR_MAX).await?;
            let said = answer::error(&bytes);
            let of_question = said.is_some();
            let message = said.unwrap_or_else(|| beginning(&bytes));
            Err(PrometheusError::Refused { status, message, of_question })
        }
    }
}

/// Reads an answer while it comes. The parser has a thread, since it waits for more.
async fn take(answer: Response<Body>, max: usize) -> Result<Vec<Series>, PrometheusError> {
    let (send, pieces) = mpsc::channel::<Vec<u8>>(PIECES);
    let parsing = tokio::task::spawn_blocking(move || answer::parse(Pieces::new(pieces), max));
    let mut body = answer.into_body();
    let mut cut = None;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => {
                let Ok(data) = frame.into_data() else { continue };
                // The parser has seen enough, or too much.
                if send.send(data.to_vec()).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                cut = Some(HttpError::Cut(error.into()));
                break;
            }
        }
    }
    drop(send);
    let parsed = parsing.await.map_err(|error| PrometheusError::Malformed {
        what: format!("its reader ended by a defect: {error}"),
    })?;
    cut.map_or(parsed, |cut| Err(cut.into()))
}

/// The pieces of a body, to be read from another thread.
struct Pieces {
    more: mpsc::Receiver<Vec<u8>>,
    piece: Vec<u8>,
    taken: usize,
}

impl Pieces {
    fn new(more: mpsc::Receiver<Vec<u8>>) -> Self {
        Self { more, piece: Vec::new(), taken: 0 }
    }
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.taken >= self.piece.len() {
            let Some(piece) = self.more.blocking_recv() else { return Ok(0) };
            self.piece = piece;
            self.taken = 0;
        }
        let rest = self.piece.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        self.taken += count;
        Ok(count)
    }
}

/// A text as a form carries it.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend(format!("{byte:02X}").chars());
        }
    }
    encoded
}
