//! Settings as they are written in an object of ours: what is read back says the same.

mod tree;

use plimsoll_domain::{
    ApplyType, Bound, Cadence, ContainerSettings, Grouping, LimitRule, Mode, PerResource, Ratio,
    Resource, ResourceSettings, Schedule, Settings, Threshold, Update, VerticalSettings,
};
use serde_json::{Value as Json, json};

use super::table::{INHERIT, NONE};
use crate::fields::{duration_text, percent, target_text};
use crate::format_quantity;
use crate::read::Said;
use tree::put;

/// Writes settings in the form that [`read_settings`](super::read_settings) reads. Fields without
/// effect are written where an object of ours has them.
pub fn write_settings(settings: &Settings) -> Json {
    let Settings { vertical, resources, containers, later } = settings;
    let mut top = json!({});
    write_vertical(&mut top, vertical);
    for (resource, settings) in resources.iter() {
        write_resource(&mut top, resource, settings);
    }
    for (name, settings) in containers {
        write_container(&mut top, name, settings);
    }
    for (path, text) in later {
        tree::put_later(&mut top, path, text);
    }
    top
}

fn write_vertical(top: &mut Json, settings: &VerticalSettings) {
    let VerticalSettings {
        mode,
        apply_type,
        lowering,
        memory_event,
        update,
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
        grouping,
        schedule,
        forecast_horizon,
        forecast_cadence,
        predictive_cpu,
    } = settings;
    let duration = |span| json!(duration_text(span));
    let mut add = |path: &str, value: Option<Json>| put(top, path, value);
    add("vertical.mode", mode.map(write_mode));
    add("vertical.applyType", apply_type.map(write_apply_type));
    add("vertical.downscaling.applyType", lowering.map(or_inherit(write_apply_type)));
    add("vertical.memoryEvent.applyType", memory_event.map(or_inherit(write_apply_type)));
    add("vertical.updateMode", update.map(or_inherit(write_update)));
    let anti_affinity = "vertical.antiAffinity.considerAntiAffinity";
    add(anti_affinity, consider_anti_affinity.map(Json::from));
    add("vertical.startup.period", startup.map(duration));
    add("vertical.confidence.required", confidence_required.map(Json::from));
    let threshold = confidence_threshold.map(|ratio| number(ratio.value()));
    add("vertical.confidence.threshold", threshold);
    add("vertical.scaleInterval", cooldown.map(or_inherit(duration)));
    add("vertical.minHistory", min_history.map(duration));
    add("vertical.oomRemediation.enabled", oom_remediation.map(Json::from));
    add("vertical.oomRemediation.window", oom_window.map(or_inherit(duration)));
    let price = risk_price.map(or_inherit(|price: Ratio| number(price.value())));
    add("vertical.riskPrice", price);
    add("vertical.excludedContainers", excluded_containers.as_ref().map(|names| json!(names)));
    add("containersGrouping", grouping.as_deref().map(write_grouping));
    add("schedule.type", schedule.map(or_inherit(write_schedule)));
    add("vertical.forecast.horizon", forecast_horizon.map(duration));
    match forecast_cadence {
        None => {}
        Some(Cadence::Every(span)) => add("vertical.forecast.interval", Some(duration(*span))),
        Some(Cadence::Cron(text)) => add("vertical.forecast.cron", Some(json!(text))),
    }
    add("vertical.predictiveScaling.cpu.enabled", predictive_cpu.map(Json::from));
}

fn write_resource(top: &mut Json, resource: Resource, settings: &ResourceSettings) {
    let ResourceSettings {
        mode,
        target,
        look_back,
        min,
        max,
        overhead,
        threshold,
        lowering_threshold,
        limit,
    } = settings;
    let path = |name: &str| format!("vertical.{}.{name}", resource.name());
    put(top, &path("mode"), mode.map(write_mode));
    put(top, &path("target"), target.map(|target| json!(target_text(target))));
    put(top, &path("lookBackPeriod"), look_back.map(|span| json!(duration_text(span))));
    let above = format!("vertical.{}", resource.name());
    write_bounds(top, (&above, resource), [*min, *max], NONE);
    put(top, &path("overhead"), overhead.map(|ratio| number(ratio.value())));
    let threshold = threshold.map(|threshold| write_threshold(resource, threshold));
    put(top, &path("applyThresholdStrategy"), threshold);
    let lowering = lowering_threshold.map(|threshold| match threshold {
        Some(threshold) => write_threshold(resource, threshold),
        None => json!({"type": INHERIT}),
    });
    put(top, &path("loweringThreshold"), lowering);
    put(top, &path("limit"), limit.map(write_limit));
}

