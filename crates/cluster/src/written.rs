//! What a status says, as far as it decides whether to write it again: of a status of several
//! kilobytes, about 300 bytes.
//!
//! The same function reads the status that is about to be written and the one that the watch
//! shows, so that a restart or a new leader writes nothing that is there already.

use std::hash::{DefaultHasher, Hasher};
use std::io;

use plimsoll_api::{ScaledWorkloadStatus, resources_from_k8s, timestamp};
use plimsoll_domain::{Amount, Resources, Timestamp};
use plimsoll_report::{ContainerView, EvaluationView, NewPodsView, ResourceView};
use serde::Serialize;

/// How far, relative to what is written, a recommended value moves before it is written again.
const TOLERANCE: f64 = 0.01;

/// Reasons whose sentence holds live numbers. Those are metrics; the sentence alone is no news.
const LIVE: [&str; 4] =
    ["InsufficientHistory", "LowConfidence", "BelowThreshold", "RolloutInProgress"];

/// The parts of a status that are compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written {
    /// A hash of all that must be the same.
    exact: u64,
    /// Confidence in whole tenths.
    confidence: Option<i32>,
    /// What is recommended, by container, in the status' order.
    recommended: Box<[(Box<str>, Resources)]>,
    /// Published values, in cores and bytes, in the status' order.
    published: Box<[Option<f64>]>,
    /// The reason of the decision.
    pub reason: Box<str>,
    /// Since when each condition has its status.
    pub transitions: Box<[Transition]>,
}

/// A condition's status, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    /// The condition's type.
    pub type_: Box<str>,
    /// `True`, `False` or `Unknown`.
    pub status: Box<str>,
    /// Since when.
    pub since: Timestamp,
}

impl Written {
    /// What a status says. `view` is the evaluation in it.
    pub(crate) fn of(status: &ScaledWorkloadStatus, view: &EvaluationView) -> Self {
        let decision = status.decision.as_ref();
        Self {
            exact: exact(status, view),
            confidence: status.confidence_percent.map(|percent| percent.div_euclid(10)),
            recommended: recommended(status),
            published: published(status),
            reason: decision.map(|decision| decision.reason.as_str().into()).unwrap_or_default(),
            transitions: transitions(status),
        }
    }

    /// Whether this is news to someone who knows `before`.
    pub(crate) fn is_news_after(&self, before: &Self) -> bool {
        let amounts = |written: &Self| -> Vec<_> {
            let recommended = written.recommended.iter().flat_map(|(_, it)| values(it));
            recommended.chain(written.published.iter().copied()).collect()
        };
        let names =
            |written: &Self| written.recommended.iter().map(|(name, _)| name.clone()).collect();
        let (now, then): (Vec<_>, Vec<_>) = (names(self), names(before));
        let moved = |(now, before): (Option<f64>, Option<f64>)| match (now, before) {
            (Some(now), Some(before)) => (now - before).abs() > TOLERANCE * before.abs(),
            (None, None) => false,
            _ => true,
        };
        self.exact != before.exact
            || self.confidence != before.confidence
            || now != then
            || self.published.len() != before.published.len()
            || amounts(self).into_iter().zip(amounts(before)).any(moved)
    }

    /// What is recommended for a container, if anything is.
    pub(crate) fn recommended(&self, container: &str) -> Option<&Resources> {
        let found = self.recommended.iter().find(|(name, _)| **name == *container);
        found.map(|(_, resources)| resources)
    }

    /// Since when a condition has this status, if it had it before.
    pub(crate) fn since(&self, type_: &str, status: &str) -> Option<Timestamp> {
        let mut transitions = self.transitions.iter();
        let same = transitions.find(|known| *known.type_ == *type_ && *known.status == *status);
        same.map(|transition| transition.since)
    }
}

fn transitions(status: &ScaledWorkloadStatus) -> Box<[Transition]> {
    let conditions = status.conditions.iter();
    let transitions = conditions.map(|condition| Transition {
        type_: condition.type_.as_str().into(),
        status: condition.status.as_str().into(),
        since: timestamp(&condition.last_transition_time),
    });
    transitions.collect()
}

fn exact(status: &ScaledWorkloadStatus, view: &EvaluationView) -> u64 {
    let mut hash = HashWriter(DefaultHasher::new());
    let decision = status.decision.as_ref().map(|decision| {
        let is_live = LIVE.contains(&decision.reason.as_str());
        let message = if is_live { "" } else { decision.message.as_str() };
        (&decision.verdict, &decision.reason, message)
    });
    hash.add(&(&status.policy, &status.governor, &status.applied, decision));
    hash.add(&(&status.last_move, status.moves, &status.oom_floors));
    for condition in &status.conditions {
        hash.add(&(&condition.type_, &condition.status, &condition.reason));
    }
    let names = |containers: &[plimsoll_api::ContainerResources]| {
        containers.iter().map(|container| container.name.clone()).collect::<Vec<_>>()
    };
    let published = status.published.as_ref();
    hash.add(&published.map(|it| (names(&it.containers), &it.grouping)));
    hash.add(&(&view.governance, &view.settings, &view.configuration_error, &view.remarks));
    hash.add(&(&view.metrics_unavailable_since, &view.outcomes));
    hash.add(&match &view.decision.new_pods {
        NewPodsView::Patch { .. } => "",
        NewPodsView::Untouched { reason } => reason.code.as_str(),
    });
    for container in &view.containers {
        hash_container(&mut hash, container);
    }
    hash.0.finish()
}

/// A container's name, its template's values, and the reasons that stand in its way.
fn hash_container(hash: &mut HashWriter, container: &ContainerView) {
    hash.add(&container.name);
    for (_, resource) in container.resources() {
        let ResourceView { original, steps, unknown, comparison, recommended: _ } = resource;
        let bound = steps.as_ref().and_then(|steps| steps.bound.as_ref());
        hash.add(&(original, unknown.as_ref().map(|reason| &reason.code), bound));
        for gap in comparison.iter().flat_map(|comparison| &comparison.gaps) {
            hash.add(&gap.code);
        }
    }
}

fn recommended(status: &ScaledWorkloadStatus) -> Box<[(Box<str>, Resources)]> {
    let containers = status.containers.iter();
    containers
        .map(|it| (it.name.as_str().into(), resources_from_k8s(Some(&it.recommended))))
        .collect()
}

fn published(status: &ScaledWorkloadStatus) -> Box<[Option<f64>]> {
    let published = status.published.iter().flat_map(|published| &published.containers);
    published.flat_map(|it| values(&resources_from_k8s(Some(&it.resources)))).collect()
}

fn values(resources: &Resources) -> [Option<f64>; 4] {
    let Resources { cpu, memory } = resources;
    [cpu.request, cpu.limit, memory.request, memory.limit].map(|amount| amount.map(Amount::value))
}

/// Hashes values by their JSON: a stable form that every part of a status has.
struct HashWriter(DefaultHasher);

impl HashWriter {
    fn add(&mut self, value: &impl Serialize) {
        // Writing into a hash cannot fail, and keys of these types are text.
        let written = serde_json::to_writer(&mut *self, value);
        self.0.write_u8(u8::from(written.is_ok()));
    }
}

impl io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
