//! Which changes running pods get now, and which are left to new pods.
//!
//! Raising, lowering and memory raised after a kill are permitted or deferred each by its own
//! setting. In a change of several parts the most permissive decides, since a pod is changed as a
//! whole; but memory raised after a kill brings nothing with it that is deferred.
//!
//! What Cast AI defers for a DaemonSet, since it would have to replace the pods, is done here: a
//! change in place replaces none.

use plimsoll_domain::{ApplyType, Deferral, Direction, Policy, Resource, Workload};

use crate::case::Known;
use crate::compare::{self, Comparison};
use crate::floor;

/// Which changes running pods get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permits {
    raising: bool,
    lowering: bool,
    /// Memory raised after a kill.
    event: bool,
    /// What is said where nothing is permitted.
    everything: Deferral,
}

impl Permits {
    pub(crate) fn new(workload: &Workload, policy: &Policy) -> Self {
        let vertical = &policy.vertical;
        let shares_no_node = vertical.consider_anti_affinity.value && workload.excludes_its_like;
        let permits = |apply_type: Option<ApplyType>| {
            let apply_type = apply_type.unwrap_or(vertical.apply_type.value);
            apply_type == ApplyType::Immediate && !shares_no_node
        };
        Self {
            raising: permits(None),
            lowering: permits(vertical.lowering.value),
            event: permits(vertical.memory_event.value),
            everything: if shares_no_node { Deferral::SharesNoNode } else { Deferral::Everything },
        }
    }

    /// Whether memory may be raised after a kill.
    pub(crate) fn event(self) -> bool {
        self.event
    }

    /// Whether anything may be changed without a kill.
    pub(crate) fn any_ordinary(self) -> bool {
        self.raising || self.lowering
    }

    /// Whether the pod may be given all that is meant for it: one of the parts that are great enough
    /// is permitted. Memory raised after a kill permits the rest only where nothing is deferred.
    pub(crate) fn allow(self, known: &Known<'_>, comparison: &Comparison<'_>) -> bool {
        parts(known, comparison).any(|part| match part {
            Part::Raise => self.raising,
            Part::Lower => self.lowering,
            Part::Event => self.event && self.raising && self.lowering,
        })
    }

    /// Why nothing at all is changed.
    pub(crate) fn everything(self) -> Deferral {
        self.everything
    }

    /// Why pods with differences that are great enough are left as they are, if any are.
    pub(crate) fn deferred(self, known: &Known<'_>) -> Option<Deferral> {
        let held = known.compared.iter().filter(|comparison| comparison.passes);
        let mut held = held.filter(|comparison| !self.allow(known, comparison)).peekable();
        held.peek()?;
        let parts: Vec<Part> = held.flat_map(|comparison| parts(known, comparison)).collect();
        let all = |which: Part| parts.iter().all(|part| *part == which);
        Some(if parts.contains(&Part::Event) {
            Deferral::MemoryEvent
        } else if all(Part::Lower) {
            Deferral::Lowering
        } else if all(Part::Raise) {
            Deferral::Raising
        } else {
            self.everything()
        })
    }
}

/// A difference that is great enough to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Raise,
    Lower,
    /// Memory to what a kill has taught.
    Event,
}

fn parts<'k>(
    known: &'k Known<'_>,
    comparison: &'k Comparison<'_>,
) -> impl Iterator<Item = Part> + 'k {
    comparison.containers().flat_map(move |(container, reached)| {
        Resource::ALL.into_iter().filter_map(move |resource| {
            let verdict = compare::verdict(container, reached, &known.rules, resource)?;
            let floor = floor::of(&known.floors, container.identity());
            let is_event = resource == Resource::Memory && verdict.current < floor;
            match verdict.direction {
                _ if !verdict.passed => None,
                Direction::Same => None,
                Direction::Up if is_event => Some(Part::Event),
                Direction::Up => Some(Part::Raise),
                Direction::Down => Some(Part::Lower),
            }
        })
    })
}
