//! Configurations as text: who governs, and what others than the built-in policies said.

use std::fmt::{Debug, Write};

use plimsoll_domain::{
    Assigned, AssignedBy, Bound, Configuration, Configured, Governor, Origin, Policy, Ratio,
    Resource, Severity, Sourced,
};

pub(crate) fn assigned(assigned: &Assigned) -> String {
    let Assigned { name, why } = assigned;
    match why {
        AssignedBy::Name => format!("{name} by name"),
        AssignedBy::Rule(number) => format!("{name} by rule {number}"),
        AssignedBy::Default => format!("{name} by default"),
        AssignedBy::Kind => format!("{name} by kind"),
        AssignedBy::UnknownName(unknown) => format!("{name} for unknown {unknown}"),
    }
}

pub(crate) fn configuration(configuration: &Configuration) -> String {
    let Configuration { configured, governor: winner, assigned: given, overruled, remarks } =
        configuration;
    let mut text = format!("governor {}\n", governor(winner));
    if let Some(given) = given {
        writeln!(text, "policy {}", assigned(given)).unwrap();
    }
    for loser in overruled {
        writeln!(text, "overruled {}", governor(loser)).unwrap();
    }
    match configured {
        Configured::Unreadable(diagnostic) => {
            writeln!(text, "unreadable {}", origin(&diagnostic.origin)).unwrap();
        }
        Configured::Policy(policy) => text.push_str(&settings(policy)),
    }
    for remark in remarks {
        let severity = if remark.severity == Severity::Error { "error" } else { "warning" };
        let (from, field) = (origin(&remark.origin), &remark.field);
        writeln!(text, "{severity} ({from}) {field}: {}", remark.message).unwrap();
    }
    if configuration.refusal().is_some() {
        text.push_str("frozen\n");
    }
    text
}

fn settings(policy: &Policy) -> String {
    let mut text = String::new();
    let vertical = &policy.vertical;
    line(&mut text, "mode", &vertical.mode);
    line(&mut text, "applyType", &vertical.apply_type);
    line(&mut text, "lowering", &vertical.lowering);
    line(&mut text, "memoryEvent", &vertical.memory_event);
    line(&mut text, "schedule", &vertical.schedule);
    line(&mut text, "confidence", &vertical.confidence_required);
    line(&mut text, "riskPrice", &vertical.risk_price.map(|price| price.map(Ratio::value)));
    for resource in Resource::ALL {
        let settings = policy.resources.get(resource);
        line(&mut text, &format!("{}.target", resource.name()), &settings.target);
        line(&mut text, &format!("{}.overhead", resource.name()), &settings.overhead);
        bound(&mut text, resource, ("", "min"), &settings.min);
        bound(&mut text, resource, ("", "max"), &settings.max);
    }
    for (name, entry) in &policy.containers {
        for (resource, settings) in entry.iter() {
            bound(&mut text, resource, (name, "min"), &settings.min);
            bound(&mut text, resource, (name, "max"), &settings.max);
        }
    }
    for (path, said) in &policy.later {
        line(&mut text, path, said);
    }
    text
}

fn bound(
    text: &mut String,
    resource: Resource,
    (container, end): (&str, &str),
    said: &Sourced<Option<Bound>>,
) {
    let dot = if container.is_empty() { "" } else { "." };
    let path = format!("{container}{dot}{}.{end}", resource.name());
    let show = |value: &Option<Bound>| match value {
        None => "none".to_owned(),
        Some(Bound::OfOriginal(share)) => format!("{}%", share.percent()),
        Some(Bound::Constant(amount)) if resource == Resource::Cpu => amount.value().to_string(),
        Some(Bound::Constant(amount)) => (amount.value() / 1024.0 / 1024.0).to_string(),
    };
    let shown = Sourced {
        value: show(&said.value),
        origin: said.origin.clone(),
        beaten: said
            .beaten
            .iter()
            .map(|beaten| plimsoll_domain::Beaten {
                value: show(&beaten.value),
                origin: beaten.origin.clone(),
            })
            .collect(),
    };
    line_with(text, &path, &shown, String::clone);
}

fn line<T: Debug>(text: &mut String, path: &str, said: &Sourced<T>) {
    line_with(text, path, said, |value| format!("{value:?}"));
}

/// What others than the built-in policies said, with all that it beat.
fn line_with<T>(text: &mut String, path: &str, said: &Sourced<T>, show: impl Fn(&T) -> String) {
    let all = [&said.origin].into_iter().chain(said.beaten.iter().map(|beaten| &beaten.origin));
    if all.into_iter().all(|origin| matches!(origin, Origin::Default | Origin::SystemPolicy(_))) {
        return;
    }
    write!(text, "{path} = {} ({})", show(&said.value), origin(&said.origin)).unwrap();
    for beaten in &said.beaten {
        write!(text, ", not {} ({})", show(&beaten.value), origin(&beaten.origin)).unwrap();
    }
    text.push('\n');
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::Flag(_) => "flag".to_owned(),
        Origin::SystemPolicy(name) => format!("built-in {name}"),
        Origin::ScalingPolicy(name) => format!("policy {name}"),
        Origin::ScaledWorkload => "spec".to_owned(),
        Origin::DaemonSetAutoscaler(name) => format!("dsa {name}"),
        Origin::AiScaleTarget(name) => format!("target {name}"),
        Origin::OlderAnnotations => "older".to_owned(),
        Origin::Annotation => "annotation".to_owned(),
        Origin::Forced(why) => format!("forced: {why}"),
    }
}

fn governor(governor: &Governor) -> String {
    match governor {
        Governor::Annotation => "annotation".to_owned(),
        Governor::DaemonSetAutoscaler(name) => format!("daemonset {name}"),
        Governor::TargetByName(name) => format!("name {name}"),
        Governor::TargetBySelector(name) => format!("selector {name}"),
        Governor::TargetFromTemplate(name) => format!("template {name}"),
        Governor::ScaledWorkload => "spec".to_owned(),
        Governor::ScalingPolicy => "policy".to_owned(),
    }
}
