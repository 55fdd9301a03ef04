//! The policy's least and greatest request.

use plimsoll_domain::{Amount, Constraint, Origin, ResourcePolicy, Sourced};

/// The value between the bounds, and the bound that held it, if one did. Should the least exceed
/// the greatest (refused where policies are read), the greatest holds.
pub(crate) fn bounded(value: Amount, policy: &ResourcePolicy) -> (Amount, Option<Constraint>) {
    let sourced = |value: Amount, origin: &Origin| Sourced { value, origin: origin.clone() };
    let (min, max) = (&policy.min, &policy.max);
    match (min.value, max.value) {
        (_, Some(most)) if value > most => {
            (most, Some(Constraint::Max(sourced(most, &max.origin))))
        }
        (Some(least), most) if value < least => {
            let least = most.map_or(least, |most| least.min(most));
            (least, Some(Constraint::Min(sourced(least, &min.origin))))
        }
        _ => (value, None),
    }
}
