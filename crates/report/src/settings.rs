//! A policy as a list of settings: each with its value as text, where it came from, and what it
//! beat. The names are those of the settings in a ScalingPolicy.

use std::time::Duration;

use plimsoll_domain::{
    ApplyType, Bound, Cadence, ContainerPolicy, Grouping, LimitRule, Mode, Origin, Policy,
    Quantile, Ratio, Resource, ResourcePolicy, Schedule, Sourced, Strategy, Target, Threshold,
    Update, VerticalPolicy,
};

use crate::quantity::format_amount;
use crate::time::format_duration;
use crate::view::{BeatenView, SettingView};

/// Every setting of a policy, in the order of every output. Settings of single containers and
/// those without effect yet are there where a source gives them.
pub fn settings(policy: &Policy) -> Vec<SettingView> {
    let Policy { vertical, resources, containers, later } = policy;
    let mut list = List(Vec::new());
    list.vertical(vertical);
    for (resource, policy) in resources.iter() {
        list.resource(resource, policy);
    }
    for (name, policies) in containers {
        for (resource, policy) in policies.iter() {
            list.container(name, resource, policy);
        }
    }
    for (path, setting) in later {
        list.add(path, setting, String::clone);
        list.last_has_no_effect();
    }
    list.0
}

struct List(Vec<SettingView>);

impl List {
    fn vertical(&mut self, policy: &VerticalPolicy) {
        let VerticalPolicy {
            mode: sized,
            apply_type: applied,
            lowering,
            memory_event,
            update: changed,
            consider_anti_affinity,
            startup,
            confidence_required,
            confidence_threshold,
            cooldown,
            min_history,
            oom_remediation,
            oom_window,
            risk_price,
            excluded_containers,
            grouping: groups,
            schedule: runs,
            forecast_horizon,
            forecast_cadence,
            predictive_cpu,
        } = policy;
        self.add("vertical.mode", sized, |value| mode(*value));
        self.add("vertical.applyType", applied, |value| apply_type(*value));
        self.add_given("vertical.downscaling.applyType", lowering, |value| apply_type(*value));
        self.add_given("vertical.memoryEvent.applyType", memory_event, |value| apply_type(*value));
        self.add_given("vertical.updateMode", changed, |value| update(*value));
        if changed.value.is_some_and(|value| !value.is_in_effect()) {
            self.last_has_no_effect();
        }
        let path = "vertical.antiAffinity.considerAntiAffinity";
        self.add(path, consider_anti_affinity, bool::to_string);
        self.add("vertical.startup.period", startup, duration);
        self.add("vertical.confidence.required", confidence_required, bool::to_string);
        self.add("vertical.confidence.threshold", confidence_threshold, |share| percent(*share));
        self.add_given("vertical.scaleInterval", cooldown, duration);
        self.add("vertical.minHistory", min_history, duration);
        self.add("vertical.oomRemediation.enabled", oom_remediation, bool::to_string);
        self.add_given("vertical.oomRemediation.window", oom_window, duration);
        self.add_given("vertical.riskPrice", risk_price, |price| price.value().to_string());
        self.add("vertical.excludedContainers", excluded_containers, |names| names_text(names));
        self.add("containersGrouping", groups, |groups| grouping(groups));
        self.add_given("schedule.type", runs, |value| schedule(*value));
        self.add_said("vertical.forecast.horizon", forecast_horizon, duration);
        let path = match forecast_cadence.value {
            Cadence::Every(_) => "vertical.forecast.interval",
            Cadence::Cron(_) => "vertical.forecast.cron",
        };
        self.add_said(path, forecast_cadence, cadence);
        let path = "vertical.predictiveScaling.cpu.enabled";
        self.add_said(path, predictive_cpu, bool::to_string);
    }

