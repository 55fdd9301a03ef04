//! DaemonSetAutoscaler: percentiles of what was seen, and no forecast.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{
    ANY_CONTAINER, ApplyType, Mode, Origin, PerResource, Quantile, ResourceSettings, Settings,
    Target as Covered, VerticalSettings,
};
use serde_json::Value as Json;

use super::model::{duration, quantile};
use super::settings::resource_settings;
use super::{Identity, Selects, Target, checked, container, finish, identity, vertical};
use crate::read::{Place, Reader};
use crate::thoras::table::{self, DAEMON_SET_TREE};

/// How far back usage is looked at where nothing is said, and at most.
const OBSERVED: Duration = Duration::from_hours(8 * 24);
/// Which quantile is requested where nothing is said.
const PERCENTILE: f64 = 0.9;
/// How far back usage must reach where nothing is said, and the least that is looked back.
const OBSERVED_LEAST: Duration = Duration::from_hours(3);

/// How often pods are changed at most where nothing is said, and what may be said.
const INTERVAL: Duration = Duration::from_mins(15);
const INTERVAL_LEAST: Duration = Duration::from_mins(1);
const INTERVAL_MOST: Duration = Duration::from_hours(7 * 24);

/// Reads a DaemonSetAutoscaler.
pub fn read_daemon_set_autoscaler(object: &Json) -> Target {
    let Identity { namespace, name, generation } = identity(object);
    let mut reader = Reader::new(Origin::DaemonSetAutoscaler(Arc::from(&*name)));
    let root = checked(object, &mut reader, &DAEMON_SET_TREE);
    let spec = Place::top(&root, &DAEMON_SET_TREE).get("spec");
    let selects = selects(&spec, &mut reader);
    let settings = settings(&spec, &mut reader);
    let document = finish(reader, settings, &root, &table::DAEMON_SET.spec);
    Target {
        namespace,
        name,
        generation,
        selects,
        made_by_template: None,
        document,
        horizontal: None,
    }
}

fn selects(spec: &Place<'_>, reader: &mut Reader) -> Selects {
    let reference = spec.get("scaleTargetRef");
    let api_version = reader.text(&reference.get("apiVersion"));
    let Some(name) = reader.text(&reference.get("name")) else {
        let message = "names no DaemonSet, expected scaleTargetRef such as {apiVersion: apps/v1, name: agent}";
        reader.error(spec, message.to_owned());
        return Selects::Nothing;
    };
    Selects::ByName { api_version, kind: "DaemonSet".to_owned(), name }
}

fn settings(spec: &Place<'_>, reader: &mut Reader) -> Settings {
    let mode = vertical::mode(&spec.get("scaleMode"), reader);
    if mode.is_none() && !spec.get("scaleMode").is_given() {
        reader.warn(spec, "lacks scaleMode, expected autonomous or recommendation".to_owned());
    }
    let mut containers = container::read(spec, mode == Some(Mode::Apply), reader);
    let kept = || PerResource::from_fn(|_| container::not_scaled());
    containers.entry(ANY_CONTAINER.to_owned()).or_insert_with(kept);
    update_mode(&spec.get("updatePolicy.updateMode"), reader);
    let look_back = look_back(&spec.get("observationWindow"), reader);
    let least = duration(&spec.get("minObservationWindow"), reader).unwrap_or(OBSERVED_LEAST);
    if least > look_back {
        let message = "is longer than observationWindow, so that nothing would ever be changed: make it at most that";
        reader.error(&spec.get("minObservationWindow"), message.to_owned());
    }
    let interval = interval(&spec.get("scaleInterval"), reader);
    let quantile = reader.value(&spec.get("percentile"), |_, text| quantile(text));
    let quantile = quantile.or_else(|| Quantile::new(PERCENTILE));
    let target = quantile.map_or(Covered::Max, Covered::Pooled);
    Settings {
        vertical: VerticalSettings {
            mode: Some(mode.unwrap_or(Mode::Recommend)),
            apply_type: Some(ApplyType::Immediate),
            confidence_required: Some(false),
            min_history: Some(least),
            cooldown: Some(Some(interval)),
            ..VerticalSettings::default()
        },
        resources: PerResource::from_fn(|resource| ResourceSettings {
            target: Some(target),
            look_back: Some(look_back),
            ..resource_settings(None, None, resource)
        }),
        containers,
        later: BTreeMap::new(),
    }
}

fn update_mode(place: &Place<'_>, reader: &mut Reader) {
    if reader.text(place).is_some_and(|mode| mode != "InPlace") {
        reader.error(place, "expected InPlace, the only mode there is".to_owned());
    }
}

/// How often pods are changed at most.
fn interval(place: &Place<'_>, reader: &mut Reader) -> Duration {
    let found = duration(place, reader).unwrap_or(INTERVAL);
    if found < INTERVAL_LEAST {
        reader
            .warn(place, "is less than 1m, how often usage is judged, and counts as 1m".to_owned());
    }
    if found > INTERVAL_MOST {
        reader.warn(place, "is more than 168h (7 days), and counts as that".to_owned());
    }
    found.clamp(INTERVAL_LEAST, INTERVAL_MOST)
}

fn look_back(place: &Place<'_>, reader: &mut Reader) -> Duration {
    let Some(found) = duration(place, reader) else { return OBSERVED };
    if found > OBSERVED {
        reader.warn(place, "is more than 192h (8 days), and counts as that".to_owned());
    }
    if found < OBSERVED_LEAST {
        reader.warn(place, "is less than 3h, and counts as 3h".to_owned());
    }
    found.clamp(OBSERVED_LEAST, OBSERVED)
}
