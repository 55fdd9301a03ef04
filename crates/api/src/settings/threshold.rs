//! How great a change must be.

use plimsoll_domain::{Ratio, Resource, Threshold};

use super::step;
use crate::fields::Kind;
use crate::parse_quantity;
use crate::read::{Place, Reader, Said};

/// Fields of a strategy, and the types that they belong to.
const FIELDS: [(&str, &[&str]); 5] = [
    ("percentage", &["percentage", "percentageOfCurrent"]),
    ("amount", &["absolute"]),
    ("numerator", &["customAdaptive"]),
    ("denominator", &["customAdaptive"]),
    ("exponent", &["customAdaptive"]),
];

/// Reads `applyThreshold` or `applyThresholdStrategy`, which exclude each other.
pub(super) fn read(
    reader: &mut Reader,
    resource: Resource,
    place: &Place<'_>,
) -> Option<Threshold> {
    let (fixed, strategy) = (place.get("applyThreshold"), place.get("applyThresholdStrategy"));
    if fixed.is_given() && strategy.is_given() {
        let message = "stands beside applyThresholdStrategy, expected one of them; neither is used";
        reader.error(&fixed, message.to_owned());
        return None;
    }
    match reader.ratio(&fixed) {
        Some(ratio) => Some(Threshold::Ratio(ratio)),
        None => group(reader, resource, &strategy).flatten(),
    }
}

/// Reads a strategy; `Some(None)` where it says that another one holds.
pub(super) fn group(reader: &mut Reader, resource: Resource, place: &Place<'_>) -> Said<Threshold> {
    let Some(of) = reader.or_word(&place.get("type"), Kind::word)? else { return Some(None) };
    complete(reader, place, of)?;
    Some(Some(match of {
        "percentage" => Threshold::Ratio(reader.ratio(&place.get("percentage"))?),
        "percentageOfCurrent" => {
            // As an AIScaleTarget has it: any share, none included.
            let share = Kind::Number(0.0, f64::INFINITY);
            let share = |_, text: &str| share.number(text).and_then(Ratio::new);
            Threshold::OfCurrent(reader.value(&place.get("percentage"), share)?)
        }
        "absolute" => {
            let amount = place.get("amount");
            Threshold::Absolute(reader.value(&amount, |_, text| {
                parse_quantity(text).ok().filter(|amount| *amount >= step(resource))
            })?)
        }
        "customAdaptive" => {
            let [numerator, denominator, exponent] = ["numerator", "denominator", "exponent"]
                .map(|name| reader.number(&place.get(name)));
            Threshold::Adaptive {
                numerator: numerator?,
                denominator: denominator?,
                exponent: exponent?,
            }
        }
        _ => Threshold::DEFAULT_ADAPTIVE,
    }))
}

/// Whether all fields of the type are there; those of other types have no effect.
fn complete(reader: &mut Reader, place: &Place<'_>, of: &str) -> Option<()> {
    let mut is_complete = true;
    for (name, types) in FIELDS {
        let (field, belongs) = (place.get(name), types.contains(&of));
        if belongs && !field.is_given() {
            is_complete = false;
            reader.error(place, format!("lacks {name}, expected it with type {of}"));
        } else if !belongs && field.is_given() {
            reader.warn(&field, format!("is ignored, since it has no meaning with type {of}"));
        }
    }
    is_complete.then_some(())
}