    fn resource(&mut self, resource: Resource, policy: &ResourcePolicy) {
        let ResourcePolicy {
            mode: sized,
            target: covered,
            look_back,
            min,
            max,
            overhead,
            threshold: change,
            lowering_threshold,
            limit,
        } = policy;
        let path = |name: &str| format!("vertical.{}.{name}", resource.name());
        self.add(&path("mode"), sized, |value| mode(*value));
        self.add(&path("target"), covered, |value| target(*value));
        self.add(&path("lookBackPeriod"), look_back, duration);
        self.add(&path("min"), min, |value| {
            or_none(value.as_ref(), |value| bound(resource, *value))
        });
        self.add(&path("max"), max, |value| {
            or_none(value.as_ref(), |value| bound(resource, *value))
        });
        self.add(&path("overhead"), overhead, |share| percent(*share));
        self.add(&path("applyThreshold"), change, |value| threshold(resource, *value));
        let lowering = path("loweringThreshold");
        self.add_given(&lowering, lowering_threshold, |value| threshold(resource, *value));
        self.add(&path("limit"), limit, |rule| limit_rule(*rule));
    }

    fn container(&mut self, name: &str, resource: Resource, policy: &ContainerPolicy) {
        let ContainerPolicy { mode: sized, min, max, limit } = policy;
        let path = |of: &str| format!("vertical.containers.{name}.{}.{of}", resource.name());
        self.add_given(&path("mode"), sized, |value| mode(*value));
        self.add_given(&path("min"), min, |value| bound(resource, *value));
        self.add_given(&path("max"), max, |value| bound(resource, *value));
        self.add_given(&path("limit"), limit, |rule| limit_rule(*rule));
    }

    fn last_has_no_effect(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.in_effect = false;
        }
    }

    fn add<T>(&mut self, name: &str, setting: &Sourced<T>, show: impl Fn(&T) -> String) {
        let beaten = setting.beaten.iter().map(|beaten| BeatenView {
            value: show(&beaten.value),
            origin: origin_text(&beaten.origin),
        });
        self.0.push(SettingView {
            name: name.to_owned(),
            value: show(&setting.value),
            origin: origin_text(&setting.origin),
            beaten: beaten.collect(),
            in_effect: true,
        });
    }

    /// A setting that few need: shown where somebody said it.
    fn add_said<T>(&mut self, name: &str, setting: &Sourced<T>, show: impl Fn(&T) -> String) {
        if setting.origin != Origin::Default {
            self.add(name, setting, show);
        }
    }

    /// A setting that follows another unless it is given.
    fn add_given<T>(
        &mut self,
        name: &str,
        setting: &Sourced<Option<T>>,
        show: impl Fn(&T) -> String,
    ) {
        if setting.value.is_some() || !setting.beaten.is_empty() {
            self.add(name, setting, |value| or_none(value.as_ref(), &show));
        }
    }
}

/// Where a setting came from, as every output says it.
pub fn origin_text(origin: &Origin) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::Flag(name) => format!("flag --{}", name.trim_start_matches('-')),
        Origin::SystemPolicy(name) => format!("built-in policy {name}"),
        Origin::ScalingPolicy(name) => format!("ScalingPolicy {name}"),
        Origin::ScaledWorkload => "ScaledWorkload".to_owned(),
        Origin::DaemonSetAutoscaler(name) => format!("DaemonSetAutoscaler {name}"),
        Origin::AiScaleTarget(name) => format!("AIScaleTarget {name}"),
        Origin::OlderAnnotations => "annotations (older form)".to_owned(),
        Origin::Annotation => "annotation".to_owned(),
        Origin::Forced(why) => format!("forced: {why}"),
    }
}

pub(crate) fn mode(mode: Mode) -> String {
    match mode {
        Mode::Apply => "Apply",
        Mode::Recommend => "Recommend",
    }
    .to_owned()
}

fn apply_type(apply_type: ApplyType) -> String {
    match apply_type {
        ApplyType::Immediate => "Immediate",
        ApplyType::Deferred => "Deferred",
    }
    .to_owned()
}

