//! What a running pod can be given in place of the values meant for it, and what it cannot.
//!
//! Kubernetes refuses a resize that removes a request or a limit or that changes the pod's
//! quality-of-service class; it may refuse to lower a memory limit; it restarts a container whose
//! `resizePolicy` says so. What is left out here stays for the next pod and is named in `gaps`.

use plimsoll_domain::{
    Allocation, Amount, Capabilities, LimitRule, PerResource, Pod, QosClass, Reason, RecreateCause,
    ResizeRestart, Resource, Resources, RunningContainer,
};

use crate::values::{self, Values};

/// What bears on what can be reached, beside the pod itself.
#[derive(Clone, Debug)]
pub(crate) struct Means {
    /// What the cluster can do.
    pub(crate) capabilities: Capabilities,
    /// The most a container used of each resource in the look-back, by name.
    pub(crate) peaks: Vec<(String, PerResource<Option<Amount>>)>,
    /// The rules for limits, by container name.
    pub(crate) limits: Vec<(String, PerResource<LimitRule>)>,
}

/// What one container can be given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reached {
    /// Its resources after the resize; the present ones where nothing can or need be done.
    pub(crate) to: Resources,
    /// Why a resource is not given all that is meant for it.
    pub(crate) gaps: PerResource<Option<RecreateCause>>,
}

/// What each container of the pod can be given, in the pod's order.
pub(crate) fn reach(pod: &Pod, goal: &Values, means: &Means) -> Vec<Reached> {
    let cause = blocked(pod, means);
    let reached: Vec<Reached> = pod
        .containers
        .iter()
        .map(|container| match cause {
            Some(cause) => unreached(container, goal, cause),
            None => reach_container(container, pod.qos, goal, means),
        })
        .collect();
    if cause.is_none() && changes_class(pod, &reached) {
        let containers = pod.containers.iter();
        return containers
            .map(|container| unreached(container, goal, RecreateCause::QosClass))
            .collect();
    }
    reached
}

/// The gap as a reason.
pub(crate) fn reason(cause: RecreateCause) -> Reason {
    Reason::NeedsRecreate(cause)
}

/// Why nothing at all can be done to the pod.
fn blocked(pod: &Pod, means: &Means) -> Option<RecreateCause> {
    if !means.capabilities.resize {
        Some(RecreateCause::NoResizeSubresource)
    } else if pod.has_pod_level_resources {
        Some(RecreateCause::PodLevelResources)
    } else if pod.qos == QosClass::BestEffort {
        Some(RecreateCause::QosClass)
    } else {
        None
    }
}

/// The container as it is; a gap for each resource that was meant to be other than it is.
fn unreached(container: &RunningContainer, goal: &Values, cause: RecreateCause) -> Reached {
    let gaps = PerResource::from_fn(|resource| {
        let present = container.resources.get(resource);
        let goal = values::given(goal, container.identity(), resource)?;
        let differs = !values::same(goal.request, present.request)
            || !values::same(goal.limit, present.limit);
        differs.then_some(cause)
    });
    Reached { to: container.resources, gaps }
}

fn reach_container(
    container: &RunningContainer,
    qos: QosClass,
    goal: &Values,
    means: &Means,
) -> Reached {
    let mut reached = unreached(container, goal, RecreateCause::RestartPolicy);
    for resource in Resource::ALL {
        let restarts = *container.resize_restart.get(resource) == ResizeRestart::RestartContainer;
        let goal = values::given(goal, container.identity(), resource);
        let Some(goal) = goal.filter(|_| !restarts) else {
            continue;
        };
        let step = Step {
            present: *container.resources.get(resource),
            goal,
            target: means.request(container.identity(), qos, resource, goal.request),
            rule: means.limit(container.identity(), resource),
            may_lower_limit: means.may_lower_limit(container.identity(), resource),
        };
        let (to, gap) = if qos == QosClass::Guaranteed { step.together() } else { step.apart() };
        *reached.to.get_mut(resource) = to;
        *reached.gaps.get_mut(resource) = gap;
    }
    reached
}

/// How low a limit may be set.
#[derive(Clone, Copy)]
enum Lower {
    /// Not below what it is.
    No,
    /// Down to this.
    To(Amount),
}

