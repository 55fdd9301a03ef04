//! One evaluation as text, stage by stage, for a person who was woken up by it: the decision
//! first, then the arithmetic of every container, then every setting with its origin.

use std::fmt::Write as _;

use plimsoll_domain::ANY_CONTAINER;

use crate::view::{
    ComparisonView, ContainerValuesView, ContainerView, EvaluationView, GovernanceView,
    NewPodsView, PodChangeView, ReasonView, ResourceView, RunningView, SettingView, SpreadView,
    StepsView,
};

/// The whole explanation, ending with a line feed.
pub fn explain(view: &EvaluationView) -> String {
    let workload = &view.workload;
    let mut page = Page::default();
    page.line(&format!(
        "{}/{} in namespace {}, evaluated at {}",
        workload.kind.to_ascii_lowercase(),
        workload.name,
        workload.namespace,
        view.at
    ));
    page.line("");
    decision(&mut page, view);
    for container in &view.containers {
        explain_container(&mut page, container, view);
    }
    settings(&mut page, view);
    page.0
}

/// Text that grows by whole lines.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.0.push_str(text.trim_end());
        self.0.push('\n');
    }

    /// `name          text`, for the head.
    fn field(&mut self, name: &str, text: &str) {
        self.line(&format!("{name:<16}{text}"));
    }

    /// `    name        text`, for a stage of a container.
    fn stage(&mut self, name: &str, text: &str) {
        self.line(&format!("    {name:<12}{text}"));
    }
}

fn decision(page: &mut Page, view: &EvaluationView) {
    running(page, &view.decision.running);
    outcomes(page, view);
    match &view.decision.new_pods {
        NewPodsView::Patch { containers } => {
            page.field("new pods", "get these values when they are created");
            for values in containers {
                page.field("", &format!("{}: {}", values.container, all_values(values)));
            }
        }
        NewPodsView::Untouched { reason } => {
            page.field("new pods", &format!("get what their template says: {}", because(reason)));
        }
    }
    let applied = view.applied;
    page.field(
        "applied",
        &format!("{} of {} running pods have the recommended values", applied.pods, applied.of),
    );
    page.field("confidence", &confidence(view));
    governance(page, view);
    if let Some(since) = &view.metrics_unavailable_since {
        page.field("usage", &format!("could not be read since {since}"));
    }
    if let Some(at) = &view.last_move_at {
        page.field("last change", &format!("{at}; {} so far", view.moves));
    }
    if let Some(error) = &view.configuration_error {
        page.field("configuration", &format!("CANNOT BE READ: {}", error.text));
    }
    for remark in &view.remarks {
        page.field(&remark.severity, &remark.text);
    }
}

fn running(page: &mut Page, running: &RunningView) {
    match running {
        RunningView::Hold { reason } => {
            page.field("running pods", &format!("held: {}", because(reason)));
        }
        RunningView::Apply { pods, changes, waiting_for_budget } => {
            page.field("running pods", &format!("apply: {pods} resized in place"));
            for change in changes {
                page.field("", &pod_change(change));
            }
            let unnamed =
                usize::try_from(*pods).unwrap_or(usize::MAX).saturating_sub(changes.len());
            if unnamed > 0 {
                page.field("", &format!("and {unnamed} more"));
            }
            if *waiting_for_budget > 0 {
                let text = format!("{waiting_for_budget} more wait for the budget of the cluster");
                page.field("", &text);
            }
        }
    }
}

fn outcomes(page: &mut Page, view: &EvaluationView) {
    let Some(outcomes) = &view.outcomes else {
        return;
    };
    let counts = [
        (outcomes.accepted, "accepted"),
        (outcomes.dry_run, "not sent (dry run)"),
        (outcomes.gone, "for pods that were gone"),
        (outcomes.failed, "failed"),
    ];
    let said: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    page.field("outcome", &said.join(", "));
    for failure in &outcomes.failures {
        page.field("", &format!("{}: {}", failure.pod, failure.message));
    }
}

/// `web-a: app cpu 1000m -> 220m, memory 1024Mi -> 451Mi`.
fn pod_change(change: &PodChangeView) -> String {
    let containers: Vec<String> = change
        .from
        .iter()
        .zip(&change.to)
        .map(|(from, to)| {
            let pairs = from.resources().into_iter().zip(to.resources());
            let parts: Vec<String> = pairs
                .flat_map(|((name, from), (_, to))| {
                    [
                        moved(name, from.request.as_ref(), to.request.as_ref()),
                        moved(&format!("{name} limit"), from.limit.as_ref(), to.limit.as_ref()),
                    ]
                })
                .flatten()
                .collect();
            format!("{} {}", from.container, parts.join(", "))
        })
        .collect();
    format!("{}: {}", change.pod, containers.join("; "))
}

