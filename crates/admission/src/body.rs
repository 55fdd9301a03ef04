//! Reads a request's body within a limit.

use axum::body::Body;
use http_body_util::BodyExt;

/// What is kept of a review that is too large: its uid is within the first 100 bytes.
const BEGINNING_BYTES: usize = 1024;

/// What came of reading a body.
pub(crate) enum Received {
    /// All of it.
    Whole(Vec<u8>),
    /// It is too large; this is how it begins.
    TooLarge { beginning: Vec<u8> },
    /// The connection broke.
    Broken,
}

/// Reads a body of at most `limit` bytes. Of one that is too large the beginning is kept and the
/// rest is read and dropped: an answer before the end of the request would be lost with the
/// connection.
pub(crate) async fn read(mut body: Body, limit: usize) -> Received {
    let mut kept = Vec::new();
    let mut too_large = false;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Received::Broken;
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if !too_large && kept.len() + data.len() > limit {
            too_large = true;
            kept.extend(data.iter().take(BEGINNING_BYTES));
            kept.truncate(BEGINNING_BYTES);
            kept.shrink_to_fit();
        }
        if !too_large {
            kept.extend_from_slice(&data);
        }
    }
    if too_large { Received::TooLarge { beginning: kept } } else { Received::Whole(kept) }
}
