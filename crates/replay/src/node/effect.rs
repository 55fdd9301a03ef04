//! What happened to the containers and pods of a node.

use plimsoll_domain::{Amount, ResizeStatus};

/// Something that happened in a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A container was killed for exceeding its memory limit. When it is restarted at once, a
    /// [`Effect::Restarted`] follows.
    OomKilled {
        /// The pod.
        pod: String,
        /// The container.
        container: String,
        /// The limit it ran under.
        limit: Option<Amount>,
    },
    /// A container runs again, after a kill or because a resize restarts it.
    Restarted {
        /// The pod.
        pod: String,
        /// The container.
        container: String,
    },
    /// A resize moved on, or ended ([`ResizeStatus::Settled`]).
    Resize {
        /// The pod.
        pod: String,
        /// How it is going now.
        status: ResizeStatus,
    },
}

impl Effect {
    /// The pod it happened to.
    pub fn pod(&self) -> &str {
        match self {
            Self::OomKilled { pod, .. }
            | Self::Restarted { pod, .. }
            | Self::Resize { pod, .. } => pod,
        }
    }
}

/// What happened to one container, before anyone says which.
pub(super) enum Event {
    OomKilled { limit: Option<Amount>, restarted: bool },
    Restarted,
}

impl Event {
    pub(super) fn into_effects(self, pod: &str, container: &str) -> Vec<Effect> {
        let restarted =
            || Effect::Restarted { pod: pod.to_owned(), container: container.to_owned() };
        match self {
            Self::Restarted => vec![restarted()],
            Self::OomKilled { limit, restarted: again } => {
                let (pod, container) = (pod.to_owned(), container.to_owned());
                let mut effects = vec![Effect::OomKilled { pod, container, limit }];
                effects.extend(again.then(restarted));
                effects
            }
        }
    }
}