fn moved(name: &str, from: Option<&String>, to: Option<&String>) -> Option<String> {
    (from != to).then(|| format!("{name} {} -> {}", or_none(from), or_none(to)))
}

fn all_values(values: &ContainerValuesView) -> String {
    values
        .resources()
        .map(|(name, value)| match &value.request {
            Some(request) => format!("{name} {request} (limit {})", or_none(value.limit.as_ref())),
            None => format!("{name} as in the template"),
        })
        .join(", ")
}

fn confidence(view: &EvaluationView) -> String {
    let covered = view.confidence_percent.map_or_else(
        || "no usage seen yet".to_owned(),
        |percent| format!("samples cover {percent:.1} % of the look-back"),
    );
    let Some(threshold) = view.required_confidence_percent else {
        return format!("{covered}; no confidence is required");
    };
    let reached = view.confidence_percent.is_some_and(|percent| percent >= threshold);
    let verdict = if reached { "reached" } else { "not reached" };
    format!("{covered}; the required {threshold:.1} % are {verdict}")
}

fn explain_container(page: &mut Page, container: &ContainerView, view: &EvaluationView) {
    page.line("");
    page.line(&format!("container {}", container.name));
    for (name, resource) in container.resources() {
        let range = range(view, &container.name, name);
        explain_resource(page, name, resource, &range);
    }
}

