//! `scaling_behavior`: how great a change must be.

use plimsoll_domain::{Amount, PerResource, Ratio, Resource, Threshold};

use crate::read::{Place, Reader};

/// Where nothing is said. The reference names no default, and a change of a tenth is worth little
/// less than a change at once; see the reference page.
pub(super) fn default() -> Threshold {
    Threshold::OfCurrent(Ratio::new(0.1).unwrap_or(Ratio::ZERO))
}

/// The thresholds of one way, `scale_up` or `scale_down`; absent where nothing is said, and for a
/// resource that `absolute` does not name.
pub(super) fn read(place: &Place<'_>, reader: &mut Reader) -> PerResource<Option<Threshold>> {
    if !place.is_group() {
        return PerResource::default();
    }
    let (at_percent, at_absolute) = (place.get("percent"), place.get("absolute"));
    let kind = reader.word(&place.get("type"));
    let percent = reader.integer(&at_percent);
    let absolute = PerResource::from_fn(|resource| amount(&at_absolute, resource, reader));
    unknown_names(&at_absolute, reader);
    match kind {
        Some("percent") if at_percent.is_given() => {
            let share = percent.and_then(|percent| i32::try_from(percent).ok());
            let share = share.and_then(|percent| Ratio::new(f64::from(percent) / 100.0));
            PerResource::from_fn(|_| share.map(Threshold::OfCurrent))
        }
        Some("absolute") if at_absolute.is_given() => {
            PerResource::from_fn(|resource| absolute.get(resource).map(Threshold::Absolute))
        }
        Some(kind) => {
            let example = if kind == "percent" { "percent: 20" } else { "absolute: {cpu: 100m}" };
            reader.error(
                place,
                format!("has type {kind}, expected {kind} with it, such as {example}"),
            );
            PerResource::default()
        }
        None => {
            if !place.get("type").is_given() {
                reader.error(place, "lacks type, expected percent or absolute".to_owned());
            }
            PerResource::default()
        }
    }
}

fn amount(place: &Place<'_>, resource: Resource, reader: &mut Reader) -> Option<Amount> {
    let entry = place.entries().find(|(name, _)| *name == resource.name());
    entry.and_then(|(_, at)| reader.quantity(&at))
}

fn unknown_names(place: &Place<'_>, reader: &mut Reader) {
    for (name, at) in place.entries() {
        if Resource::ALL.iter().all(|resource| resource.name() != name) {
            reader.warn(&at, "is ignored, expected cpu or memory".to_owned());
        }
    }
}
