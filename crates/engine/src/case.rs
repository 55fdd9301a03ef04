//! One workload's case: everything a decision is made from, computed once.

use std::time::Duration;

use plimsoll_domain::{
    Amount, Configured, Diagnostic, Estimate, OomFloor, PerResource, Policy, Ratio, Reason,
    Recommendation, Resource, Resources, Timestamp, Trail, Workload,
};
use plimsoll_history::{ContainerHistory, Span};

use crate::compare::{self, Comparison};
use crate::permit::Permits;
use crate::reach::Means;
use crate::recommend::{self, recommend};
use crate::rules::Rules;
use crate::values::{self, Values};
use crate::{Context, Engine, Settings, confidence, floor, state};

/// A workload in its surroundings.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) workload: &'a Workload,
    pub(crate) context: &'a Context,
    pub(crate) settings: Settings,
    pub(crate) now: Timestamp,
    /// Why its configuration is not acted on, if it is not: it cannot be read, or a value is refused.
    pub(crate) refusal: Option<&'a Diagnostic>,
    /// What is known of it; why its configuration cannot be read otherwise.
    pub(crate) known: Result<Known<'a>, &'a Diagnostic>,
}

/// What is known of a workload that has a policy.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) rules: Rules<'a>,
    /// Which changes running pods get.
    pub(crate) permits: Permits,
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
        let refusal = workload.configuration.refusal();
        Self { workload, context, settings: engine.settings, now, refusal, known }
    }

    /// Until when the last move cools down, while it does.
    pub(crate) fn cooling_until(&self) -> Option<Timestamp> {
        let last = self.workload.state.last_move.as_ref()?;
        let own = self.known.as_ref().ok().and_then(|known| known.policy.vertical.cooldown.value);
        let until = last.at.plus(own.unwrap_or(self.settings.cooldown));
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
        let floors = floor::floors(self, workload, policy, now);
        let rules = Rules::new(workload, policy);
        let recommendation = recommend(self, &rules, &floors, now);
        let confidence = confidence::confidence(&rules, self, now);
        let sufficient = enough_history(&rules, &recommendation)
            .and_then(|()| confidence::enough_reach(&rules, self, now))
            .and_then(|()| enough_confidence(&rules, confidence));
        let rounding = self.settings.rounding;
        let recommended = values::recommended(&recommendation, &rules, rounding);
        let is_sufficient = sufficient.is_ok();
        let approved = state::approved(workload, &rules, &recommended, &floors, is_sufficient);
        let goal = if is_sufficient { values::only(&approved, &recommended) } else { recommended };
        let means = Means {
            capabilities: context.capabilities,
            peaks: self.peaks(&rules, now),
            limits: rules.limits(),
        };
        let compared = compare::compare(&compare::running(workload), &goal, &rules, &means);
        Known {
            policy,
            rules,
            permits: Permits::new(workload, policy),
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
        rules: &Rules<'_>,
        now: Timestamp,
    ) -> Vec<(String, PerResource<Option<Amount>>)> {
        let peak = |history: &ContainerHistory, resource, startup| {
            let look_back = rules.policy.resources.get(resource).look_back.value;
            history.window(resource, &Span { look_back, startup, now }).max(1)
        };
        let peaks = rules.iter().filter_map(|(spec, own)| {
            let history = &self.of(rules.workload, &spec.name)?.history;
            let cpu =
                peak(history, Resource::Cpu, rules.policy.vertical.startup.value).map(|peak| {
                    let most = own.cpu.max.as_ref().map_or(peak, |max| max.value);
                    self.settings.rounding.apply(peak, Resource::Cpu).min(most)
                });
            let memory = peak(history, Resource::Memory, Duration::ZERO);
            Some((spec.name.to_string(), PerResource { cpu, memory }))
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

    /// The trails of all estimates that may be acted on.
    pub(crate) fn trails(&self) -> impl Iterator<Item = &Trail> {
        let containers = self.recommendation.containers.iter();
        containers.flat_map(|container| {
            container.resources.iter().filter_map(|(resource, estimate)| match estimate {
                Estimate::Known(trail) => {
                    let held = self.rules.held(&container.container, resource);
                    held.is_none().then_some(trail.as_ref())
                }
                Estimate::Unknown(_) => None,
            })
        })
    }
}

/// Whether anything that may be changed is known from usage: an estimate that rests on a kill alone
/// has no pods.
fn enough_history(rules: &Rules<'_>, recommendation: &Recommendation) -> Result<(), Reason> {
    let estimates = || {
        let containers = recommendation.containers.iter();
        containers.flat_map(|container| {
            let estimates = container.resources.iter();
            estimates.map(|(resource, estimate)| (&container.container, resource, estimate))
        })
    };
    let known = estimates().any(|(container, resource, estimate)| {
        rules.held(container, resource).is_none()
            && matches!(estimate, Estimate::Known(trail) if trail.pods > 0)
    });
    if known {
        return Ok(());
    }
    let gaps = estimates().filter_map(|(_, _, estimate)| match estimate {
        Estimate::Unknown(Reason::InsufficientHistory(gap)) => Some(*gap),
        Estimate::Unknown(_) | Estimate::Known(_) => None,
    });
    let gap = gaps.max_by_key(|gap| gap.samples);
    Err(Reason::InsufficientHistory(gap.unwrap_or_else(|| recommend::no_samples(rules.policy))))
}

fn enough_confidence(rules: &Rules<'_>, confidence: Option<Ratio>) -> Result<(), Reason> {
    let policy = rules.policy;
    let confidence = confidence.unwrap_or(Ratio::ZERO);
    let threshold = policy.vertical.confidence_threshold.value;
    if policy.vertical.confidence_required.value && confidence < threshold {
        let wait = confidence::wait(rules, confidence, threshold);
        return Err(Reason::LowConfidence { confidence, threshold, wait });
    }
    Ok(())
}