impl Means {
    /// A CPU limit can always be lowered. A memory limit only where the cluster allows it, and not
    /// below what the container is known to have used: the kubelet would kill it or wait for ever.
    fn may_lower_limit(&self, container: &str, resource: Resource) -> Lower {
        let peak = || self.peak(container, Resource::Memory).map_or(Lower::No, Lower::To);
        match resource {
            Resource::Cpu => Lower::To(Amount::ZERO),
            Resource::Memory if self.capabilities.lower_memory_limit => peak(),
            Resource::Memory => Lower::No,
        }
    }

    /// The request that a pod of this class can be given where `request` is meant for it. In a
    /// Guaranteed pod the CPU request is the limit at once: a p80 would throttle the container for
    /// a fifth of the time, so it gets the peak of the look-back where that is more.
    pub(crate) fn request(
        &self,
        container: &str,
        qos: QosClass,
        resource: Resource,
        request: Option<Amount>,
    ) -> Option<Amount> {
        if qos == QosClass::Guaranteed && resource == Resource::Cpu {
            request.map(|request| request.max(self.peak(container, resource).unwrap_or(request)))
        } else {
            request
        }
    }

    /// The rule for the limit; a container without one is given nothing.
    fn limit(&self, container: &str, resource: Resource) -> LimitRule {
        let found = self.limits.iter().find(|(name, _)| name == container);
        found.map_or(LimitRule::Keep, |(_, limits)| *limits.get(resource))
    }

    fn peak(&self, container: &str, resource: Resource) -> Option<Amount> {
        let found = self.peaks.iter().find(|(name, _)| name == container);
        found.and_then(|(_, peaks)| *peaks.get(resource))
    }
}

/// Whether the pod would be of another class after the resize: a Burstable one Guaranteed. The
/// other way cannot happen, since in Guaranteed pods request and limit move as one. A pod whose
/// containers look Guaranteed before is Burstable for the sake of an init container, which is not
/// listed here, and stays so.
fn changes_class(pod: &Pod, reached: &[Reached]) -> bool {
    pod.qos == QosClass::Burstable
        && reached.iter().all(|reached| is_guaranteed(&reached.to))
        && !pod.containers.iter().all(|container| is_guaranteed(&container.resources))
}

fn is_guaranteed(resources: &Resources) -> bool {
    resources.iter().all(|(_, allocation)| {
        let request = allocation.request.or(allocation.limit);
        allocation.limit.is_some() && values::same(request, allocation.limit)
    })
}

/// One resource of one container on its way to the goal.
struct Step {
    present: Allocation,
    goal: Allocation,
    /// The request meant for a pod of its class.
    target: Option<Amount>,
    rule: LimitRule,
    may_lower_limit: Lower,
}

impl Step {
    /// Guaranteed pods: request and limit are one value, whatever the rule says of the limit, unless
    /// it says to keep it.
    fn together(&self) -> (Allocation, Option<RecreateCause>) {
        let target = self.target;
        let parted = match self.goal.limit {
            None => Some(RecreateCause::LimitRemoval),
            limit if values::same(limit, self.goal.request) => None,
            Some(_) => Some(RecreateCause::QosClass),
        };
        if values::same(target, self.present.limit) {
            return (self.present, parted);
        }
        if self.rule == LimitRule::Keep {
            return (self.present, Some(RecreateCause::QosClass));
        }
        if target < self.present.limit && !self.allows(target) {
            return (self.present, Some(RecreateCause::MemoryLimitDecrease));
        }
        let to = Allocation { request: target, limit: target };
        (to, parted)
    }

    /// Burstable pods: the request goes where it should, the limit as far as it can.
    fn apart(&self) -> (Allocation, Option<RecreateCause>) {
        let (limit, gap) = match (self.present.limit, self.goal.limit) {
            (present, goal) if values::same(present, goal) => (present, None),
            (present, None) => (present, Some(RecreateCause::LimitRemoval)),
            (Some(present), Some(goal)) if goal > present => (Some(goal), None),
            (_, goal) if self.allows(goal) => (goal, None),
            (present, _) => (present, Some(RecreateCause::MemoryLimitDecrease)),
        };
        let request = if values::same(self.goal.request, self.present.request) {
            self.present.request
        } else {
            self.goal.request
        };
        let to = Allocation {
            request,
            limit: limit.map(|limit| request.map_or(limit, |request| limit.max(request))),
        };
        (to, gap)
    }

    /// Whether the limit may be set to this, which is less than it is now.
    fn allows(&self, limit: Option<Amount>) -> bool {
        match self.may_lower_limit {
            Lower::No => false,
            Lower::To(least) => limit >= Some(least),
        }
    }
}
