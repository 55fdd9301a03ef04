//! Whether usage can be read, judged from how the last collections went.

use std::time::Duration;

use plimsoll_domain::{MetricsState, Timestamp};

/// How long collections may fail before workloads are held for it: three at the default interval
/// of 30 s, so that one restart of metrics-server (its pod takes 20 to 60 s to be ready) holds
/// nothing.
const GRACE: Duration = Duration::from_secs(90);

/// How the last collections went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MetricsHealth {
    failing_since: Option<Timestamp>,
    ever_succeeded: bool,
}

impl MetricsHealth {
    /// A collection succeeded.
    pub(crate) fn succeeded(&mut self) {
        *self = Self { failing_since: None, ever_succeeded: true };
    }

    /// A collection failed.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        self.failing_since.get_or_insert(now);
    }

    /// What evaluations are told. A program that has never read usage gets no grace.
    pub(crate) fn state(&self, now: Timestamp) -> MetricsState {
        match self.failing_since {
            Some(since) if !self.ever_succeeded || now.since(since) >= GRACE => {
                MetricsState::Unavailable { since }
            }
            _ => MetricsState::Available,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_at_once_at_the_start_and_after_the_grace_later() {
        let at = Timestamp::from_seconds;
        let mut health = MetricsHealth::default();
        health.failed(at(0));
        assert_eq!(health.state(at(0)), MetricsState::Unavailable { since: at(0) });
        health.succeeded();
        health.failed(at(100));
        health.failed(at(130));
        assert_eq!(health.state(at(189)), MetricsState::Available);
        assert_eq!(health.state(at(190)), MetricsState::Unavailable { since: at(100) });
    }
}
