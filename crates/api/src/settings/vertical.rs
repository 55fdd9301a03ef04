//! Sizing as a whole.

use plimsoll_domain::{ApplyType, Cadence, Mode, Ratio, Update, VerticalSettings};

use super::workload;
use crate::fields::Kind;
use crate::read::{Place, Reader, Said};

/// Reads it from the top of a document: grouping and schedule stand beside `vertical`.
pub(super) fn read(reader: &mut Reader, top: &Place<'_>) -> VerticalSettings {
    let vertical = top.get("vertical");
    let at = |keys| vertical.get(keys);
    let switch = reader.boolean(&at("optimization"));
    let switch = switch.map(|on| if on { Mode::Apply } else { Mode::Recommend });
    let confidence = at("confidence");
    reader.require_one(&confidence, &["required", "threshold"]);
    reader.require_one(&at("startup"), &["period", "twoPhaseRecommendations"]);
    let threshold = confidence.get("threshold");
    let required = reader.boolean(&confidence.get("required"));
    VerticalSettings {
        mode: mode(reader, &at("mode")).or(switch),
        apply_type: reader.word(&at("applyType")).map(apply_type),
        lowering: or_apply_type(reader, &at("downscaling.applyType")),
        memory_event: or_apply_type(reader, &at("memoryEvent.applyType")),
        update: reader.or_word(&at("updateMode"), Kind::word).map(|word| word.map(update)),
        consider_anti_affinity: reader.boolean(&at("antiAffinity.considerAntiAffinity")),
        startup: reader.duration(&at("startup.period")),
        // Who writes a threshold wants it to matter, even when a slip makes it unusable.
        confidence_required: required.or_else(|| threshold.is_given().then_some(true)),
        confidence_threshold: reader.ratio(&threshold),
        cooldown: reader.or_word(&at("scaleInterval"), Kind::duration),
        min_history: reader.duration(&at("minHistory")),
        oom_remediation: reader.boolean(&at("oomRemediation.enabled")),
        oom_window: reader.or_word(&at("oomRemediation.window"), Kind::duration),
        risk_price: reader
            .or_word(&at("riskPrice"), |kind, text| kind.number(text).and_then(Ratio::new)),
        excluded_containers: reader.texts(&at("excludedContainers")),
        grouping: workload::grouping(reader, &top.get("containersGrouping")),
        schedule: workload::schedule(reader, &top.get("schedule.type")),
        forecast_horizon: reader.duration(&at("forecast.horizon")),
        forecast_cadence: cadence(reader, &vertical.get("forecast")),
        predictive_cpu: reader.boolean(&at("predictiveScaling.cpu.enabled")),
    }
}

/// When forecasts are made: one of two ways to say it.
fn cadence(reader: &mut Reader, forecast: &Place<'_>) -> Option<Cadence> {
    let (at_cron, at_interval) = (forecast.get("cron"), forecast.get("interval"));
    let cron = reader.value(&at_cron, |_, text| cron(text));
    let interval = reader.duration(&at_interval).map(Cadence::Every);
    if at_cron.is_given() && at_interval.is_given() {
        let message = "stands beside cron: write one of the two".to_owned();
        reader.error(&at_interval, message);
        return None;
    }
    cron.or(interval)
}

/// A schedule of five fields.
pub(crate) fn cron(text: &str) -> Option<Cadence> {
    let is_understood =
        text.split_whitespace().count() == 5 && text.parse::<croner::Cron>().is_ok();
    is_understood.then(|| Cadence::Cron(text.to_owned()))
}

/// Whether recommendations are applied.
pub(super) fn mode(reader: &mut Reader, place: &Place<'_>) -> Option<Mode> {
    reader.word(place).map(mode_of)
}

/// The mode a word stands for.
pub(super) fn mode_of(word: &str) -> Mode {
    if word == "Apply" { Mode::Apply } else { Mode::Recommend }
}

fn or_apply_type(reader: &mut Reader, place: &Place<'_>) -> Said<ApplyType> {
    reader.or_word(place, Kind::word).map(|word| word.map(apply_type))
}

/// The way a word stands for.
fn update(word: &str) -> Update {
    match word {
        "in_place" => Update::InPlace,
        "recreate" => Update::Recreate,
        _ => Update::InPlaceOrRecreate,
    }
}

fn apply_type(word: &str) -> ApplyType {
    if word == "immediate" { ApplyType::Immediate } else { ApplyType::Deferred }
}
