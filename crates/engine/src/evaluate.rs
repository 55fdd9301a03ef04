//! Evaluate: recommend, decide, and all that is worth telling about both.

use plimsoll_domain::{
    Amount, Applied, Capabilities, ContainerEvaluation, DecisionState, Diagnostic, Estimate,
    Evaluation, MetricsState, PerResource, Pod, Reason, ResizeStatus, Resource, Stop, Timestamp,
    Verdict, Workload,
};

use crate::case::{Case, Known};
use crate::decide::decide;
use crate::values::{self, Values};
use crate::{Engine, compare};

/// What bears on all workloads alike at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// Set while the whole cluster is told to stand still.
    pub stop: Option<Stop>,
    /// What the cluster can do.
    pub capabilities: Capabilities,
    /// Whether usage could be read.
    pub metrics: MetricsState,
}

impl Engine {
    /// Evaluates one workload. Total: whatever is missing or in the way is a reason in the result.
    pub fn evaluate(&self, workload: &Workload, context: &Context, now: Timestamp) -> Evaluation {
        let case = Case::new(self, workload, context, now);
        let decided = decide(&case);
        let known = case.known.as_ref().ok();
        let state = &workload.state;
        Evaluation {
            workload: workload.id.clone(),
            at: now,
            configuration: workload.configuration.clone(),
            metrics: context.metrics,
            confidence: known.and_then(|known| known.confidence),
            containers: containers(&case),
            decision: decided.decision,
            applied: applied(&case),
            state: DecisionState {
                published: decided.published,
                last_move: state.last_move.clone(),
                moves: state.moves,
                oom_floors: known
                    .map_or_else(|| state.oom_floors.clone(), |known| known.floors.clone()),
            },
            outcomes: Vec::new(),
        }
    }
}

fn containers(case: &Case<'_>) -> Vec<ContainerEvaluation> {
    let unreadable = |diagnostic: &Diagnostic| {
        let diagnostic = diagnostic.to_string();
        PerResource::from_fn(|_| {
            Estimate::Unknown(Reason::ConfigurationInvalid { diagnostic: diagnostic.clone() })
        })
    };
    let specs = case.workload.containers.iter();
    let evaluations = specs.map(|spec| ContainerEvaluation {
        name: spec.name.to_string(),
        original: spec.original,
        estimates: match &case.known {
            Ok(known) => known.estimates(&spec.name),
            Err(diagnostic) => unreadable(diagnostic),
        },
        verdicts: case
            .known
            .as_ref()
            .map_or_else(|_| PerResource::default(), |known| verdicts(known, &spec.name)),
    });
    evaluations.collect()
}

fn verdicts(known: &Known<'_>, name: &str) -> PerResource<Option<Verdict>> {
    let compared = compare::verdicts(name, &known.compared, &known.goal, &known.rules);
    let estimates = known.estimates(name);
    PerResource::from_fn(|resource| match known.rules.held(name, resource) {
        None => compared.get(resource).clone(),
        Some(reason) if matches!(estimates.get(resource), Estimate::Known(_)) => {
            compare::held(name, reason, &known.compared, resource)
        }
        Some(_) => None,
    })
}

/// Pods have the values when they have those recommended now or those of the last move; a resize
/// that is asked for and not done does not count.
fn applied(case: &Case<'_>) -> Applied {
    let pods = compare::running(case.workload);
    let last = case.workload.state.last_move.as_ref();
    let published = case.workload.state.published.as_ref();
    let has_values = |pod: &Pod| match &case.known {
        Ok(known) => {
            known.is_applied(pod, &known.goal)
                || last.is_some_and(|last| known.is_applied(pod, &last.containers))
        }
        Err(_) => published.is_some_and(|published| {
            has_requests(pod, &published.containers, |_, _, request| request)
        }),
    };
    let applied = pods.iter().filter(|pod| pod.resize == ResizeStatus::Settled && has_values(pod));
    Applied { pods: count(applied.count()), of: count(pods.len()) }
}

fn count(pods: usize) -> u32 {
    u32::try_from(pods).unwrap_or(u32::MAX)
}

impl Known<'_> {
    fn estimates(&self, name: &str) -> PerResource<Estimate> {
        let mut containers = self.recommendation.containers.iter();
        let found = containers.find(|container| container.container == name);
        found.map_or_else(
            || PerResource::from_fn(|_| Estimate::Unknown(Reason::Internal)),
            |container| container.resources.clone(),
        )
    }

    /// Whether the pod has the requests, and the limits as far as they can be given in place.
    fn is_applied(&self, pod: &Pod, values: &Values) -> bool {
        let compared = compare::compare(&[pod], values, &self.rules, &self.means);
        let meant = |container: &str, resource, request| {
            self.means.request(container, pod.qos, resource, request)
        };
        has_requests(pod, values, meant)
            && compared.iter().all(|compared| compared.change().is_none())
    }
}

/// Whether the pod's containers have all the requests that are meant for it where the values give
/// one; values that give it none are no values to have.
fn has_requests(
    pod: &Pod,
    values: &Values,
    meant: impl Fn(&str, Resource, Option<Amount>) -> Option<Amount>,
) -> bool {
    let mut given = pod.containers.iter().flat_map(|container| {
        Resource::ALL.into_iter().filter_map(|resource| {
            let given = values::given(values, container.identity(), resource)?;
            let present = container.resources.get(resource).request;
            Some(values::same(meant(container.identity(), resource, given.request), present))
        })
    });
    given.next().is_some_and(|first| first && given.all(|same| same))
}