fn update(update: Update) -> String {
    match update {
        Update::InPlace => "in_place",
        Update::InPlaceOrRecreate => "in_place_or_recreate",
        Update::Recreate => "recreate",
    }
    .to_owned()
}

pub(crate) fn target(target: Target) -> String {
    match target {
        Target::Quantile(quantile) => percentile(quantile),
        Target::Pooled(quantile) => format!("pooled:{}", percentile(quantile)),
        Target::Max => "max".to_owned(),
        Target::Auto => "auto".to_owned(),
        Target::Forecast(strategy) => format!("forecast, {}", strategy_text(strategy)),
    }
}

fn strategy_text(strategy: Strategy) -> String {
    match strategy {
        Strategy::Undershoot => "undershoot".to_owned(),
        Strategy::CostOptimized => "cost_optimized".to_owned(),
        Strategy::Balanced => "balanced".to_owned(),
        Strategy::AssuranceOptimized => "assurance_optimized".to_owned(),
        Strategy::Overshoot => "overshoot".to_owned(),
        Strategy::Percentile(quantile) => percentile(quantile),
    }
}

fn percentile(quantile: Quantile) -> String {
    format!("p{}", (quantile.value() * 1_000_000.0).round() / 10_000.0)
}

fn bound(resource: Resource, bound: Bound) -> String {
    match bound {
        Bound::Constant(amount) => format_amount(resource, amount),
        Bound::OfOriginal(share) => format!("{} of the template's request", percent(share)),
    }
}

fn threshold(resource: Resource, threshold: Threshold) -> String {
    let unit = match resource {
        Resource::Cpu => "cores",
        Resource::Memory => "GiB",
    };
    match threshold {
        Threshold::Ratio(ratio) => percent(ratio),
        Threshold::OfCurrent(ratio) => format!("{} of the present request", percent(ratio)),
        Threshold::Absolute(amount) => format_amount(resource, amount),
        Threshold::Adaptive { numerator, denominator, exponent } => {
            let power = if (exponent - 1.0).abs() < f64::EPSILON {
                String::new()
            } else {
                format!("^{exponent}")
            };
            format!("adaptive, {numerator} / (current {unit} + {denominator}){power}")
        }
    }
}

pub(crate) fn limit_rule(rule: LimitRule) -> String {
    match rule {
        LimitRule::Automatic => "automatic".to_owned(),
        LimitRule::None => "none".to_owned(),
        LimitRule::Keep => "keep".to_owned(),
        LimitRule::Multiplier { factor, only_if_original_exists, only_if_original_lower } => {
            let mut text = format!("{} x request", factor.value());
            if only_if_original_exists {
                text.push_str(", if the original exists");
            }
            if only_if_original_lower {
                text.push_str(", if the original is lower");
            }
            text
        }
        LimitRule::MaintainRatio => "original ratio to the request".to_owned(),
    }
}

fn grouping(groups: &[Grouping]) -> String {
    let groups: Vec<String> = groups
        .iter()
        .map(|group| format!("{} into {}", group.contains.join("|"), group.into))
        .collect();
    names_text(&groups)
}

fn cadence(value: &Cadence) -> String {
    match value {
        Cadence::Every(span) => duration(span),
        Cadence::Cron(text) => format!("{text}, UTC"),
    }
}

fn schedule(schedule: Schedule) -> String {
    match schedule {
        Schedule::JobLike => "jobLike",
        Schedule::Continuous => "continuous",
    }
    .to_owned()
}

fn names_text(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn duration(span: &Duration) -> String {
    format_duration(*span)
}

fn percent(ratio: Ratio) -> String {
    format!("{:.1} %", ratio.percent())
}

fn or_none<T>(value: Option<&T>, show: impl Fn(&T) -> String) -> String {
    value.map_or_else(|| "none".to_owned(), show)
}
