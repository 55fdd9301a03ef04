//! What becomes of limits.

use plimsoll_domain::LimitRule;

use crate::fields::Kind;
use crate::read::{Place, Reader, Said};

/// Reads a rule; `Some(None)` where it says that another one holds.
pub(super) fn read(reader: &mut Reader, place: &Place<'_>) -> Said<LimitRule> {
    let Some(of) = reader.or_word(&place.get("type"), Kind::word)? else { return Some(None) };
    let rule = match of {
        "multiplier" => return multiplier(reader, place).map(Some),
        "noLimit" => LimitRule::None,
        "keepLimits" => LimitRule::Keep,
        "maintainRatio" => LimitRule::MaintainRatio,
        _ => LimitRule::Automatic,
    };
    for name in ["multiplier", "onlyIfOriginalExist", "onlyIfOriginalLower"] {
        let field = place.get(name);
        if field.is_given() {
            reader.error(&field, "is not used, expected it with type multiplier only".to_owned());
        }
    }
    Some(Some(rule))
}

fn multiplier(reader: &mut Reader, place: &Place<'_>) -> Option<LimitRule> {
    reader.require_one(place, &["multiplier"]);
    let exists = reader.boolean(&place.get("onlyIfOriginalExist"));
    let lower = reader.boolean(&place.get("onlyIfOriginalLower"));
    Some(LimitRule::Multiplier {
        factor: reader.ratio(&place.get("multiplier"))?,
        only_if_original_exists: exists.unwrap_or(false),
        only_if_original_lower: lower.unwrap_or(false),
    })
}
