//! What is observed: usage samples, and signals that something happened to a container.

use std::sync::Arc;
use std::time::Duration;

use crate::{Amount, ContainerKey, OomKill, PerResource, Timestamp};

/// What one container of one pod used at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Whose usage.
    pub container: ContainerKey,
    /// The uid of the pod.
    pub pod: Arc<str>,
    /// When it was measured.
    pub at: Timestamp,
    /// How long the container had run by then.
    pub age: Duration,
    /// CPU as the mean over the measuring window, memory as the working set; absent where the
    /// source did not say.
    pub usage: PerResource<Option<Amount>>,
}

/// Something that happened to a container, read from the pod's status.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// It was killed for exceeding its memory limit.
    OomKill {
        /// Whose.
        container: ContainerKey,
        /// The uid of the pod.
        pod: Arc<str>,
        /// When, and under which limit.
        kill: OomKill,
    },
}
