//! `model`: how much of a forecast is provided for.

use std::time::Duration;

use plimsoll_domain::{Cadence, PerResource, Quantile, Ratio, Strategy};

use crate::document::Value;
use crate::parse_duration;
use crate::read::{Place, Reader};
use crate::settings;

/// Nothing is changed before usage reaches back this far, where nothing else is said.
const MIN_HISTORY: Duration = Duration::from_hours(24);
/// What it is at least.
const MIN_HISTORY_LEAST: Duration = Duration::from_hours(3);
/// A forecast should reach this much further than to the next one.
const OVERLAP: Duration = Duration::from_mins(2);

/// A model, with what holds where it says nothing.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// What is provided for.
    pub(super) strategy: PerResource<Strategy>,
    /// What is added on top.
    pub(super) buffer: PerResource<Ratio>,
    /// How long the usage seen must reach back.
    pub(super) min_history: Duration,
    /// How far a forecast reaches, where that is given and understood.
    pub(super) horizon: Option<Duration>,
    /// When one is made, where that is given and understood.
    pub(super) cadence: Option<Cadence>,
}

impl Model {
    /// The time from one forecast to the next, where it is given and understood.
    pub(super) fn every(&self) -> Option<Duration> {
        match self.cadence.as_ref()? {
            Cadence::Every(span) => Some(*span),
            Cadence::Cron(text) => period(text),
        }
    }
}

/// Reads a model, wherever it stands.
pub(super) fn read(place: &Place<'_>, reader: &mut Reader) -> Model {
    let general = strategy(place, None, reader);
    let buffer = buffer(place, reader).unwrap_or(Ratio::ZERO);
    let horizon = duration(&place.get("forecast_blocks"), reader);
    let mut model = Model {
        strategy: PerResource::from_fn(|_| general.unwrap_or(Strategy::Balanced)),
        buffer: PerResource::from_fn(|_| buffer),
        min_history: min_history(place, reader),
        horizon,
        cadence: cadence(place, horizon, reader),
    };
    for (name, metric) in place.get("metrics").entries() {
        let strategy = strategy(&metric, general, reader);
        let buffer = self::buffer(&metric, reader);
        let mut put = |resource: plimsoll_domain::Resource| {
            if let Some(strategy) = strategy {
                *model.strategy.get_mut(resource) = strategy;
            }
            if let Some(buffer) = buffer {
                *model.buffer.get_mut(resource) = buffer;
            }
        };
        // Any other name is a metric that only the number of pods could follow.
        let resource = plimsoll_domain::Resource::ALL.into_iter().find(|one| one.name() == name);
        resource.map(&mut put);
    }
    model
}

/// `mode` and `percentile_value`, which belong together; `None` where nothing is said or it is
/// refused. `inherited` is what holds where a metric says nothing.
fn strategy(
    place: &Place<'_>,
    inherited: Option<Strategy>,
    reader: &mut Reader,
) -> Option<Strategy> {
    let (at_mode, at_value) = (place.get("mode"), place.get("percentile_value"));
    let mode = reader.word(&at_mode);
    let value = reader.value(&at_value, |_, text| quantile(text));
    let by_percentile = match (mode, inherited) {
        (Some(mode), _) => mode == "percentile",
        (None, Some(Strategy::Percentile(_))) => !at_mode.is_given(),
        (None, _) => false,
    };
    if !by_percentile {
        if at_value.is_given() {
            let message = "is for mode percentile only: write that mode, or leave the value out";
            reader.error(&at_value, message.to_owned());
        }
        return named(mode?);
    }
    match (value, inherited) {
        (Some(quantile), _) => Some(Strategy::Percentile(quantile)),
        (None, Some(Strategy::Percentile(quantile))) if !at_value.is_given() => {
            Some(Strategy::Percentile(quantile))
        }
        (None, _) => {
            if !at_value.is_given() {
                let message = "is percentile, and no percentile_value is given or inherited: write one, such as \"95\"";
                reader.error(&at_mode, message.to_owned());
            }
            None
        }
    }
}

fn named(mode: &str) -> Option<Strategy> {
    Some(match mode {
        "undershoot" => Strategy::Undershoot,
        "cost_optimized" => Strategy::CostOptimized,
        "balanced" => Strategy::Balanced,
        "assurance_optimized" => Strategy::AssuranceOptimized,
        "overshoot" => Strategy::Overshoot,
        _ => return None,
    })
}