fn write_container(top: &mut Json, name: &str, settings: &PerResource<ContainerSettings>) {
    // An entry that says nothing is an entry all the same.
    put(top, &format!("vertical.containers.{name}"), Some(json!({})));
    for (resource, settings) in settings.iter() {
        let ContainerSettings { mode, min, max, limit } = settings;
        let path = |of: &str| format!("vertical.containers.{name}.{}.{of}", resource.name());
        put(top, &path("mode"), mode.map(or_inherit(write_mode)));
        let above = format!("vertical.containers.{name}.{}", resource.name());
        write_bounds(top, (&above, resource), [*min, *max], INHERIT);
        let limit = limit.map(|rule| rule.map_or_else(|| json!({"type": INHERIT}), write_limit));
        put(top, &path("limit"), limit);
    }
}

/// Writes `min` and `max` under a path; `nothing` is the word for a bound that is taken away.
fn write_bounds(
    top: &mut Json,
    (above, resource): (&str, Resource),
    bounds: [Said<Bound>; 2],
    nothing: &str,
) {
    for (name, bound) in ["min", "max"].into_iter().zip(bounds) {
        let flat = format!("{above}.{name}");
        match bound {
            None => {}
            Some(None) => put(top, &flat, Some(json!(nothing))),
            Some(Some(Bound::Constant(amount))) => {
                put(top, &flat, Some(json!(format_quantity(resource, amount))));
            }
            Some(Some(Bound::OfOriginal(share))) => {
                let value =
                    json!({"type": "percentageOfOriginal", "value": percent(share.value())});
                put(top, &format!("{above}.constraints.{name}"), Some(value));
            }
        }
    }
}

fn write_threshold(resource: Resource, threshold: Threshold) -> Json {
    match threshold {
        Threshold::Ratio(ratio) => {
            json!({"type": "percentage", "percentage": number(ratio.value())})
        }
        Threshold::OfCurrent(ratio) => {
            json!({"type": "percentageOfCurrent", "percentage": number(ratio.value())})
        }
        Threshold::Absolute(amount) => {
            json!({"type": "absolute", "amount": format_quantity(resource, amount)})
        }
        threshold if threshold == Threshold::DEFAULT_ADAPTIVE => json!({"type": "defaultAdaptive"}),
        Threshold::Adaptive { numerator, denominator, exponent } => json!({
            "type": "customAdaptive",
            "numerator": number(numerator),
            "denominator": number(denominator),
            "exponent": number(exponent),
        }),
    }
}

fn write_limit(rule: LimitRule) -> Json {
    match rule {
        LimitRule::Automatic => json!({"type": "automatic"}),
        LimitRule::None => json!({"type": "noLimit"}),
        LimitRule::Keep => json!({"type": "keepLimits"}),
        LimitRule::MaintainRatio => json!({"type": "maintainRatio"}),
        LimitRule::Multiplier { factor, only_if_original_exists, only_if_original_lower } => {
            json!({
                "type": "multiplier",
                "multiplier": number(factor.value()),
                "onlyIfOriginalExist": only_if_original_exists,
                "onlyIfOriginalLower": only_if_original_lower,
            })
        }
    }
}

fn write_grouping(groups: &[Grouping]) -> Json {
    let write = |Grouping { contains, into }: &Grouping| json!({"key": "name", "operator": "contains", "values": contains, "into": into});
    groups.iter().map(write).collect()
}

fn write_mode(mode: Mode) -> Json {
    json!(match mode {
        Mode::Apply => "Apply",
        Mode::Recommend => "Recommend",
    })
}

fn write_apply_type(apply_type: ApplyType) -> Json {
    json!(match apply_type {
        ApplyType::Immediate => "immediate",
        ApplyType::Deferred => "deferred",
    })
}

fn write_update(update: Update) -> Json {
    json!(match update {
        Update::InPlace => "in_place",
        Update::InPlaceOrRecreate => "in_place_or_recreate",
        Update::Recreate => "recreate",
    })
}

fn write_schedule(schedule: Schedule) -> Json {
    json!(match schedule {
        Schedule::JobLike => "jobLike",
        Schedule::Continuous => "continuous",
    })
}

fn or_inherit<T>(write: impl Fn(T) -> Json) -> impl Fn(Option<T>) -> Json {
    move |value| value.map_or_else(|| json!(INHERIT), &write)
}

/// A number as text: a custom resource has no floats.
fn number(value: f64) -> Json {
    json!(value.to_string())
}
