//! What the demo says while it runs: changes, and holds that a person would want to know of.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{
    Action, Allocation, ContainerChange, Evaluation, Reason, Resource, Running, WorkloadId,
};
use plimsoll_report::{format_amount, sentence};

/// Reasons that come and go with every look; their counts are in the summary.
const ROUTINE: [&str; 5] =
    ["InsufficientHistory", "UpToDate", "BelowThreshold", "CoolingDown", "ChangeBudget"];

/// Remembers what was said, so that it is said once.
#[derive(Debug, Default)]
pub(super) struct Narrator {
    said: BTreeMap<WorkloadId, &'static str>,
}

impl Narrator {
    /// Lines about what is new in these evaluations.
    pub(super) fn lines(&mut self, evaluations: &[Evaluation]) -> Vec<String> {
        evaluations.iter().filter_map(|evaluation| self.line(evaluation)).collect()
    }

    fn line(&mut self, evaluation: &Evaluation) -> Option<String> {
        let id = &evaluation.workload;
        match &evaluation.decision.running {
            Running::Apply(action) => Some(format!("{id}: {}", applied(action))),
            Running::Hold(reason) if is_routine(reason) => None,
            Running::Hold(reason) => {
                let before = self.said.insert(id.clone(), reason.code());
                let is_new = before != Some(reason.code());
                is_new.then(|| format!("{id}: held, {}: {}", reason.code(), sentence(reason)))
            }
        }
    }
}

/// What comes before all else.
pub(super) fn opening() -> String {
    let told = "for a week, usage was collected and nothing changed; from now on, what is sure is \
                applied";
    format!("{}  {told}", stamp(Duration::ZERO))
}

/// `day 1 00:50`.
pub(super) fn stamp(elapsed: Duration) -> String {
    let minutes = elapsed.as_secs() / 60;
    let (day, hour) = (minutes / (24 * 60) + 1, minutes / 60 % 24);
    format!("day {day} {hour:02}:{:02}", minutes % 60)
}

fn is_routine(reason: &Reason) -> bool {
    ROUTINE.contains(&reason.code())
}

fn applied(action: &Action) -> String {
    let changes = action.changes.first().map(|change| {
        let containers = change.containers.iter().map(container);
        containers.collect::<Vec<_>>().join("; ")
    });
    let waiting = match action.waiting_for_budget {
        0 => String::new(),
        waiting => format!(", {waiting} more wait for the budget"),
    };
    let pods = action.changes.len();
    let noun = if pods == 1 { "pod" } else { "pods" };
    format!("{pods} {noun} resized in place, {}{waiting}", changes.unwrap_or_default())
}

fn container(change: &ContainerChange) -> String {
    let parts = Resource::ALL.into_iter().filter_map(|resource| {
        let (from, to) = (change.from.get(resource), change.to.get(resource));
        (from != to).then(|| format!("{} {}", resource.name(), step(resource, *from, *to)))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// `1000m -> 220m`, with the limit behind it where that changes too.
fn step(resource: Resource, from: Allocation, to: Allocation) -> String {
    let shown = |amount: Option<_>| {
        amount.map_or_else(|| "none".to_owned(), |amount| format_amount(resource, amount))
    };
    let request = format!("{} -> {}", shown(from.request), shown(to.request));
    if from.limit == to.limit {
        return request;
    }
    format!("{request} (limit {} -> {})", shown(from.limit), shown(to.limit))
}
