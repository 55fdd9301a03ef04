//! Waiting for the real world: a condition, a deadline, and words for what did not happen.

use anyhow::{Context as _, Result};
use std::time::Duration;
use tokio::time::{interval, timeout};

/// Asks `condition` until it is true. When the time is up, the error says which hope was in vain.
pub async fn wait_for<F>(limit: Duration, what: &str, mut condition: F) -> Result<()>
where
    F: AsyncFnMut() -> Result<bool>,
{
    let poll = async {
        let mut tick = interval(Duration::from_millis(20));
        while !condition().await? {
            tick.tick().await;
        }
        Ok(())
    };
    timeout(limit, poll).await.with_context(|| format!("{what} did not happen in {limit:?}"))?
}
