//! The policy's least and greatest request.

use plimsoll_domain::{Amount, Constraint};

use crate::rules::Rule;

/// The value between the bounds, and the bound that held it, if one did. Should the least exceed
/// the greatest (refused where policies are read, but two containers' shares of what their template
/// says may still cross), the greatest holds.
pub(crate) fn bounded(value: Amount, rule: &Rule<'_>) -> (Amount, Option<Constraint>) {
    match (&rule.min, &rule.max) {
        (_, Some(max)) if value > max.value => (max.value, Some(Constraint::Max(max.clone()))),
        (Some(min), max) if value < min.value => {
            let most = max.as_ref().map_or(min.value, |max| max.value);
            let least = min.value.min(most);
            (least, Some(Constraint::Min(min.map(|_| least))))
        }
        _ => (value, None),
    }
}
