//! Recommend: from usage to requests and limits, every step written down.
//!
//! base (quantile or maximum) -> overhead -> floor learned from kills -> bounds -> limit.

use std::time::Duration;

use plimsoll_domain::{
    Allocation, Amount, AutoVerdict, Constraint, ContainerRecommendation, ContainerSpec, Estimate,
    Foreseen, Gap, LimitStep, OomFloor, Origin, PerResource, Policy, Quantile, Ratio, Reason,
    Recommendation, Resource, Sourced, Strategy, Target, Timestamp, Trail, Workload,
};
use plimsoll_history::{ContainerHistory, Span, Window};

use crate::Engine;
use crate::auto::{Asked, ContainerAuto, Form, WARM_UP};
use crate::bounds::bounded;
use crate::foresee::strategy;
use crate::limit::limited;
use crate::rules::{Rule, Rules};
use crate::{floor, values};

/// Samples a pod must have to count: five minutes of usage at one sample every 30 s.
const LEAST_SAMPLES: u64 = 10;

/// The quantile by which pods are held beside each other: what they use when they are busy.
const SPREAD: f64 = 0.9;

/// Recommends for every container of the workload's template, in its order. `floors` are those in
/// force at `now`.
pub(crate) fn recommend(
    engine: &Engine,
    rules: &Rules<'_>,
    floors: &[OomFloor],
    now: Timestamp,
) -> Recommendation {
    let workload = rules.workload;
    let startup = rules.policy.vertical.startup.value;
    let policy = rules.policy;
    let containers = rules.iter().map(|(spec, rules)| {
        let container = engine.of(workload, &spec.name);
        let history = container.map(|container| &container.history);
        let auto = container.map(|container| &container.auto);
        let forecast = container.and_then(|container| container.forecast.as_ref());
        let resources = PerResource::from_fn(|resource| {
            let memory_floor =
                (resource == Resource::Memory).then(|| floor::of(floors, &spec.name)).flatten();
            let rule = rules.get(resource);
            let look = Look {
                spec,
                resource,
                rule,
                floor: memory_floor,
                auto,
                foreseen: strategy(policy, resource)
                    .and_then(|strategy| forecast?.foreseen(resource, strategy))
                    .map(|foreseen| Foreseen { begins_anew: engine.begins_anew, ..foreseen }),
                span: Span { look_back: rule.resource.look_back.value, startup, now },
            };
            look.estimate(workload, history)
        });
        ContainerRecommendation { container: spec.name.to_string(), resources }
    });
    Recommendation { containers: containers.collect() }
}

/// The gap of a workload of which nothing was seen.
pub(crate) fn no_samples(policy: &Policy) -> Gap {
    Gap { samples: 0, needed: LEAST_SAMPLES, startup: policy.vertical.startup.value }
}

/// One container's one resource, and all that bears on it.
struct Look<'a> {
    spec: &'a ContainerSpec,
    resource: Resource,
    rule: &'a Rule<'a>,
    floor: Option<Amount>,
    auto: Option<&'a ContainerAuto>,
    foreseen: Option<Foreseen>,
    span: Span,
}