/// A percentile from 0 to 100: digits with at most one point.
pub(super) fn quantile(text: &str) -> Option<Quantile> {
    share(text).and_then(Quantile::new)
}

fn buffer(place: &Place<'_>, reader: &mut Reader) -> Option<Ratio> {
    reader.value(&place.get("forecast_buffer_percentage"), |_, text| percent(text))
}

/// `10%` or `10`, up to 100.
pub(super) fn percent(text: &str) -> Option<Ratio> {
    let share = share(text.strip_suffix('%').unwrap_or(text))?;
    (share <= 1.0).then(|| Ratio::new(share)).flatten()
}

/// A hundredth, by moving the point in the text: 99.9 is 0.999, and dividing would miss that.
fn share(text: &str) -> Option<f64> {
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_plain.then(|| format!("{text}e-2").parse().ok()).flatten()
}

fn min_history(place: &Place<'_>, reader: &mut Reader) -> Duration {
    let at = place.get("min_lookback_to_scale");
    let Some(found) = duration(&at, reader) else { return MIN_HISTORY };
    if found < MIN_HISTORY_LEAST {
        reader.warn(&at, "is less than 3h, and counts as 3h".to_owned());
    }
    found.max(MIN_HISTORY_LEAST)
}

/// A duration; empty is as if left out.
pub(super) fn duration(place: &Place<'_>, reader: &mut Reader) -> Option<Duration> {
    match place.value() {
        Some(Value::Scalar(text)) if text.is_empty() => None,
        _ => reader.value(place, |_, text| parse_duration(text).ok()),
    }
}

/// How often a forecast is made, and whether it reaches to the next one.
fn cadence(place: &Place<'_>, horizon: Option<Duration>, reader: &mut Reader) -> Option<Cadence> {
    let (at_cron, at_interval) = (place.get("forecast_cron"), place.get("forecast_interval"));
    if text(&at_cron).is_some() && text(&at_interval).is_some() {
        let message = "stands beside forecast_cron: write one of the two";
        reader.error(&at_interval, message.to_owned());
        return None;
    }
    if let Some(text) = text(&at_cron) {
        let Some(cadence) = settings::cron(text) else {
            let message = "is not understood: expected five fields, such as \"*/15 * * * *\"";
            reader.error(&at_cron, message.to_owned());
            return None;
        };
        if let Some(every) = period(text) {
            overlap(place, horizon, every, reader);
        }
        return Some(cadence);
    }
    let every = duration(&at_interval, reader)?;
    match horizon {
        Some(horizon) if every > horizon => {
            let message = "is longer than forecast_blocks: make forecast_blocks at least as long, better two minutes longer";
            reader.error(&at_interval, message.to_owned());
        }
        _ => overlap(place, horizon, every, reader),
    }
    Some(Cadence::Every(every))
}

/// Warns where a forecast ends before the next one is surely there.
fn overlap(place: &Place<'_>, horizon: Option<Duration>, every: Duration, reader: &mut Reader) {
    if horizon.is_some_and(|horizon| horizon < every.saturating_add(OVERLAP)) {
        let message = "should be two minutes longer than the time from one forecast to the next";
        reader.warn(&place.get("forecast_blocks"), message.to_owned());
    }
}

/// The text at a place, if there is any.
fn text<'a>(place: &Place<'a>) -> Option<&'a str> {
    match place.value()? {
        Value::Scalar(text) => Some(text.trim()).filter(|text| !text.is_empty()),
        Value::Map(_) | Value::Seq(_) | Value::Null => None,
    }
}

/// The time between two runs, for the forms that people use: every so many minutes or hours, or once
/// an hour or a day.
fn period(cron: &str) -> Option<Duration> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [minute, hour, "*", "*", "*"] = *fields else { return None };
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let step = |text: &str| text.strip_prefix("*/")?.parse::<u64>().ok().filter(|step| *step > 0);
    match (minute, hour) {
        ("*", "*") => Some(Duration::from_mins(1)),
        (minute, "*") if is_number(minute) => Some(Duration::from_hours(1)),
        (minute, hour) if is_number(minute) && is_number(hour) => Some(Duration::from_hours(24)),
        (minute, hour) if is_number(minute) => {
            step(hour).filter(|h| *h <= 24).map(Duration::from_hours)
        }
        (minute, "*") => step(minute).filter(|m| *m <= 60).map(Duration::from_mins),
        _ => None,
    }
}
