//! A behavior of rollouts that one source asks for and another's deferral excludes.

use plimsoll_domain::{ApplyType, Diagnostic, Origin, Policy};

use crate::configure::warning;
use crate::settle::source_name;

/// The field whose value needs changes to running pods.
const FIELD: &str = "rolloutBehavior.type";
/// The value.
const NO_DISRUPTION: &str = "NoDisruption";

/// Puts the behavior out of use where changes are left to new pods: within one document its reader
/// refuses that, between documents the deferral holds, whichever is the stronger, since it is the one
/// that changes less. What a weaker source says of the behavior takes its place.
pub(crate) fn settle(policy: &mut Policy, remarks: &mut Vec<Diagnostic>) {
    let apply_type = &policy.vertical.apply_type;
    let Some(said) = policy.later.get_mut(FIELD) else { return };
    if apply_type.value != ApplyType::Deferred || said.value != NO_DISRUPTION {
        return;
    }
    let [behavior, deferral] = [&said.origin, &apply_type.origin].map(source_name);
    let message = format!(
        "{NO_DISRUPTION} ({behavior}) is not used, since vertical.applyType is deferred ({deferral})"
    );
    // What the workload is cannot be edited; a document can.
    let deferring = Some(&apply_type.origin).filter(|one| !matches!(one, Origin::Forced(_)));
    let origin = deferring.max(Some(&said.origin)).unwrap_or(&said.origin);
    remarks.push(warning(origin, FIELD, message));
    match said.beaten.iter().position(|beaten| beaten.value != NO_DISRUPTION) {
        Some(at) => {
            let next = said.beaten.remove(at);
            said.value = next.value;
            said.origin = next.origin;
        }
        None => {
            policy.later.remove(FIELD);
        }
    }
}
