//! `update_policy`, its older form `in_place_resizing`, and `disruption`.

use plimsoll_domain::{ApplyType, Update};

use super::model::percent;
use crate::document::Value;
use crate::parse_duration;
use crate::read::{Place, Reader};

/// When running pods are changed, and how. Where that is possible they are changed in place, also
/// where replacing them was asked for: it is the gentler of the two.
pub(super) fn read(vertical: &Place<'_>, reader: &mut Reader) -> (ApplyType, Option<Update>) {
    let policy = vertical.get("update_policy");
    let at_mode = policy.get("update_mode");
    let mode = reader.word(&at_mode);
    let at_enabled = vertical.get("in_place_resizing.enabled");
    let enabled = reader.boolean(&at_enabled);
    resources(&policy.get("recreate_resources"), reader);
    // The API server writes a mode wherever there is a policy; elsewhere it is the same.
    let written = policy.is_group().then(|| mode.unwrap_or("recreate"));
    let in_place = written.map(|mode| matches!(mode, "in_place" | "in_place_or_recreate"));
    match (enabled, in_place) {
        (Some(true), Some(false)) => {
            let message = "is true: write update_mode in_place or in_place_or_recreate, or leave in_place_resizing out";
            reader.error(&at_enabled, message.to_owned());
        }
        (Some(false), Some(true)) => {
            let message =
                "is false: write update_mode recreate or initial, or leave in_place_resizing out";
            reader.error(&at_enabled, message.to_owned());
        }
        _ => {}
    }
    if enabled == Some(false) {
        let message =
            "is false, and replacing pods is not in effect yet: only new pods get new values";
        reader.warn(&at_enabled, message.to_owned());
        return (ApplyType::Deferred, Some(Update::Recreate));
    }
    if matches!(mode, Some("recreate" | "in_place_or_recreate")) {
        let message = "running pods are changed in place; replacing those where that is not possible is not in effect yet";
        reader.warn(&at_mode, message.to_owned());
    }
    let update = match written {
        Some("initial") => return (ApplyType::Deferred, None),
        Some("in_place") => Some(Update::InPlace),
        Some("in_place_or_recreate") => Some(Update::InPlaceOrRecreate),
        Some(_) => Some(Update::Recreate),
        None => enabled.map(|_| Update::InPlaceOrRecreate),
    };
    (ApplyType::Immediate, update)
}

fn resources(place: &Place<'_>, reader: &mut Reader) {
    for element in place.elements() {
        let known = matches!(element.value(), Some(Value::Scalar(text)) if text == "cpu" || text == "memory");
        if !known {
            reader.error(&element, "expected cpu or memory".to_owned());
        }
    }
}

/// Refuses numbers of pods and times that mean nothing.
pub(super) fn check_disruption(place: &Place<'_>, reader: &mut Reader) {
    reader.value(&place.get("max_disrupted"), |_, text| match text.strip_suffix('%') {
        Some(_) => percent(text).filter(|share| share.value() >= 0.01).map(|_| ()),
        None => text.parse::<u32>().ok().filter(|pods| *pods > 0).map(|_| ()),
    });
    let at = place.get("interval");
    let Some(Value::Scalar(text)) = at.value() else { return };
    if parse_duration(text).is_ok_and(|interval| interval.is_zero()) {
        reader.error(&at, "is zero, expected a time above it, such as 60s".to_owned());
    }
}
