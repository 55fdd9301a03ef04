//! What the demo came to: requested, used, recommended; what was avoided and what was caused.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use plimsoll_domain::{
    Allocation, Amount, Estimate, Evaluation, OutcomeResult, PerResource, Resource, Running,
};

use crate::node::{Container, Effect};
use crate::simulate::SimulatedCluster;

/// Sums over the run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    elapsed: Duration,
    /// Amount times seconds.
    used: PerResource<f64>,
    asked: PerResource<f64>,
    requested: PerResource<f64>,
    without: Harm,
    with: Harm,
    pods_changed: u64,
}

/// Harm done to containers.
#[derive(Clone, Copy, Debug, Default)]
struct Harm {
    denied_core_seconds: f64,
    kills: u64,
}

impl Tally {
    /// Counts a step of the cluster left alone.
    pub(super) fn count_without(
        &mut self,
        effects: &[Effect],
        cluster: &SimulatedCluster,
        step: Duration,
    ) {
        self.without.count(effects, cluster, step);
        for resource in Resource::ALL {
            let asked = total(cluster, resource, request_of);
            *self.asked.get_mut(resource) += asked * step.as_secs_f64();
        }
    }

    /// Counts a step of the cluster the program works on.
    pub(super) fn count_with(
        &mut self,
        effects: &[Effect],
        cluster: &SimulatedCluster,
        step: Duration,
    ) {
        self.elapsed += step;
        self.with.count(effects, cluster, step);
        for resource in Resource::ALL {
            let used =
                total(cluster, resource, |container, resource| Some(*container.used.get(resource)));
            let requested = total(cluster, resource, request_of);
            *self.used.get_mut(resource) += used * step.as_secs_f64();
            *self.requested.get_mut(resource) += requested * step.as_secs_f64();
        }
    }

    /// Counts what was changed.
    pub(super) fn count_outcomes(&mut self, evaluations: &[Evaluation]) {
        let outcomes = evaluations.iter().flat_map(|evaluation| &evaluation.outcomes);
        let accepted = outcomes.filter(|outcome| outcome.result == OutcomeResult::Accepted);
        self.pods_changed += accepted.count() as u64;
    }
}

impl Harm {
    fn count(&mut self, effects: &[Effect], cluster: &SimulatedCluster, step: Duration) {
        let kills = effects.iter().filter(|effect| matches!(effect, Effect::OomKilled { .. }));
        self.kills += kills.count() as u64;
        let denied: f64 = cluster.containers().map(|(_, c)| c.throttled.value()).sum();
        self.denied_core_seconds += denied * step.as_secs_f64();
    }
}

/// The summary as text.
pub(super) fn render(
    tally: &Tally,
    cluster: &SimulatedCluster,
    without: &SimulatedCluster,
    seed: u64,
) -> String {
    let pods = cluster.containers().count();
    let workloads = cluster.workloads.len();
    let days = tally.elapsed.as_secs_f64() / 86_400.0;
    let mut text = format!(
        "After {days:.1} days of recorded usage: {workloads} workloads, {pods} pods, seed {seed}\n\n"
    );
    totals(&mut text, tally, cluster, without);
    harm(&mut text, tally);
    decisions(&mut text, tally, cluster);
    text
}

fn totals(
    text: &mut String,
    tally: &Tally,
    cluster: &SimulatedCluster,
    without: &SimulatedCluster,
) {
    let head = ["", "asked for", "requested", "recommended", "used", "requested", "saved"];
    let below = ["", "by owners", "at the end", "at the end", "on average", "on average", ""];
    row(text, &head);
    row(text, &below);
    let seconds = tally.elapsed.as_secs_f64().max(1.0);
    for resource in Resource::ALL {
        let asked = *tally.asked.get(resource) / seconds;
        let requested = *tally.requested.get(resource) / seconds;
        let saved = (1.0 - requested / asked.max(f64::MIN_POSITIVE)) * 100.0;
        row(
            text,
            &[
                resource.name(),
                &shown(resource, total(without, resource, request_of)),
                &shown(resource, total(cluster, resource, request_of)),
                &shown(resource, recommended(cluster, resource)),
                &shown(resource, tally.used.get(resource) / seconds),
                &shown(resource, requested),
                &format!("{saved:.0} %"),
            ],
        );
    }
    text.push('\n');
}

