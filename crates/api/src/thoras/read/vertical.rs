//! `vertical`: what is changed, and how.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{ApplyType, ContainerSettings, Mode, PerResource, Threshold, Update};

use super::model::duration;
use super::{container, threshold, update};
use crate::document::Value;
use crate::read::{Place, Reader};

/// What a kill for exceeding the memory limit has taught stands at least this long.
const OOM_WINDOW_LEAST: Duration = Duration::from_hours(1);

/// What `vertical` says.
#[derive(Debug)]
pub(super) struct Vertical {
    /// Whether it is there.
    pub(super) is_given: bool,
    /// Whether recommendations are applied.
    pub(super) mode: Mode,
    /// Whether running pods are changed.
    pub(super) apply_type: ApplyType,
    /// How they are; absent where nothing is said.
    pub(super) update: Option<Update>,
    /// What is said of single containers.
    pub(super) containers: BTreeMap<String, PerResource<ContainerSettings>>,
    /// Whether kills raise memory; absent where nothing is said.
    pub(super) oom_remediation: Option<bool>,
    /// How long.
    pub(super) oom_window: Option<Duration>,
    /// How great a raise must be; absent where nothing is said.
    pub(super) raising: PerResource<Option<Threshold>>,
    /// How great a lowering must be; absent where nothing is said.
    pub(super) lowering: PerResource<Option<Threshold>>,
}

/// Reads `vertical`; `cadence` is the time from one forecast to the next, where it is known.
pub(super) fn read(place: &Place<'_>, cadence: Option<Duration>, reader: &mut Reader) -> Vertical {
    let mode = mode(&place.get("mode"), reader);
    if place.is_group() && mode.is_none() && !place.get("mode").is_given() {
        let message =
            "lacks mode, expected autonomous or recommendation; until then it is shown only";
        reader.warn(place, message.to_owned());
    }
    let containers = container::read(place, mode == Some(Mode::Apply), reader);
    let (oom_remediation, oom_window) = oom(place, cadence, reader);
    update::check_disruption(&place.get("disruption"), reader);
    let behavior = place.get("scaling_behavior");
    let (apply_type, update) = update::read(place, reader);
    Vertical {
        is_given: place.is_group(),
        mode: mode.unwrap_or(Mode::Recommend),
        apply_type,
        update,
        containers,
        oom_remediation,
        oom_window,
        raising: threshold::read(&behavior.get("scale_up"), reader),
        lowering: threshold::read(&behavior.get("scale_down"), reader),
    }
}

/// One of the seven words, as one of two modes.
pub(super) fn mode(place: &Place<'_>, reader: &mut Reader) -> Option<Mode> {
    reader.word(place).and_then(mode_from)
}

/// The mode that a word stands for.
pub(super) fn mode_from(word: &str) -> Option<Mode> {
    match word.to_ascii_lowercase().as_str() {
        "autonomous" | "auto" => Some(Mode::Apply),
        "recommendation" | "recommend" | "rec" | "observe" | "observation" => Some(Mode::Recommend),
        _ => None,
    }
}

/// Thoras raises memory after a kill only where it is told to. Where nothing is said it is raised
/// here: a container that is killed again and again serves nobody.
fn oom(
    place: &Place<'_>,
    cadence: Option<Duration>,
    reader: &mut Reader,
) -> (Option<bool>, Option<Duration>) {
    let group = place.get("oom_remediation");
    let enabled = reader.boolean(&group.get("enabled"));
    let at_window = group.get("stabilization_window");
    let window = duration(&at_window, reader);
    if window.is_some_and(|window| window.is_zero()) {
        reader.error(&at_window, "is zero, expected a time above it, such as 1h".to_owned());
    }
    let otherwise =
        (enabled == Some(true)).then(|| cadence.unwrap_or(OOM_WINDOW_LEAST).max(OOM_WINDOW_LEAST));
    (enabled, window.or(otherwise))
}

/// Whether a place holds this word.
pub(super) fn is_true(place: &Place<'_>) -> bool {
    matches!(place.value(), Some(Value::Scalar(text)) if text == "true")
}
