//! What a target says of its workload, as settings of the one engine.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{
    ANY_CONTAINER, ContainerSettings, LimitRule, Mode, PerResource, ResourceSettings, Settings,
    Target as Covered, Threshold, VerticalSettings,
};

use super::model::{self, Model};
use super::vertical::{self, Vertical};
use super::{container, threshold};
use crate::read::{Place, Reader};

/// How far back usage is looked at where no forecast is followed.
const LOOK_BACK: Duration = Duration::from_hours(24);

/// The time from one forecast to the next where nothing is said, or nothing that has one period.
const CADENCE: Duration = Duration::from_mins(15);

/// Reads everything from `model` and `vertical` on; `spec` is where they stand.
pub(super) fn read(spec: &Place<'_>, reader: &mut Reader) -> Settings {
    let general = model::read(&spec.get("model"), reader);
    let at = spec.get("vertical");
    let own = at.get("model");
    // A model of one direction stands in place of the general one as a whole: the API server fills
    // in its defaults, so that nobody could tell what was left to the general one.
    let model = if own.is_given() { model::read(&own, reader) } else { general };
    let vertical = vertical::read(&at, model.every(), reader);
    let settings = of(&model, &vertical);
    both_autonomous(spec, vertical.mode, reader);
    settings
}

/// One direction at most may be autonomous.
fn both_autonomous(spec: &Place<'_>, vertical: Mode, reader: &mut Reader) {
    let horizontal = reader_mode(&spec.get("horizontal.mode"));
    if vertical == Mode::Apply && horizontal == Some(Mode::Apply) {
        let message =
            "is autonomous, and horizontal.mode is too: write recommendation in one of the two";
        reader.error(&spec.get("vertical.mode"), message.to_owned());
    }
}

fn reader_mode(place: &Place<'_>) -> Option<Mode> {
    let crate::document::Value::Scalar(text) = place.value()? else {
        return None;
    };
    vertical::mode_from(text)
}

fn of(model: &Model, vertical: &Vertical) -> Settings {
    let mut containers = vertical.containers.clone();
    // Who is not listed keeps what the template says.
    let kept = || PerResource::from_fn(|_| container::not_scaled());
    containers.entry(ANY_CONTAINER.to_owned()).or_insert_with(kept);
    Settings {
        vertical: VerticalSettings {
            mode: Some(vertical.mode),
            apply_type: Some(vertical.apply_type),
            update: vertical.update.map(Some),
            confidence_required: Some(false),
            min_history: Some(model.min_history),
            oom_remediation: vertical.oom_remediation,
            oom_window: vertical.oom_window.map(Some),
            // Every forecast may be acted upon: a pause for longer would miss the morning.
            cooldown: Some(Some(model.every().unwrap_or(CADENCE))),
            forecast_horizon: model.horizon,
            forecast_cadence: model.cadence.clone(),
            ..VerticalSettings::default()
        },
        resources: PerResource::from_fn(|resource| ResourceSettings {
            target: Some(Covered::Forecast(*model.strategy.get(resource))),
            look_back: Some(LOOK_BACK),
            overhead: Some(*model.buffer.get(resource)),
            ..resource_settings(
                *vertical.raising.get(resource),
                *vertical.lowering.get(resource),
                resource,
            )
        }),
        containers: with_containers(containers, vertical.is_given),
        later: BTreeMap::new(),
    }
}

/// Without `vertical` nothing is changed anyhow, and no container is spoken of.
fn with_containers(
    containers: BTreeMap<String, PerResource<ContainerSettings>>,
    is_given: bool,
) -> BTreeMap<String, PerResource<ContainerSettings>> {
    if is_given { containers } else { BTreeMap::new() }
}

/// What holds for a resource whatever the document says of its containers.
pub(super) fn resource_settings(
    raising: Option<Threshold>,
    lowering: Option<Threshold>,
    resource: plimsoll_domain::Resource,
) -> ResourceSettings {
    ResourceSettings {
        min: Some(Some(container::least(resource))),
        threshold: Some(raising.unwrap_or_else(threshold::default)),
        lowering_threshold: Some(Some(lowering.unwrap_or_else(threshold::default))),
        limit: Some(LimitRule::Keep),
        ..ResourceSettings::default()
    }
}