fn harm(text: &mut String, tally: &Tally) {
    let hours = |harm: Harm| harm.denied_core_seconds / 3600.0;
    harm_row(text, &["", "left alone", "with Plimsoll", "avoided"].map(str::to_owned));
    let denied = (hours(tally.without), hours(tally.with));
    harm_row(text, &compared("core-hours denied by CPU limits", denied, 2));
    let kills = (tally.without.kills as f64, tally.with.kills as f64);
    harm_row(text, &compared("containers killed for memory", kills, 0));
    text.push('\n');
}

/// What was avoided; what was caused is shown as such, not as a negative number.
fn compared(what: &str, (without, with): (f64, f64), digits: usize) -> [String; 4] {
    let difference = without - with;
    let verdict = if difference < 0.0 {
        format!("{:.digits$} caused", -difference)
    } else {
        format!("{difference:.digits$}")
    };
    [what.to_owned(), format!("{without:.digits$}"), format!("{with:.digits$}"), verdict]
}

fn harm_row(text: &mut String, [what, without, with, verdict]: &[String; 4]) {
    writeln!(text, "{what:<32}{without:>14}{with:>16}{verdict:>14}").ok();
}

fn decisions(text: &mut String, tally: &Tally, cluster: &SimulatedCluster) {
    let moves: u64 = cluster.workloads.iter().map(|workload| workload.state.moves).sum();
    let pods = tally.pods_changed;
    writeln!(text, "{pods} pods resized in place, in {moves} changes of workloads").ok();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for evaluation in &cluster.published {
        let code = match &evaluation.decision.running {
            Running::Apply(_) => "Apply",
            Running::Hold(reason) => reason.code(),
        };
        *counts.entry(code).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(code, n)| format!("{n} {code}")).collect();
    writeln!(text, "At the end: {}", counts.join(", ")).ok();
}

fn row(text: &mut String, cells: &[&str; 7]) {
    let line: Vec<String> = cells
        .iter()
        .enumerate()
        .map(|(i, cell)| if i == 0 { format!("{cell:<8}") } else { format!("{cell:>13}") })
        .collect();
    writeln!(text, "{}", line.concat().trim_end()).ok();
}

fn shown(resource: Resource, value: f64) -> String {
    match resource {
        Resource::Cpu => format!("{value:.1} cores"),
        Resource::Memory => format!("{:.1} GiB", value / f64::from(1 << 30)),
    }
}

fn total(
    cluster: &SimulatedCluster,
    resource: Resource,
    of: impl Fn(&Container, Resource) -> Option<Amount>,
) -> f64 {
    let amounts = cluster.containers().filter_map(|(_, container)| of(container, resource));
    amounts.map(Amount::value).sum()
}

fn request_of(container: &Container, resource: Resource) -> Option<Amount> {
    container.running.resources.get(resource).request
}

/// What all pods would request if every recommendation were applied.
fn recommended(cluster: &SimulatedCluster, resource: Resource) -> f64 {
    let sum = cluster.published.iter().map(|evaluation| {
        let containers = evaluation.containers.iter().map(|container| {
            match container.estimates.get(resource) {
                Estimate::Known(trail) => trail.result.request,
                Estimate::Unknown(_) => allocation(&container.original, resource).request,
            }
            .map_or(0.0, Amount::value)
        });
        containers.sum::<f64>() * f64::from(evaluation.applied.of)
    });
    sum.sum()
}

fn allocation(resources: &PerResource<Allocation>, resource: Resource) -> Allocation {
    *resources.get(resource)
}
