//! What is remembered about a workload between evaluations; kept in its object's status.

use crate::{Amount, Grouping, Resources, Timestamp};

/// The decision state of a workload. A restart or a new leader goes on from here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecisionState {
    /// The values approved for new pods; absent until there were any.
    pub published: Option<Published>,
    /// The last change of running pods; absent until there was one.
    pub last_move: Option<Move>,
    /// How many such changes there were.
    pub moves: u64,
    /// Memory learned from kills, by container.
    pub oom_floors: Vec<OomFloor>,
}

/// Values approved for new pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Published {
    /// Resources by container name, in the template's order. A resource without a request is one
    /// nothing is approved for: new pods keep what their template says, limit included.
    pub containers: Vec<(String, Resources)>,
    /// Which containers count as one: a container of a new pod gets the values of the name that it
    /// goes by.
    pub grouping: Vec<Grouping>,
}

/// A change of running pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// When the first pod was changed to these values.
    pub at: Timestamp,
    /// The recommendation being rolled out, by container name. A resource without a request is not
    /// part of it.
    pub containers: Vec<(String, Resources)>,
}

/// A container's memory request may not fall below this until the last kill is out of the look-back.
#[derive(Clone, Debug, PartialEq)]
pub struct OomFloor {
    /// The container.
    pub container: String,
    /// The least request, in bytes: the greatest that any of the kills gave.
    pub floor: Amount,
    /// When the last kill happened.
    pub killed_at: Timestamp,
}
