//! Whether usage can be read, judged from how the last collections went.

use std::time::Duration;

use plimsoll_domain::{MetricsState, Timestamp};

/// How long collections may fail before workloads are held for it: three at the default interval
/// of 30 s, so that one restart of metrics-server (its pod takes 20 to 60 s to be ready) holds
/// nothing.
const GRACE: Duration = Duration::from_secs(90);

/// How the last collection went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MetricsHealth {
    failing_since: Option<Timestamp>,
}

impl MetricsHealth {
    /// A collection succeeded.
    pub(crate) fn succeeded(&mut self) {
        self.failing_since = None;
    }

    /// A collection failed.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        self.failing_since.get_or_insert(now);
    }

    /// What evaluations are told. Usage counts as unavailable since the newest sample there is,
    /// which a restart does not change; without any there is no grace.
    pub(crate) fn state(&self, newest: Option<Timestamp>, now: Timestamp) -> MetricsState {
        match (self.failing_since, newest) {
            (None, _) => MetricsState::Available,
            (Some(since), None) => MetricsState::Unavailable { since },
            (Some(_), Some(newest)) if now.since(newest) < GRACE => MetricsState::Available,
            (Some(_), Some(newest)) => MetricsState::Unavailable { since: newest },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_at_once_without_any_usage_and_after_the_grace_with_some() {
        let at = Timestamp::from_seconds;
        let mut health = MetricsHealth::default();
        health.failed(at(100));
        assert_eq!(health.state(None, at(100)), MetricsState::Unavailable { since: at(100) });
        assert_eq!(health.state(Some(at(70)), at(159)), MetricsState::Available);
        assert_eq!(
            health.state(Some(at(70)), at(160)),
            MetricsState::Unavailable { since: at(70) }
        );
        health.succeeded();
        assert_eq!(health.state(Some(at(70)), at(160)), MetricsState::Available);
    }
}
