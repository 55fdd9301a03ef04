//! Recommend: from usage to requests and limits, every step written down.
//!
//! base (quantile or maximum) -> overhead -> floor learned from kills -> bounds -> limit.

use std::collections::BTreeMap;

use plimsoll_domain::{
    Amount, ContainerKey, ContainerRecommendation, ContainerSpec, Estimate, Gap, LimitStep,
    OomFloor, PerResource, Policy, Ratio, Reason, Recommendation, Resource, ResourcePolicy,
    Sourced, Target, Timestamp, Trail, Workload,
};
use plimsoll_history::{ContainerHistory, Span, Window};

use crate::bounds::bounded;
use crate::limit::limited;
use crate::{floor, values};

/// What is remembered of containers, by identity.
pub type Histories = BTreeMap<ContainerKey, ContainerHistory>;

/// Samples a pod must have to count: five minutes of usage at one sample every 30 s.
const LEAST_SAMPLES: u64 = 10;

/// Recommends for every container of the workload's template, in its order. `floors` are those in
/// force at `now`.
pub fn recommend(
    workload: &Workload,
    policy: &Policy,
    histories: &Histories,
    floors: &[OomFloor],
    now: Timestamp,
) -> Recommendation {
    let containers = workload.containers.iter().map(|spec| {
        let key = ContainerKey { workload: workload.id.clone(), container: spec.name.clone() };
        let history = histories.get(&key);
        let resources = PerResource::from_fn(|resource| {
            let memory_floor =
                (resource == Resource::Memory).then(|| floor::of(floors, &spec.name)).flatten();
            let look = Look {
                spec,
                resource,
                policy: policy.resources.get(resource),
                floor: memory_floor,
                span: Span {
                    look_back: policy.resources.get(resource).look_back.value,
                    startup: policy.startup.value,
                    now,
                },
            };
            look.estimate(workload, history)
        });
        ContainerRecommendation { container: spec.name.clone(), resources }
    });
    Recommendation { containers: containers.collect() }
}

/// The gap of a workload of which nothing was seen.
pub(crate) fn no_samples(policy: &Policy) -> Gap {
    Gap { samples: 0, needed: LEAST_SAMPLES, startup: policy.startup.value }
}

/// The least coverage over containers and resources; `None` before any usage was seen.
pub(crate) fn confidence(
    workload: &Workload,
    policy: &Policy,
    histories: &Histories,
    now: Timestamp,
) -> Option<Ratio> {
    let mut seen = false;
    let mut least = 1.0_f64;
    for spec in &workload.containers {
        let history = histories
            .get(&ContainerKey { workload: workload.id.clone(), container: spec.name.clone() });
        seen |= history.is_some_and(|history| history.last_seen().is_some());
        for (_, resource) in policy.resources.iter() {
            let look_back = resource.look_back.value;
            least = least.min(history.map_or(0.0, |h| h.coverage(look_back, now).value()));
        }
    }
    seen.then(|| Ratio::new(least)).flatten()
}

/// One container's one resource, and all that bears on it.
struct Look<'a> {
    spec: &'a ContainerSpec,
    resource: Resource,
    policy: &'a ResourcePolicy,
    floor: Option<Amount>,
    span: Span,
}

impl Look<'_> {
    fn estimate(&self, workload: &Workload, history: Option<&ContainerHistory>) -> Estimate {
        let window = history.map(|history| history.window(self.resource, &self.span));
        if let Some((window, base)) = window.as_ref().and_then(|w| Some((w, self.base(w)?))) {
            return Estimate::Known(Box::new(Trail {
                samples: window.samples(),
                pods: window.pods(LEAST_SAMPLES),
                coverage: history.map_or(Ratio::ZERO, |history| {
                    history.coverage(self.span.look_back, self.span.now)
                }),
                ..self.trail(base, self.policy.overhead.clone())
            }));
        }
        match self.floor {
            Some(floor) => Estimate::Known(Box::new(self.floor_alone(floor, workload))),
            None => Estimate::Unknown(Reason::InsufficientHistory(Gap {
                samples: window.map_or(0, |window| window.most_samples_of_a_pod()),
                needed: LEAST_SAMPLES,
                startup: self.span.startup,
            })),
        }
    }

    fn base(&self, window: &Window) -> Option<Amount> {
        match self.policy.target.value {
            Target::Quantile(quantile) => window.mean_quantile(quantile, LEAST_SAMPLES),
            Target::Max => window.max(LEAST_SAMPLES),
        }
    }

    /// Too little usage to go by, but a kill: what is there stands in for the usage, since a kill is
    /// no reason to take anything away, and the floor raises it.
    fn floor_alone(&self, floor: Amount, workload: &Workload) -> Trail {
        let base = present(workload, self.spec, self.resource).unwrap_or(floor);
        self.trail(base, Sourced::default_value(Ratio::ZERO))
    }

    /// The steps from the base on; what the base came from is left empty.
    fn trail(&self, base: Amount, overhead: Sourced<Ratio>) -> Trail {
        let with_overhead = base.raised(overhead.value);
        let oom_floor = self.floor.filter(|floor| *floor > with_overhead);
        let (wanted, bound) = bounded(oom_floor.unwrap_or(with_overhead), self.policy);
        let rule = &self.policy.limit;
        let result =
            limited(rule.value, wanted, *self.spec.original.get(self.resource), self.resource);
        let held = result.limit.filter(|limit| *limit < wanted);
        Trail {
            samples: 0,
            pods: 0,
            look_back: self.span.look_back,
            coverage: Ratio::ZERO,
            target: self.policy.target.clone(),
            base,
            overhead,
            with_overhead,
            oom_floor,
            constraint: held.map(plimsoll_domain::Constraint::Limit).or(bound),
            limit: LimitStep {
                rule: rule.clone(),
                original: self.spec.original.get(self.resource).limit,
                value: result.limit,
            },
            result,
        }
    }
}

/// The greatest request the container has anywhere: in its template, approved for new pods, or on a
/// running pod.
fn present(workload: &Workload, spec: &ContainerSpec, resource: Resource) -> Option<Amount> {
    let published = workload.state.published.as_ref();
    let published = published.and_then(|p| values::given(&p.containers, &spec.name, resource));
    let running = workload.pods.iter().flat_map(|pod| &pod.containers);
    let running = running.filter(|container| container.name == spec.name);
    running
        .filter_map(|container| container.resources.get(resource).request)
        .chain(spec.original.get(resource).request)
        .chain(published.and_then(|allocation| allocation.request))
        .max()
}
