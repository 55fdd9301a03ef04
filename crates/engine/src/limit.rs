//! The limit that goes with a request, and the request that fits under a limit that stays.

use plimsoll_domain::{Allocation, Amount, LimitRule, Ratio, Resource};

/// The memory limit that grows with a request: half as much again.
const MEMORY_HEADROOM: f64 = 1.5;

/// No computed memory limit is below 128 MiB: a container's runtime alone may need that much for a
/// moment, and a limit that kills costs more than the memory.
const LEAST_MEMORY_LIMIT_MEBIBYTES: u32 = 128;

/// Request and limit for a new pod by the rule, from the request wanted and the template's own
/// values. The request is the wanted one unless a limit that stays is below it.
pub(crate) fn limited(
    rule: LimitRule,
    wanted: Amount,
    original: Allocation,
    resource: Resource,
) -> Allocation {
    let limit = match rule {
        LimitRule::None => None,
        LimitRule::Keep => original.limit,
        LimitRule::Automatic => automatic(wanted, original.limit, resource),
        LimitRule::MaintainRatio => maintained(wanted, original, resource),
        LimitRule::Multiplier { factor, only_if_original_exists, only_if_original_lower } => {
            let computed = least(wanted.scaled(factor), resource).max(wanted);
            match original.limit {
                None => (!only_if_original_exists).then_some(computed),
                Some(limit) if only_if_original_lower => Some(limit.max(computed)),
                Some(_) => Some(computed),
            }
        }
    };
    Allocation { request: Some(limit.map_or(wanted, |limit| limit.min(wanted))), limit }
}

fn automatic(wanted: Amount, original: Option<Amount>, resource: Resource) -> Option<Amount> {
    match resource {
        Resource::Cpu => None,
        Resource::Memory => original.map(|limit| headroom(wanted).max(limit)),
    }
}

/// Where the template has no ratio to maintain, CPU gets no limit and memory the usual headroom.
/// A template with a limit and no request asks for as much as its limit, as Kubernetes reads it.
fn maintained(wanted: Amount, original: Allocation, resource: Resource) -> Option<Amount> {
    let request = original.request.or(original.limit);
    let ratio = original.limit.zip(request).and_then(|(limit, request)| {
        let ratio = limit.value() / request.value();
        Ratio::new(ratio)
    });
    match (ratio, resource) {
        (Some(ratio), _) => Some(least(wanted.scaled(ratio), resource).max(wanted)),
        (None, Resource::Cpu) => None,
        (None, Resource::Memory) => Some(headroom(wanted)),
    }
}

fn headroom(wanted: Amount) -> Amount {
    let raised = Ratio::new(MEMORY_HEADROOM).map_or(wanted, |by| wanted.scaled(by));
    least(raised, Resource::Memory)
}

fn least(limit: Amount, resource: Resource) -> Amount {
    match resource {
        Resource::Cpu => limit,
        Resource::Memory => limit.max(Amount::from_mebibytes(LEAST_MEMORY_LIMIT_MEBIBYTES)),
    }
}