/// `min 10m, max none`: the container's own bounds where it has any.
fn range(view: &EvaluationView, container: &str, resource: &str) -> String {
    let bound = |of: &str| {
        let own = [container, ANY_CONTAINER]
            .into_iter()
            .find_map(|name| view.setting(&format!("vertical.containers.{name}.{resource}.{of}")));
        let bound = own.or_else(|| view.setting(&format!("vertical.{resource}.{of}")));
        bound.map(|setting| format!("{of} {}", setting.value))
    };
    [bound("min"), bound("max")].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn explain_resource(page: &mut Page, name: &str, resource: &ResourceView, range: &str) {
    let original = &resource.original;
    let (Some(new), Some(steps)) = (&resource.recommended, &resource.steps) else {
        let why = resource.unknown.as_ref().map(because).unwrap_or_default();
        page.line(&format!("  {name:<8}no recommendation: {why}"));
        let request = or_none(original.request.as_ref());
        let limit = or_none(original.limit.as_ref());
        page.stage("template", &format!("request {request}, limit {limit}"));
        return;
    };
    page.line(&format!(
        "  {name:<8}request {} (template {}), limit {} (template {})",
        or_none(new.request.as_ref()),
        or_none(original.request.as_ref()),
        or_none(new.limit.as_ref()),
        or_none(original.limit.as_ref()),
    ));
    usage_stages(page, steps);
    page.stage("bounds", &bounds(steps, range, or_none(new.request.as_ref())));
    page.stage(
        "limit",
        &format!(
            "rule {}: {} -> {}",
            steps.limit_rule,
            or_none(original.limit.as_ref()),
            or_none(new.limit.as_ref())
        ),
    );
    match &resource.comparison {
        None => page.stage("change", "no running pod to compare with"),
        Some(comparison) => compare(page, comparison, or_none(new.request.as_ref())),
    }
}

fn usage_stages(page: &mut Page, steps: &StepsView) {
    page.stage(
        "samples",
        &format!(
            "{} of {} over {}, covering {:.1} % of it",
            steps.samples,
            counted(steps.pods, "pod"),
            steps.look_back,
            steps.coverage_percent
        ),
    );
    if let Some(text) = steps.spread.as_ref().and_then(uneven) {
        page.stage("uneven", &text);
    }
    let found = steps.judgement.iter().chain(&steps.forecast);
    for stage in found.flat_map(|found| &found.stages) {
        page.stage(&stage.name, &stage.text);
    }
    let is_followed = steps.forecast.as_ref().is_some_and(|one| one.verdict == "Followed");
    let how = match steps.target.as_str() {
        _ if is_followed => "what may come, as the forecast says".to_owned(),
        target if target.starts_with("forecast") => {
            "what was seen, until a forecast can be followed".to_owned()
        }
        "max" => "the greatest sample of any pod".to_owned(),
        "auto" => "the program's own judgement".to_owned(),
        pooled if pooled.starts_with("pooled:") => "that of all samples of all pods".to_owned(),
        quantile => format!("the mean of each pod's {quantile}"),
    };
    page.stage("base", &format!("{} = {}: {how}", steps.target, steps.base));
    page.stage(
        "overhead",
        &format!("{} + {:.1} % = {}", steps.base, steps.overhead_percent, steps.with_overhead),
    );
    if let Some(floor) = &steps.oom_floor {
        let text = format!("{} raised to {floor} after a kill for memory", steps.with_overhead);
        page.stage("OOM floor", &text);
    }
}

/// Pods alike are not worth a line.
fn uneven(spread: &SpreadView) -> Option<String> {
    let SpreadView { least, greatest, ratio } = spread;
    let times = match ratio {
        Some(ratio) if *ratio < UNEVEN => return None,
        Some(ratio) => format!(", {ratio:.1} times as much"),
        None if least == greatest => return None,
        None => String::new(),
    };
    Some(format!("the p90 of the idlest pod is {least}, that of the busiest {greatest}{times}"))
}

/// One request fits pods badly that differ by more than this.
const UNEVEN: f64 = 1.5;

fn bounds(steps: &StepsView, range: &str, result: &str) -> String {
    let before = steps.oom_floor.as_ref().unwrap_or(&steps.with_overhead);
    let held = match &steps.bound {
        None => "none in the way".to_owned(),
        Some(bound) => format!("held by {} {}", bound.name, bound.value),
    };
    format!("{range}: {before} -> {result}, {held}")
}

fn compare(page: &mut Page, comparison: &ComparisonView, wanted: &str) {
    let now = or_none(comparison.current.as_ref());
    let reachable = or_none(comparison.reachable.as_ref());
    page.stage("change", &format!("running {now} -> {reachable}{}", measured(comparison)));
    if comparison.reachable.is_some() && reachable != wanted {
        page.stage("in place", &format!("{reachable} of the recommended {wanted} is reachable"));
    }
    for gap in &comparison.gaps {
        page.stage("in place", &because(gap));
    }
}

/// `, -78.0 %: down by 354.5 % of the new value > threshold 25.0 %: passes`.
fn measured(comparison: &ComparisonView) -> String {
    let mut text = String::new();
    if let Some(change) = comparison.change_percent {
        write!(text, ", {change:+.1} %").ok();
    }
    let base = match comparison.direction.as_str() {
        "Up" => "up by",
        "Down" => "down by",
        _ => return format!("{text}: no difference"),
    };
    let of = if comparison.direction == "Up" { "present" } else { "new" };
    let (sign, verdict) =
        if comparison.passed { (">", "passes") } else { ("is not more than", "does not pass") };
    let threshold = comparison.threshold_percent;
    match comparison.difference_percent {
        Some(difference) => write!(
            text,
            ": {base} {difference:.1} % of the {of} value {sign} threshold {threshold:.1} %: \
             {verdict}"
        ),
        None => write!(text, ": nothing to compare with: {verdict}"),
    }
    .ok();
    text
}

fn settings(page: &mut Page, view: &EvaluationView) {
    page.line("");
    page.line("settings and where they come from");
    for setting in &view.settings {
        let SettingView { name, value, origin, beaten, in_effect } = setting;
        let mut text = format!("{value:<42} {origin}");
        for (index, beaten) in beaten.iter().enumerate() {
            let joint = if index == 0 { ", not " } else { ", nor " };
            write!(text, "{joint}{} of {}", beaten.value, beaten.origin).ok();
        }
        if !in_effect {
            text.push_str("; not in effect yet");
        }
        page.line(&format!("  {name:<42} {text}"));
    }
}

fn governance(page: &mut Page, view: &EvaluationView) {
    let GovernanceView { governor, policy, policy_reason, overruled } = &view.governance;
    page.field("governed by", governor);
    if let (Some(policy), Some(why)) = (policy, policy_reason) {
        page.field("policy", &format!("{policy}: {why}"));
    }
    if !overruled.is_empty() {
        page.field("overruled", &overruled.join(", "));
    }
}

fn because(reason: &ReasonView) -> String {
    format!("{}: {}", reason.code, reason.message)
}

fn counted(count: u32, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn or_none(value: Option<&String>) -> &str {
    value.map_or("none", String::as_str)
}
