//! 200 reviews a second, each sent when it is due, whether or not those before it were answered;
//! its time counts from when it was due, so that waiting is not hidden.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use kube::Client;
use serde_json::Value;
use tokio::sync::Semaphore;

const PER_SECOND: u32 = 200;
/// Reviews under way at once, and so connections: an API server keeps few to a webhook.
const AT_ONCE: usize = 16;

/// How long each review took. Each must be answered with a patch.
pub(crate) async fn ask(
    client: &Client,
    reviews: &[Vec<u8>],
    length: Duration,
) -> Result<Vec<Duration>> {
    let begun = Instant::now();
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut sent = Vec::new();
    for (number, body) in (0_u32..).zip(reviews.iter().cycle()) {
        let due = begun + Duration::from_secs(1) / PER_SECOND * number;
        if due.duration_since(begun) >= length {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let (client, permits, body) = (client.clone(), Arc::clone(&permits), body.clone());
        sent.push(tokio::spawn(async move {
            let _permit = permits.acquire().await?;
            let request = http::Request::post("/mutate").body(body)?;
            let answer: Value = client.request(request).await?;
            ensure!(answer["response"]["patch"].is_string(), "no patch in {answer}");
            Ok(due.elapsed())
        }));
    }
    let mut took = Vec::with_capacity(sent.len());
    for review in sent {
        took.push(review.await??);
    }
    Ok(took)
}

/// The measurement in words.
pub(crate) fn told(mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let at = |thousandth: usize| {
        let index = (took.len() * thousandth / 1000).min(took.len().saturating_sub(1));
        took.get(index).copied().unwrap_or_default()
    };
    format!(
        "{} reviews at {PER_SECOND}/s, p50 {:.2?}, p99 {:.2?}, p99.9 {:.2?}, max {:.2?}",
        took.len(),
        at(500),
        at(990),
        at(999),
        at(1000)
    )
}