impl Look<'_> {
    fn estimate(&self, workload: &Workload, history: Option<&ContainerHistory>) -> Estimate {
        let window = history.map(|history| history.window(self.resource, &self.span));
        if self.rule.resource.target.value == Target::Auto {
            return self.judged(workload, history, window.as_ref());
        }
        if let Some((window, base)) = window.as_ref().and_then(|w| Some((w, self.base(w)?))) {
            let foreseen = self.foreseen.filter(Foreseen::is_followed);
            let base = foreseen.map_or(base, |foreseen| foreseen.covered);
            return Estimate::Known(Box::new(Trail {
                samples: window.samples(),
                pods: window.pods(LEAST_SAMPLES),
                spread: spread(window),
                coverage: history.map_or(Ratio::ZERO, |history| {
                    history.coverage(self.span.look_back, self.span.now)
                }),
                ..self.trail(base, self.rule.resource.overhead.clone())
            }));
        }
        self.without_base(
            workload,
            Gap {
                samples: window.map_or(0, |window| window.most_samples_of_a_pod()),
                needed: LEAST_SAMPLES,
                startup: self.span.startup,
            },
        )
    }

    fn without_base(&self, workload: &Workload, gap: Gap) -> Estimate {
        match self.floor {
            Some(floor) => Estimate::Known(Box::new(self.floor_alone(floor, workload))),
            None => Estimate::Unknown(Reason::InsufficientHistory(gap)),
        }
    }

    /// What `auto` asks for. Overhead counts only where somebody set it, and so does the rule for the
    /// limit of memory: the recommender knows better than a default.
    fn judged(
        &self,
        workload: &Workload,
        history: Option<&ContainerHistory>,
        window: Option<&Window>,
    ) -> Estimate {
        let form = form(self.spec);
        let Some(asked) = self.auto.and_then(|auto| auto.asked(self.resource, form)) else {
            let seen = self.auto.map_or(Duration::ZERO, |auto| *auto.seen().get(self.resource));
            let cells = |span: Duration| span.as_secs() / 300;
            let gap =
                Gap { samples: cells(seen), needed: cells(WARM_UP), startup: self.span.startup };
            return self.without_base(workload, gap);
        };
        let Asked { allocation, judgement } = asked;
        let overhead = &self.rule.resource.overhead;
        let overhead = if overhead.origin == Origin::Default {
            Sourced::default_value(Ratio::ZERO)
        } else {
            overhead.clone()
        };
        let base = allocation.request.unwrap_or(Amount::ZERO);
        let limit = allocation.limit.filter(|_| self.rule.limit.origin == Origin::Default);
        let trail = self.trail_to(base, overhead, limit);
        let leak = judgement.filter(|one| one.verdict == AutoVerdict::HeldAsLeak);
        let leak = leak.and_then(|_| self.grown()).map(Constraint::Leak);
        Estimate::Known(Box::new(Trail {
            constraint: trail.constraint.clone().or(leak),
            samples: window.map_or(0, Window::samples),
            pods: window.map_or(0, |window| window.pods(1)),
            spread: window.and_then(spread),
            coverage: history.map_or(Ratio::ZERO, |history| {
                history.coverage(self.span.look_back, self.span.now)
            }),
            judgement,
            ..trail
        }))
    }

    fn base(&self, window: &Window) -> Option<Amount> {
        let target = self.rule.resource.target.value;
        if let Target::Pooled(quantile) = target {
            return window.pooled_quantile(quantile, LEAST_SAMPLES);
        }
        match counted(target) {
            Some(quantile) => window.mean_quantile(quantile, LEAST_SAMPLES),
            None => window.max(LEAST_SAMPLES),
        }
    }

    /// Too little usage to go by, but a kill: what is there stands in for the usage, since a kill is
    /// no reason to take anything away, and the floor raises it.
    fn floor_alone(&self, floor: Amount, workload: &Workload) -> Trail {
        let base = present(workload, self.spec, self.resource).unwrap_or(floor);
        self.trail(base, Sourced::default_value(Ratio::ZERO))
    }

    /// The memory above which it is given none, while it grows without end.
    fn grown(&self) -> Option<Amount> {
        self.auto.filter(|_| self.resource == Resource::Memory)?.memory_most()
    }

    /// The steps from the base on; what the base came from is left empty.
    fn trail(&self, base: Amount, overhead: Sourced<Ratio>) -> Trail {
        self.trail_to(base, overhead, None)
    }

    /// The same with this limit where the template has one, in place of what the rule says.
    fn trail_to(&self, base: Amount, overhead: Sourced<Ratio>, level: Option<Amount>) -> Trail {
        let with_overhead = base.raised(overhead.value);
        let oom_floor = self.floor.filter(|floor| *floor > with_overhead);
        let (wanted, bound) = bounded(oom_floor.unwrap_or(with_overhead), self.rule);
        let rule = &self.rule.limit;
        let original = *self.spec.original.get(self.resource);
        let result = match level.filter(|_| original.limit.is_some()) {
            Some(level) => Allocation { request: Some(wanted), limit: Some(level.max(wanted)) },
            None => limited(rule.value, wanted, original, self.resource),
        };
        let leak = self.grown().filter(|most| oom_floor.is_some_and(|floor| floor >= *most));
        let held = result.limit.filter(|limit| *limit < wanted);
        Trail {
            samples: 0,
            pods: 0,
            spread: None,
            look_back: self.span.look_back,
            coverage: Ratio::ZERO,
            target: self.rule.resource.target.clone(),
            base,
            overhead,
            with_overhead,
            oom_floor,
            judgement: None,
            foreseen: self.foreseen,
            constraint: held
                .map(Constraint::Limit)
                .or(bound)
                .or_else(|| leak.map(Constraint::Leak)),
            limit: LimitStep { rule: rule.clone(), original: original.limit, value: result.limit },
            result,
        }
    }
}

/// How unlike the pods are, which no target shows by itself.
fn spread(window: &Window) -> Option<(Amount, Amount)> {
    window.spread(Quantile::new(SPREAD)?, LEAST_SAMPLES)
}

/// The quantile of the usage seen that counts; the greatest usage of any pod where there is none.
///
/// Where a forecast is asked for and there is none that can be followed, the quantile that is asked
/// for of what was seen stands in for what may come; every strategy without a quantile covers the
/// greatest usage seen, which is the most that any of them can be told from the past.
fn counted(target: Target) -> Option<Quantile> {
    match target {
        Target::Quantile(quantile)
        | Target::Pooled(quantile)
        | Target::Forecast(Strategy::Percentile(quantile)) => Some(quantile),
        // `auto` has a base of its own.
        Target::Auto | Target::Max | Target::Forecast(_) => None,
    }
}

/// Memory is one level where the template's request is its limit: the pod may be Guaranteed.
fn form(spec: &ContainerSpec) -> Form {
    let Allocation { request, limit } = spec.original.memory;
    let is_one = limit.is_some() && (request.is_none() || request == limit);
    if is_one { Form::Guaranteed } else { Form::Burstable }
}

/// The greatest request the container has anywhere: in its template, approved for new pods, or on a
/// running pod.
fn present(workload: &Workload, spec: &ContainerSpec, resource: Resource) -> Option<Amount> {
    let published = workload.state.published.as_ref();
    let published = published.and_then(|p| values::given(&p.containers, &spec.name, resource));
    let running = workload.pods.iter().flat_map(|pod| &pod.containers);
    let running = running.filter(|container| container.identity() == &*spec.name);
    running
        .filter_map(|container| container.resources.get(resource).request)
        .chain(spec.original.get(resource).request)
        .chain(published.and_then(|allocation| allocation.request))
        .max()
}
