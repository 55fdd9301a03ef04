//! The settings themselves: defaults, and what the document puts in their place.

use std::ops::RangeInclusive;
use std::time::Duration;

use plimsoll_domain::{
    Amount, ApplyType, ConfidenceRule, Diagnostic, LimitRule, Mode, Origin, PerResource, Policy,
    Quantile, Ratio, Resource, ResourcePolicy, Severity, Sourced, Target, Threshold,
};

use crate::{format_quantity, parse_duration, parse_quantity};

use super::Defaults;
use super::document::Node;
use super::reader::{Reader, number, switch, word};

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// How far back usage may be looked at.
const LOOK_BACK: RangeInclusive<Duration> = HOUR.saturating_mul(3)..=HOUR.saturating_mul(168);
/// How long a startup may be, when there is one.
const STARTUP: RangeInclusive<Duration> = MINUTE.saturating_mul(2)..=MINUTE.saturating_mul(60);
/// What may be added on top of the usage.
const OVERHEAD: RangeInclusive<f64> = 0.0..=2.5;
/// What share of the look-back may have to be covered.
const CONFIDENCE: RangeInclusive<f64> = 0.0..=1.0;
/// What a limit may be, in requests. A thousand times 1Ti still fits a Kubernetes quantity, which ends
/// at 2^63 - 1 bytes.
const MULTIPLIER: RangeInclusive<f64> = 1.0..=1000.0;
/// How great a change may have to be.
const THRESHOLD: RangeInclusive<f64> = 0.01..=2.5;
/// The quantiles a target may name; beyond is the maximum.
const QUANTILE: RangeInclusive<f64> = 0.0..=0.999;

/// The settings of a workload of which nobody said anything.
pub(super) fn default_policy(defaults: Defaults) -> Policy {
    let required = if defaults.confidence_required {
        Sourced { value: true, origin: Origin::Flag("confidence-required") }
    } else {
        Sourced::default_value(false)
    };
    Policy {
        mode: Sourced::default_value(Mode::Recommend),
        apply_type: Sourced::default_value(ApplyType::Immediate),
        startup: Sourced::default_value(2 * MINUTE),
        confidence: ConfidenceRule { required, threshold: Sourced::default_value(ratio(0.9)) },
        resources: PerResource::from_fn(default_resource),
    }
}

/// The settings that a document asks for.
pub(super) fn policy(root: &Node, defaults: Defaults, found: &mut Vec<Diagnostic>) -> Policy {
    let mut policy = default_policy(defaults);
    let reader = &mut Reader::new(root, found);
    mode(reader, &mut policy.mode);
    reader.set("vertical.applyType", &mut policy.apply_type, |text| {
        word(text, &[("immediate", ApplyType::Immediate), ("deferred", ApplyType::Deferred)])
    });
    startup(reader, &mut policy.startup);
    confidence(reader, &mut policy.confidence);
    for resource in Resource::ALL {
        resource_policy(reader, resource, policy.resources.get_mut(resource));
    }
    policy
}

fn default_resource(resource: Resource) -> ResourcePolicy {
    let (target, min) = match resource {
        Resource::Cpu => (target("p80").unwrap_or(Target::Max), Amount::from_millicores(10)),
        Resource::Memory => (Target::Max, Amount::from_mebibytes(10)),
    };
    ResourcePolicy {
        target: Sourced::default_value(target),
        look_back: Sourced::default_value(24 * HOUR),
        min: Sourced::default_value(Some(min)),
        max: Sourced::default_value(None),
        overhead: Sourced::default_value(ratio(0.1)),
        threshold: Sourced::default_value(Threshold::DEFAULT_ADAPTIVE),
        limit: Sourced::default_value(LimitRule::Automatic),
    }
}

fn mode(reader: &mut Reader<'_>, mode: &mut Sourced<Mode>) {
    let path = "vertical.optimization";
    reader.set(path, mode, |text| {
        switch(text).map(|on| if on { Mode::Apply } else { Mode::Recommend })
    });
    if reader.has_group("vertical") && reader.entry(path).is_none() {
        let message =
            "has no optimization, expected on or off; nothing is changed until it says on";
        reader.say(Severity::Warning, "vertical", message.to_owned());
    }
}

fn startup(reader: &mut Reader<'_>, startup: &mut Sourced<Duration>) {
    reader.set("vertical.startup.period", startup, |text| {
        let period = parse_duration(text).ok()?;
        (period.is_zero() || STARTUP.contains(&period)).then_some(period)
    });
    require(reader, "vertical.startup", &["period"]);
}

fn confidence(reader: &mut Reader<'_>, confidence: &mut ConfidenceRule) {
    let threshold = "vertical.confidence.threshold";
    // Who writes a threshold wants it to matter, even when a slip makes it unusable.
    if reader.entry(threshold).is_some() {
        confidence.required = Sourced { value: true, origin: Origin::Annotation };
    }
    reader.set("vertical.confidence.required", &mut confidence.required, switch);
    reader.set(threshold, &mut confidence.threshold, |text| ratio_in(text, &CONFIDENCE));
    require(reader, "vertical.confidence", &["required", "threshold"]);
}

fn resource_policy(reader: &mut Reader<'_>, resource: Resource, policy: &mut ResourcePolicy) {
    let path = |name| path(resource, name);
    reader.set(&path("target"), &mut policy.target, target);
    reader.set(&path("lookBackPeriod"), &mut policy.look_back, |text| {
        parse_duration(text).ok().filter(|period| LOOK_BACK.contains(period))
    });
    reader.set(&path("overhead"), &mut policy.overhead, |text| ratio_in(text, &OVERHEAD));
    bounds(reader, resource, policy);
    threshold(reader, resource, policy);
    if let Some(value) = limit(reader, &path("limit")) {
        policy.limit = Sourced { value, origin: Origin::Annotation };
    }
}

