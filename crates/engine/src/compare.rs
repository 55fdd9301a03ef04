//! Compares the running pods with values meant for them.

use std::sync::Arc;

use plimsoll_domain::{
    ContainerChange, Direction, PerResource, Pod, PodChange, PodPhase, Ratio, Reason, Resource,
    Resources, RunningContainer, Verdict, Workload,
};

use crate::reach::{self, Means, Reached};
use crate::rules::Rules;
use crate::threshold::{self, judge};
use crate::values::{self, Values};

/// One running pod beside the values meant for it.
#[derive(Debug)]
pub(crate) struct Comparison<'a> {
    pub(crate) pod: &'a Pod,
    /// What each of its containers can be given, in the pod's order.
    reached: Vec<Reached>,
    /// Whether the difference of any container's any resource exceeds its threshold.
    pub(crate) passes: bool,
}

/// The pods that may be changed: running, and not asking to be left alone. Ordered by name.
pub(crate) fn running(workload: &Workload) -> Vec<&Pod> {
    let mut pods: Vec<&Pod> = workload
        .pods
        .iter()
        .filter(|pod| pod.phase == PodPhase::Running && !pod.opted_out)
        .collect();
    pods.sort_by(|one, other| one.name.cmp(&other.name));
    pods
}

/// Compares each of these pods with the values.
pub(crate) fn compare<'a>(
    pods: &[&'a Pod],
    goal: &Values,
    rules: &Rules<'_>,
    means: &Means,
) -> Vec<Comparison<'a>> {
    let compared = pods.iter().map(|pod| {
        let reached = reach::reach(pod, goal, means);
        let passes = pod.containers.iter().zip(&reached).any(|(container, reached)| {
            Resource::ALL
                .into_iter()
                .filter_map(|resource| verdict(container, reached, rules, resource))
                .any(|verdict| verdict.passed)
        });
        Comparison { pod, reached, passes }
    });
    compared.collect()
}

impl Comparison<'_> {
    /// The containers beside what they can be given.
    pub(crate) fn containers(&self) -> impl Iterator<Item = (&RunningContainer, &Reached)> {
        self.pod.containers.iter().zip(&self.reached)
    }

    /// The change that gives the pod all that can be given; `None` when it has that already.
    pub(crate) fn change(&self) -> Option<PodChange> {
        let changed = self.containers().filter(|(container, reached)| {
            !values::same_resources(&container.resources, &reached.to)
        });
        let containers: Vec<ContainerChange> = changed
            .map(|(container, reached)| ContainerChange {
                container: container.name.clone(),
                from: container.resources,
                to: reached.to,
            })
            .collect();
        (!containers.is_empty()).then(|| PodChange {
            pod: self.pod.name.clone(),
            uid: Arc::clone(&self.pod.uid),
            containers,
        })
    }
}

/// The verdict on a container: for each resource the running pod that differs most, those first
/// that pass; the gaps of all pods. `None` without a goal or without a pod that has the container.
pub(crate) fn verdicts(
    name: &str,
    compared: &[Comparison<'_>],
    goal: &Values,
    rules: &Rules<'_>,
) -> PerResource<Option<Verdict>> {
    PerResource::from_fn(|resource| {
        values::given(goal, name, resource)?;
        let containers = compared.iter().flat_map(Comparison::containers);
        let verdicts = containers
            .filter(|(container, _)| container.identity() == name)
            .filter_map(|(container, reached)| verdict(container, reached, rules, resource));
        verdicts.reduce(greater)
    })
}

fn greater(one: Verdict, other: Verdict) -> Verdict {
    let rank = |verdict: &Verdict| (verdict.passed, size(verdict));
    let (mut most, least) = if rank(&other) > rank(&one) { (other, one) } else { (one, other) };
    for gap in least.gaps {
        if !most.gaps.contains(&gap) {
            most.gaps.push(gap);
        }
    }
    most
}

/// How great the difference is, to compare verdicts by.
pub(crate) fn size(verdict: &Verdict) -> f64 {
    threshold::size(verdict.direction, verdict.difference)
}

/// The verdict on one resource of one container of a pod.
pub(crate) fn verdict(
    container: &RunningContainer,
    reached: &Reached,
    rules: &Rules<'_>,
    resource: Resource,
) -> Option<Verdict> {
    let rule = rules.of(container.identity(), resource)?;
    let present = *container.resources.get(resource);
    let to = *reached.to.get(resource);
    let judgement = judge(rule, present, to, resource);
    Some(Verdict {
        current: present.request,
        reachable: to.request,
        difference: judgement.ratio,
        direction: judgement.direction,
        threshold: judgement.threshold,
        passed: judgement.passes(),
        gaps: reached.gaps.get(resource).map(reach::reason).into_iter().collect(),
    })
}

/// The verdict on a resource that is left as it is, for this reason.
pub(crate) fn held(
    name: &str,
    reason: &Reason,
    compared: &[Comparison<'_>],
    resource: Resource,
) -> Option<Verdict> {
    let mut containers = compared.iter().flat_map(Comparison::containers);
    let (container, _) = containers.find(|(container, _)| container.identity() == name)?;
    let current = container.resources.get(resource).request;
    Some(Verdict {
        current,
        reachable: current,
        difference: Some(Ratio::ZERO),
        direction: Direction::Same,
        threshold: Ratio::ZERO,
        passed: false,
        gaps: vec![reason.clone()],
    })
}

/// Whether giving the pods `to` would be a change of the pods that have `from` great enough to be
/// made.
pub(crate) fn departs(name: &str, from: &Resources, to: &Resources, rules: &Rules<'_>) -> bool {
    Resource::ALL.into_iter().any(|resource| {
        let (from, to) = (*from.get(resource), *to.get(resource));
        if from.request.is_none() || to.request.is_none() {
            return false;
        }
        let rule = rules.of(name, resource);
        rule.is_some_and(|rule| judge(rule, from, to, resource).passes())
    })
}
