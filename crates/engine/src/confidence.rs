//! How much is known: how well the look-back is covered, and how far back usage reaches.

use std::time::Duration;

use plimsoll_domain::{
    ContainerSpec, PerResource, Policy, Ratio, Reason, Schedule, Timestamp, Workload, WorkloadKind,
};
use plimsoll_history::{ContainerHistory, MAX_RUNS};

use crate::Engine;
use crate::rules::{Rule, Rules};

/// How far back usage can be asked to reach: the longest look-back. A day more is remembered, so
/// that a gap just there does not bring the workload to a halt.
const LONGEST_REACH: Duration = Duration::from_hours(7 * 24);

/// The least share of what is expected that was seen, over the containers and resources that may be
/// changed, or over all where none may; `None` before any usage was seen.
///
/// What runs all the time is expected in every five minutes of the look-back, what runs in jobs
/// three times.
pub(crate) fn confidence(rules: &Rules<'_>, engine: &Engine, now: Timestamp) -> Option<Ratio> {
    let schedule = schedule(rules.workload, rules.policy);
    let mut seen = false;
    let mut least = 1.0_f64;
    for (spec, container_rules) in relevant(rules) {
        let history = history(rules, spec, engine);
        seen |= history.is_some_and(|history| history.last_seen().is_some());
        for (_, rule) in container_rules.iter().filter(|(_, rule)| counts(rules, rule)) {
            let look_back = rule.resource.look_back.value;
            let share = |history| share(history, schedule, look_back, now).value();
            least = least.min(history.map_or(0.0, share));
        }
    }
    seen.then(|| Ratio::new(least)).flatten()
}

/// How long usage must at least go on to be seen until `threshold` is reached: the share that lacks
/// of the longest look-back that counts. `None` where usage comes in runs.
pub(crate) fn wait(rules: &Rules<'_>, confidence: Ratio, threshold: Ratio) -> Option<Duration> {
    if schedule(rules.workload, rules.policy) == Schedule::JobLike {
        return None;
    }
    let counted = relevant(rules).flat_map(|(_, of)| of.iter().map(|(_, rule)| rule));
    let look_backs =
        counted.filter(|rule| counts(rules, rule)).map(|rule| rule.resource.look_back.value);
    let lacking = (threshold.value() - confidence.value()).clamp(0.0, 1.0);
    look_backs.max().map(|longest| longest.mul_f64(lacking))
}

/// Whether usage of every container that may be changed reaches back as far as the policy asks.
pub(crate) fn enough_reach(
    rules: &Rules<'_>,
    engine: &Engine,
    now: Timestamp,
) -> Result<(), Reason> {
    let needed = rules.policy.vertical.min_history.value.min(LONGEST_REACH);
    let reach = |(spec, _): (&ContainerSpec, _)| {
        let oldest = history(rules, spec, engine).and_then(ContainerHistory::oldest_seen);
        oldest.map_or(Duration::ZERO, |oldest| now.since(oldest))
    };
    match relevant(rules).map(reach).min() {
        Some(seen) if seen < needed => Err(Reason::ShortHistory { seen, needed }),
        _ => Ok(()),
    }
}

/// The containers of which something may be changed; all where that is none.
fn relevant<'r, 'a>(
    rules: &'r Rules<'a>,
) -> impl Iterator<Item = (&'a ContainerSpec, &'r PerResource<Rule<'a>>)> {
    rules.iter().filter(|(_, of)| of.iter().any(|(_, rule)| counts(rules, rule)))
}

fn counts(rules: &Rules<'_>, rule: &Rule<'_>) -> bool {
    rule.held.is_none() || rules.all_held().is_some()
}

fn share(
    history: &ContainerHistory,
    schedule: Schedule,
    look_back: Duration,
    now: Timestamp,
) -> Ratio {
    match schedule {
        Schedule::JobLike => {
            let runs = history.runs(look_back, now) as f64;
            Ratio::new(runs / MAX_RUNS as f64).unwrap_or(Ratio::ZERO)
        }
        Schedule::Continuous => history.coverage(look_back, now),
    }
}

/// How the workload runs: as its kind does. A cron job's pods cover next to nothing of any look-back,
/// so it counts as jobs too. Only custom workloads of pods whose controller tells nothing are asked
/// what they are; bare pods come and go like jobs where nothing else is said.
fn schedule(workload: &Workload, policy: &Policy) -> Schedule {
    let kind = &workload.id.kind;
    let is = |controller| *kind == WorkloadKind::custom(controller);
    let said = |otherwise| policy.vertical.schedule.value.unwrap_or(otherwise);
    match kind {
        WorkloadKind::Job | WorkloadKind::CronJob => Schedule::JobLike,
        WorkloadKind::Custom(_) if is("Job") || is("CronJob") => Schedule::JobLike,
        WorkloadKind::Custom(_) if is("Pod") => said(Schedule::JobLike),
        WorkloadKind::Custom(_) => said(Schedule::Continuous),
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::ReplicaSet
        | WorkloadKind::Rollout
        | WorkloadKind::Other(_) => Schedule::Continuous,
    }
}

fn history<'e>(
    rules: &Rules<'_>,
    spec: &ContainerSpec,
    engine: &'e Engine,
) -> Option<&'e ContainerHistory> {
    engine.of(rules.workload, &spec.name).map(|container| &container.history)
}
