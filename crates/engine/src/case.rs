//! One workload's case: everything a decision is made from, computed once.

use std::time::Duration;

use plimsoll_domain::{
    Amount, Configured, ContainerKey, Diagnostic, Estimate, OomFloor, PerResource, Policy, Ratio,
    Reason, Recommendation, Resource, Resources, Timestamp, Trail, Workload,
};
use plimsoll_history::{ContainerHistory, Span};

use crate::compare::{self, Comparison};
use crate::reach::Means;
use crate::recommend::{self, recommend};
use crate::values::{self, Values};
use crate::{Context, Engine, Settings, floor, state};

/// A workload in its surroundings.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) workload: &'a Workload,
    pub(crate) context: &'a Context,
    pub(crate) settings: Settings,
    pub(crate) now: Timestamp,
    /// What is known of it; why its configuration cannot be read otherwise.
    pub(crate) known: Result<Known<'a>, &'a Diagnostic>,
}

/// What is known of a workload that has a policy.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) recommendation: Recommendation,
    /// The least coverage over containers and resources; absent before any usage was seen.
    pub(crate) confidence: Option<Ratio>,
    /// The floors under memory that kills have taught.
    pub(crate) floors: Vec<OomFloor>,
    pub(crate) means: Means,
    /// The recommendation as values for running pods.
    pub(crate) goal: Values,
    /// The values for new pods.
    pub(crate) approved: Values,
    /// Whether history and confidence suffice to act on the recommendation.
    pub(crate) sufficient: Result<(), Reason>,
    /// The running pods, by name, beside the goal.
    pub(crate) compared: Vec<Comparison<'a>>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        engine: &Engine,
        workload: &'a Workload,
        context: &'a Context,
        now: Timestamp,
    ) -> Self {
        let known = match &workload.configuration.configured {
            Configured::Unreadable(diagnostic) => Err(diagnostic),
            Configured::Policy(policy) => Ok(engine.know(workload, policy, context, now)),
        };
        Self { workload, context, settings: engine.settings, now, known }
    }

    /// Until when the last move cools down, while it does.
    pub(crate) fn cooling_until(&self) -> Option<Timestamp> {
        let last = self.workload.state.last_move.as_ref()?;
        let until = last.at.plus(self.settings.cooldown);
        (self.now < until).then_some(until)
    }
}

impl Engine {
    fn know<'a>(
        &self,
        workload: &'a Workload,
        policy: &'a Policy,
        context: &Context,
        now: Timestamp,
    ) -> Known<'a> {
        let histories = &self.histories;
        let look_back = policy.resources.memory.look_back.value;
        let floors = floor::floors(workload, histories, look_back, now);
        let recommendation = recommend(workload, policy, histories, &floors, now);
        let confidence = recommend::confidence(workload, policy, histories, now);
        let sufficient = enough_history(workload, policy, &recommendation)
            .and_then(|()| enough_confidence(policy, confidence));
        let rounding = self.settings.rounding;
        let recommended =
            values::recommended(workload, &recommendation, &policy.resources, rounding);
        let is_sufficient = sufficient.is_ok();
        let approved = state::approved(workload, policy, &recommended, &floors, is_sufficient);
        let goal = if is_sufficient { values::only(&approved, &recommended) } else { recommended };
        let means = Means {
            capabilities: context.capabilities,
            peaks: self.peaks(workload, policy, now),
            limits: PerResource::from_fn(|resource| policy.resources.get(resource).limit.value),
        };
        let compared = compare::compare(&compare::running(workload), &goal, policy, &means);
        Known {
            policy,
            recommendation,
            confidence,
            floors,
            means,
            goal,
            approved,
            sufficient,
            compared,
        }
    }

    /// The most each container used in the look-back: of CPU after its startup, and never above the
    /// policy's greatest request; of memory also while it started, since a limit below that kills it.
    fn peaks(
        &self,
        workload: &Workload,
        policy: &Policy,
        now: Timestamp,
    ) -> Vec<(String, PerResource<Option<Amount>>)> {
        let peak = |history: &ContainerHistory, resource, startup| {
            let look_back = policy.resources.get(resource).look_back.value;
            history.window(resource, &Span { look_back, startup, now }).max(1)
        };
        let peaks = workload.containers.iter().filter_map(|spec| {
            let history = self.histories.get(&ContainerKey {
                workload: workload.id.clone(),
                container: spec.name.clone(),
            })?;
            let cpu = peak(history, Resource::Cpu, policy.startup.value).map(|peak| {
                let most = policy.resources.cpu.max.value.unwrap_or(peak);
                self.settings.rounding.apply(peak, Resource::Cpu).min(most)
            });
            let memory = peak(history, Resource::Memory, Duration::ZERO);
            Some((spec.name.clone(), PerResource { cpu, memory }))
        });
        peaks.collect()
    }
}

impl Known<'_> {
    /// The memory of the goal, for containers that a kill has taught a floor, and nothing else.
    pub(crate) fn floored_memory(&self) -> Values {
        let floored = self.goal.iter().filter_map(|(name, given)| {
            floor::of(&self.floors, name)?;
            let memory_only = Resources { memory: given.memory, ..Resources::default() };
            Some((name.clone(), memory_only))
        });
        floored.filter(|(_, given)| values::is_any(given)).collect()
    }

    /// The trails of all estimates.
    pub(crate) fn trails(&self) -> impl Iterator<Item = &Trail> {
        let containers = self.recommendation.containers.iter();
        containers.flat_map(|container| {
            let estimates = [&container.resources.cpu, &container.resources.memory];
            estimates.into_iter().filter_map(|estimate| match estimate {
                Estimate::Known(trail) => Some(trail.as_ref()),
                Estimate::Unknown(_) => None,
            })
        })
    }
}

/// Whether anything that may be changed is known from usage: an estimate that rests on a kill alone
/// has no pods.
fn enough_history(
    workload: &Workload,
    policy: &Policy,
    recommendation: &Recommendation,
) -> Result<(), Reason> {
    let free = |resource| workload.hpa_on.get(resource).is_none();
    let estimates = || {
        let containers = recommendation.containers.iter();
        containers.flat_map(|container| container.resources.iter())
    };
    let known = estimates().any(|(resource, estimate)| {
        free(resource) && matches!(estimate, Estimate::Known(trail) if trail.pods > 0)
    });
    if known {
        return Ok(());
    }
    let gaps = estimates().filter_map(|(_, estimate)| match estimate {
        Estimate::Unknown(Reason::InsufficientHistory(gap)) => Some(*gap),
        Estimate::Unknown(_) | Estimate::Known(_) => None,
    });
    let gap = gaps.max_by_key(|gap| gap.samples);
    Err(Reason::InsufficientHistory(gap.unwrap_or_else(|| recommend::no_samples(policy))))
}

fn enough_confidence(policy: &Policy, confidence: Option<Ratio>) -> Result<(), Reason> {
    let rule = &policy.confidence;
    let confidence = confidence.unwrap_or(Ratio::ZERO);
    let threshold = rule.threshold.value;
    if rule.required.value && confidence < threshold {
        return Err(Reason::LowConfidence { confidence, threshold });
    }
    Ok(())
}
