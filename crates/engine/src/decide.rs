//! Decide: whether running pods are changed and what new pods get. All guards, in one order; the
//! first that stops a change names the reason.

use plimsoll_domain::{
    Action, ContainerPatch, Decision, Diagnostic, Grouping, MetricsState, Mode, NewPods,
    PerResource, Published, Reason, Rollout, Running, Workload,
};

use crate::case::{Case, Known};
use crate::values::{self, Values};
use crate::{idle, moves};

/// A decision, and the values it approves for new pods: present exactly when it patches them, but
/// for a stop, which forgets nothing: who answers for new pods reads the stop order itself.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    pub(crate) published: Option<Published>,
}

/// The decision on one case.
pub(crate) fn decide(case: &Case<'_>) -> Decided {
    let permitted = permitted(case);
    let for_new_pods = match &permitted {
        Ok(known) => approved(known),
        Err(reason) => last_published(case, reason),
    };
    let for_new_pods = for_new_pods.and_then(|values| {
        refuse(case.settings.dry_run.then_some(Reason::DryRun))?;
        Ok(values)
    });
    let running = permitted.and_then(|known| running(case, known));
    Decided {
        decision: Decision {
            running: running.map_or_else(Running::Hold, Running::Apply),
            new_pods: match &for_new_pods {
                Ok(values) => NewPods::Patch(patches(case.workload, values)),
                Err(reason) => NewPods::Untouched(reason.clone()),
            },
        },
        published: match for_new_pods {
            Ok(containers) => Some(Published { containers, grouping: grouping(case) }),
            Err(reason) => {
                let last = case.workload.state.published.as_ref();
                let is_kept = matches!(reason, Reason::Stopped(_) | Reason::DryRun);
                last.filter(|_| is_kept).cloned()
            }
        },
    }
}

/// The guards that hold for running and new pods alike: whether anything may be changed at all.
fn permitted<'c, 'a>(case: &'c Case<'a>) -> Result<&'c Known<'a>, Reason> {
    let workload = case.workload;
    refuse(case.context.stop.clone().map(Reason::Stopped))?;
    refuse(workload.opt_out.map(Reason::OptedOut))?;
    refuse(case.refusal.map(invalid))?;
    let known = case.known.as_ref().map_err(|diagnostic| invalid(diagnostic))?;
    refuse(unknown_kind(workload))?;
    refuse(workload.foreign_actuator.clone().map(Reason::ForeignActuator))?;
    refuse((known.policy.vertical.mode.value == Mode::Recommend).then_some(Reason::RecommendOnly))?;
    refuse(known.rules.all_held().cloned())?;
    refuse(metrics_unavailable(case.context.metrics))?;
    Ok(known)
}

/// The guards that follow for running pods. A memory event (a running pod below what a kill has
/// taught) skips history and confidence, threshold and cooldown, and what is deferred but itself;
/// what these would have stopped stays as it is, and memory alone is raised.
fn running(case: &Case<'_>, known: &Known<'_>) -> Result<Action, Reason> {
    let permits = known.permits;
    let urgent = if permits.event() { moves::urgent(known) } else { Vec::new() };
    let is_event = !urgent.is_empty();
    if !is_event {
        known.sufficient.clone()?;
    }
    refuse(known.compared.is_empty().then_some(Reason::NoRunningPods))?;
    let is_deferred = !is_event && !permits.any_ordinary();
    refuse(is_deferred.then(|| Reason::Deferred(permits.everything())))?;
    let moves = moves::moves(case, known, urgent);
    if !is_event {
        refuse(idle::nothing_passes(known, &moves))?;
        refuse(idle::deferred(known, &moves))?;
        refuse(idle::cooling_down(case, &moves))?;
    }
    refuse(rolling_out(case.workload))?;
    refuse(case.settings.dry_run.then_some(Reason::DryRun))?;
    Ok(Action {
        workload: case.workload.id.clone(),
        values: moves.values,
        changes: moves.changes,
        waiting_for_budget: 0,
    })
}

/// A guard: stops with the reason, if there is one.
fn refuse(reason: Option<Reason>) -> Result<(), Reason> {
    reason.map_or(Ok(()), Err)
}

fn invalid(diagnostic: &Diagnostic) -> Reason {
    Reason::ConfigurationInvalid { diagnostic: diagnostic.to_string() }
}

fn unknown_kind(workload: &Workload) -> Option<Reason> {
    let kind = &workload.id.kind;
    (!kind.is_known()).then(|| Reason::UnknownKind { kind: kind.name().to_owned() })
}

fn metrics_unavailable(metrics: MetricsState) -> Option<Reason> {
    match metrics {
        MetricsState::Available => None,
        MetricsState::Unavailable { since } => Some(Reason::MetricsUnavailable { since }),
    }
}

fn rolling_out(workload: &Workload) -> Option<Reason> {
    match workload.rollout {
        Rollout::Settled => None,
        Rollout::InProgress { updated, desired } => {
            Some(Reason::RolloutInProgress { updated, desired })
        }
    }
}

/// Where changes are permitted, new pods get what is approved: a restart that happens anyway costs
/// nothing.
fn approved(known: &Known<'_>) -> Result<Values, Reason> {
    if known.approved.is_empty() {
        known.sufficient.clone()?;
    }
    Ok(known.approved.clone())
}

/// Where only the knowledge to decide is missing, new pods get what was approved last.
fn last_published(case: &Case<'_>, reason: &Reason) -> Result<Values, Reason> {
    let is_frozen =
        matches!(reason, Reason::ConfigurationInvalid { .. } | Reason::MetricsUnavailable { .. });
    let published = case.workload.state.published.as_ref();
    let kept = published.filter(|_| is_frozen);
    kept.map_or_else(|| Err(reason.clone()), |kept| Ok(kept.containers.clone()))
}

/// Which containers count as one: as the policy says or, where that cannot be acted on, as it was
/// published last, like the values.
fn grouping(case: &Case<'_>) -> Vec<Grouping> {
    let known = case.known.as_ref().ok().filter(|_| case.refusal.is_none());
    let last = || case.workload.state.published.as_ref().map(|last| last.grouping.clone());
    known.map_or_else(
        || last().unwrap_or_default(),
        |known| known.policy.vertical.grouping.value.clone(),
    )
}

/// The values with the template's own where nothing is given.
fn patches(workload: &Workload, values: &Values) -> Vec<ContainerPatch> {
    let containers = workload.containers.iter();
    let patches = containers.filter_map(|spec| {
        values::of(values, &spec.name)?;
        Some(ContainerPatch {
            container: spec.name.to_string(),
            resources: PerResource::from_fn(|resource| {
                values::given(values, &spec.name, resource)
                    .unwrap_or_else(|| *spec.original.get(resource))
            }),
        })
    });
    patches.collect()
}
