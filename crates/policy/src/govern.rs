//! Who governs a workload: a fixed order, never a race.

use std::sync::Arc;

use plimsoll_domain::{Governor, Origin, Parsed};

use crate::Sources;

/// An object of the `thoras.ai` group that wants a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetObject {
    /// Its name; its namespace is the workload's.
    pub name: Arc<str>,
    /// How it came to want the workload.
    pub matched: Matched,
    /// What it says.
    pub document: Arc<Parsed>,
}

/// How an object came to want a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matched {
    /// It is a DaemonSetAutoscaler.
    DaemonSet,
    /// It is an AIScaleTarget and names the workload.
    Name,
    /// It is an AIScaleTarget and its selector matches the workload's pods.
    Selector,
    /// It is an AIScaleTarget and a ClusterAIScaleTemplate made it.
    Template,
}

impl TargetObject {
    /// The governor it would be.
    pub fn governor(&self) -> Governor {
        let name = Arc::clone(&self.name);
        match self.matched {
            Matched::DaemonSet => Governor::DaemonSetAutoscaler(name),
            Matched::Name => Governor::TargetByName(name),
            Matched::Selector => Governor::TargetBySelector(name),
            Matched::Template => Governor::TargetFromTemplate(name),
        }
    }

    /// Where its settings come from.
    pub fn origin(&self) -> Origin {
        let name = Arc::clone(&self.name);
        match self.matched {
            Matched::DaemonSet => Origin::DaemonSetAutoscaler(name),
            Matched::Name | Matched::Selector | Matched::Template => Origin::AiScaleTarget(name),
        }
    }
}

/// Who governs, and the document that makes it the governor.
#[derive(Debug)]
pub(crate) struct Governed<'a> {
    pub(crate) governor: Governor,
    pub(crate) origin: Origin,
    /// Absent where nobody but the ScalingPolicy governs.
    pub(crate) document: Option<&'a Arc<Parsed>>,
    /// Who would govern, strongest first.
    pub(crate) overruled: Vec<Governor>,
}

/// The strongest of those who want the workload; of equals the first by name.
pub(crate) fn govern<'a>(sources: &Sources<'a>) -> Governed<'a> {
    let annotation = sources.annotation.map(|document| (Origin::Annotation, document));
    let older = sources.older_annotations.map(|document| (Origin::OlderAnnotations, document));
    let annotation = annotation.or(older);
    let spec = sources.spec.map(|document| (Origin::ScaledWorkload, document));
    let targets = sources.targets.iter();
    let mut candidates: Vec<_> = targets
        .map(|target| (target.governor(), target.origin(), &target.document))
        .chain(annotation.map(|(origin, document)| (Governor::Annotation, origin, document)))
        .chain(spec.map(|(origin, document)| (Governor::ScaledWorkload, origin, document)))
        .collect();
    candidates.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    let mut candidates = candidates.into_iter();
    match candidates.next() {
        None => Governed {
            governor: Governor::ScalingPolicy,
            origin: Origin::Default,
            document: None,
            overruled: Vec::new(),
        },
        Some((governor, origin, document)) => Governed {
            governor,
            origin,
            document: Some(document),
            overruled: candidates.map(|(governor, ..)| governor).collect(),
        },
    }
}
