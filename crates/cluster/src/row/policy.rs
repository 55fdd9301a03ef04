//! A ScalingPolicy as what a catalog is made of.

use kube::core::DynamicObject;
use plimsoll_policy::ScalingPolicy;

use super::target::value;

/// The policy that an object is. What was refused of it is among the remarks of its document.
pub(crate) fn scaling_policy(object: &DynamicObject) -> ScalingPolicy {
    plimsoll_api::scaling_policy(&value(object)).0
}
