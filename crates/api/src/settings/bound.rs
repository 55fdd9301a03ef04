//! The least and the greatest request, in both forms.

use plimsoll_domain::{Amount, Bound, Ratio, Resource};

use super::{step, table};
use crate::fields::{Kind, parse_percent_ratio};
use crate::format_quantity;
use crate::parse_quantity;
use crate::read::{Place, Reader, Said};

/// More than a hundred times the template's request is a slip.
const OF_ORIGINAL_MAX: f64 = 100.0;

/// Reads `min` and `max`. Where both forms are given, `constraints` hold.
pub(super) fn read(reader: &mut Reader, resource: Resource, place: &Place<'_>) -> [Said<Bound>; 2] {
    let constraints = place.get("constraints");
    let mut one = |name: &'static str| {
        let flat = flat(reader, resource, &place.get(name), name == "min");
        let typed = typed(reader, resource, &constraints.get(name), name == "min");
        (flat, typed)
    };
    let [(flat_min, typed_min), (flat_max, typed_max)] = ["min", "max"].map(&mut one);
    let found = [typed_min.or(flat_min), typed_max.or(flat_max)];
    let [Some(Some(min)), Some(Some(max))] = found else { return found };
    if is_ordered(min, max) {
        return found;
    }
    let at = if typed_max.is_some() { constraints.get("max") } else { place.get("max") };
    let [least, greatest] = [min, max].map(|bound| text(resource, bound));
    let message = format!("found {greatest}, expected at least min, {least}; neither is used");
    reader.error(&at, message);
    [None, None]
}

/// `min: 250m`.
fn flat(reader: &mut Reader, resource: Resource, place: &Place<'_>, or_zero: bool) -> Said<Bound> {
    let is_none = |text: &str| [table::NONE, table::INHERIT].contains(&text);
    reader.value(place, |kind, text| match kind.canonical(text) {
        Some(word) if is_none(&word) => Some(None),
        _ => constant(resource, text, or_zero).map(Some),
    })
}

/// `constraints: {min: {type: constant, value: 250m}}`.
fn typed(reader: &mut Reader, resource: Resource, place: &Place<'_>, or_zero: bool) -> Said<Bound> {
    let of = reader.word(&place.get("type"))?;
    let value = place.get("value");
    let bound = reader.value(&value, |_: Kind, text| match of {
        "percentageOfOriginal" => of_original(text),
        _ => constant(resource, text, or_zero),
    })?;
    Some(Some(bound))
}

fn constant(resource: Resource, text: &str, or_zero: bool) -> Option<Bound> {
    let amount = parse_quantity(text).ok()?;
    let is_used = amount >= step(resource) || or_zero && amount == Amount::ZERO;
    is_used.then_some(Bound::Constant(amount))
}

fn of_original(text: &str) -> Option<Bound> {
    let share: Ratio = parse_percent_ratio(text)?;
    (share.value() > 0.0 && share.value() <= OF_ORIGINAL_MAX).then_some(Bound::OfOriginal(share))
}

/// Whether a least bound is not above a greatest one; of two that cannot be compared here, the
/// template decides.
fn is_ordered(min: Bound, max: Bound) -> bool {
    match (min, max) {
        (Bound::Constant(min), Bound::Constant(max)) => min.value() <= max.value(),
        (Bound::OfOriginal(min), Bound::OfOriginal(max)) => min.value() <= max.value(),
        (Bound::Constant(_), Bound::OfOriginal(_)) | (Bound::OfOriginal(_), Bound::Constant(_)) => {
            true
        }
    }
}

fn text(resource: Resource, bound: Bound) -> String {
    match bound {
        Bound::Constant(amount) => format_quantity(resource, amount),
        Bound::OfOriginal(share) => format!("{}%", crate::fields::percent(share.value())),
    }
}
