//! A price of risk where nothing goes by it.

use plimsoll_domain::{Diagnostic, Policy, Target};

use crate::configure::warning;
use crate::settle::source_name;

/// The field.
const FIELD: &str = "vertical.riskPrice";

/// Says that a price of risk which somebody set has no effect, where another target than `auto` holds.
pub(crate) fn check(policy: &Policy, remarks: &mut Vec<Diagnostic>) {
    let price = &policy.vertical.risk_price;
    let target = &policy.resources.cpu.target;
    if price.value.is_some() && target.value != Target::Auto {
        let message = format!(
            "has no effect, since it is for target auto and vertical.cpu.target is another ({})",
            source_name(&target.origin)
        );
        remarks.push(warning(&price.origin, FIELD, message));
    }
}