fn path(resource: Resource, name: &str) -> String {
    format!("vertical.{}.{name}", resource.name())
}

fn bounds(reader: &mut Reader<'_>, resource: Resource, policy: &mut ResourcePolicy) {
    let default = (policy.min.clone(), policy.max.clone());
    let bound = |text: &str| parse_quantity(text).ok().filter(|amount| *amount >= step(resource));
    let none = |text: &str| parse_quantity(text).ok().filter(|amount| *amount == Amount::ZERO);
    reader.set(&path(resource, "min"), &mut policy.min, |text| {
        bound(text).or_else(|| none(text)).map(Some)
    });
    reader.set(&path(resource, "max"), &mut policy.max, |text| bound(text).map(Some));
    let (Some(min), Some(max)) = (policy.min.value, policy.max.value) else { return };
    if min.value() <= max.value() {
        return;
    }
    let [least, greatest] = [min, max].map(|amount| format_quantity(resource, amount));
    let message = match policy.min.origin {
        Origin::Annotation => {
            format!("found {greatest}, expected at least min, {least}; neither is used")
        }
        // A max never comes from a default, so that there is one to complain about.
        Origin::Default | Origin::Flag(_) => {
            format!("found {greatest}, expected at least {least}, the default of min")
        }
    };
    reader.say(Severity::Error, &path(resource, "max"), message);
    (policy.min, policy.max) = default;
}

/// The grid of Kubernetes objects. A bound below it is a slip that would starve the container: of
/// memory, `512m` is half a byte and `512` is bytes.
fn step(resource: Resource) -> Amount {
    match resource {
        Resource::Cpu => Amount::from_millicores(1),
        Resource::Memory => Amount::from_mebibytes(1),
    }
}

fn threshold(reader: &mut Reader<'_>, resource: Resource, policy: &mut ResourcePolicy) {
    let fixed = path(resource, "applyThreshold");
    if reader.entry(&fixed).is_some()
        && reader.entry(&path(resource, "applyThresholdStrategy")).is_some()
    {
        let message = "stands beside applyThresholdStrategy, expected one of them; neither is used";
        return reader.say(Severity::Error, &fixed, message.to_owned());
    }
    reader.set(&fixed, &mut policy.threshold, |text| {
        ratio_in(text, &THRESHOLD).map(Threshold::Ratio)
    });
}

fn limit(reader: &mut Reader<'_>, path: &str) -> Option<LimitRule> {
    /// Stands for the rule whose factor is read apart from it.
    const BY_FACTOR: LimitRule = LimitRule::Multiplier {
        factor: Ratio::ONE,
        only_if_original_exists: false,
        only_if_original_lower: false,
    };
    require(reader, path, &["type"]);
    let rule = reader.read(&format!("{path}.type"), |text| {
        word(
            text,
            &[
                ("noLimit", LimitRule::None),
                ("keepLimits", LimitRule::Keep),
                ("maintainRatio", LimitRule::MaintainRatio),
                ("multiplier", BY_FACTOR),
            ],
        )
    })?;
    if matches!(rule, LimitRule::Multiplier { .. }) {
        return multiplier(reader, path);
    }
    for name in ["multiplier", "onlyIfOriginalExist", "onlyIfOriginalLower"] {
        let path = format!("{path}.{name}");
        if reader.entry(&path).is_some() {
            let message = "is not used, expected it with type multiplier only";
            reader.say(Severity::Error, &path, message.to_owned());
        }
    }
    Some(rule)
}

fn multiplier(reader: &mut Reader<'_>, path: &str) -> Option<LimitRule> {
    require(reader, path, &["multiplier"]);
    let exists = reader.read(&format!("{path}.onlyIfOriginalExist"), switch);
    let lower = reader.read(&format!("{path}.onlyIfOriginalLower"), switch);
    let factor = reader.read(&format!("{path}.multiplier"), |text| ratio_in(text, &MULTIPLIER))?;
    Some(LimitRule::Multiplier {
        factor,
        only_if_original_exists: exists.unwrap_or(false),
        only_if_original_lower: lower.unwrap_or(false),
    })
}

/// Refuses a group that has none of the fields without which it says nothing.
fn require(reader: &mut Reader<'_>, path: &str, names: &[&str]) {
    let given = names.iter().any(|name| reader.entry(&format!("{path}.{name}")).is_some());
    if reader.has_group(path) && !given {
        let message = format!("lacks {0}, expected a mapping with {0}", names.join(" or "));
        reader.say(Severity::Error, path, message);
    }
}

fn target(text: &str) -> Option<Target> {
    if text.eq_ignore_ascii_case("max") {
        return Some(Target::Max);
    }
    let percent = text.strip_prefix(['p', 'P'])?;
    // A sign or an exponent would parse, and nobody means it.
    if !percent.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    // Shifting the point in the text is exact, dividing by 100 is not: 99.9 is 0.999.
    let quantile = number(&format!("{percent}e-2"), &QUANTILE)?;
    Quantile::new(quantile).map(Target::Quantile)
}

fn ratio_in(text: &str, range: &RangeInclusive<f64>) -> Option<Ratio> {
    number(text, range).and_then(Ratio::new)
}

/// A ratio from a constant of this file.
fn ratio(value: f64) -> Ratio {
    Ratio::new(value).unwrap_or(Ratio::ZERO)
}
