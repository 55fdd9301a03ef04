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

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: Resource = Resource::Cpu;
    const MEMORY: Resource = Resource::Memory;

    fn amount(resource: Resource, value: f64) -> Amount {
        let unit = match resource {
            Resource::Cpu => 0.001,
            Resource::Memory => 1024.0 * 1024.0,
        };
        Amount::new(value * unit).unwrap()
    }

    fn multiplier(factor: f64, exist: bool, lower: bool) -> LimitRule {
        LimitRule::Multiplier {
            factor: Ratio::new(factor).unwrap(),
            only_if_original_exists: exist,
            only_if_original_lower: lower,
        }
    }

    /// Amounts in thousandths of a core and mebibytes; `original` is request and limit of the
    /// template, `expect` those of a new pod.
    fn check(
        resource: Resource,
        rule: LimitRule,
        wanted: f64,
        original: (Option<f64>, Option<f64>),
        expect: (f64, Option<f64>),
    ) {
        let original = Allocation {
            request: original.0.map(|value| amount(resource, value)),
            limit: original.1.map(|value| amount(resource, value)),
        };
        let result = limited(rule, amount(resource, wanted), original, resource);
        let close = |is: Option<Amount>, expect: Option<f64>| match (is, expect) {
            (Some(is), Some(expect)) => {
                let expect = amount(resource, expect).value();
                (is.value() - expect).abs() <= 1e-9 * expect
            }
            (is, expect) => is.is_none() && expect.is_none(),
        };
        assert!(
            close(result.request, Some(expect.0)) && close(result.limit, expect.1),
            "{rule:?} of {wanted} gave {result:?}, not {expect:?}"
        );
    }

    #[test]
    fn automatic_removes_the_cpu_limit_and_lets_the_memory_limit_only_grow() {
        let rule = LimitRule::Automatic;
        check(CPU, rule, 220.0, (Some(500.0), Some(1000.0)), (220.0, None));
        check(CPU, rule, 220.0, (Some(500.0), None), (220.0, None));
        check(MEMORY, rule, 451.0, (Some(512.0), Some(512.0)), (451.0, Some(676.5)));
        check(MEMORY, rule, 100.0, (Some(512.0), Some(512.0)), (100.0, Some(512.0)));
        check(MEMORY, rule, 20.0, (Some(64.0), Some(64.0)), (20.0, Some(128.0)));
        check(MEMORY, rule, 451.0, (Some(512.0), None), (451.0, None));
    }

    #[test]
    fn no_limit_removes_and_keep_leaves_and_clamps_the_request() {
        for resource in Resource::ALL {
            let original = (Some(500.0), Some(1000.0));
            check(resource, LimitRule::None, 220.0, original, (220.0, None));
            check(resource, LimitRule::Keep, 220.0, original, (220.0, Some(1000.0)));
            check(resource, LimitRule::Keep, 1200.0, original, (1000.0, Some(1000.0)));
            check(resource, LimitRule::Keep, 1200.0, (Some(500.0), None), (1200.0, None));
        }
    }

    #[test]
    fn a_multiplier_heeds_its_flags_and_the_floor_of_memory() {
        let original = (Some(500.0), Some(1000.0));
        let none = (Some(500.0), None);
        check(CPU, multiplier(2.0, false, false), 220.0, original, (220.0, Some(440.0)));
        check(CPU, multiplier(2.0, false, true), 220.0, original, (220.0, Some(1000.0)));
        check(CPU, multiplier(2.0, false, true), 600.0, original, (600.0, Some(1200.0)));
        check(CPU, multiplier(2.0, true, false), 220.0, none, (220.0, None));
        check(CPU, multiplier(2.0, false, true), 220.0, none, (220.0, Some(440.0)));
        check(CPU, multiplier(2.0, true, true), 220.0, none, (220.0, None));
        check(CPU, multiplier(2.0, true, true), 220.0, original, (220.0, Some(1000.0)));
        check(MEMORY, multiplier(1.0, false, false), 100.0, none, (100.0, Some(128.0)));
        check(MEMORY, multiplier(1.5, true, false), 300.0, original, (300.0, Some(450.0)));
        check(MEMORY, multiplier(1.0, false, false), 300.0, original, (300.0, Some(300.0)));
    }

    #[test]
    fn the_ratio_is_maintained_where_the_template_has_one() {
        let rule = LimitRule::MaintainRatio;
        check(CPU, rule, 220.0, (Some(500.0), Some(1000.0)), (220.0, Some(440.0)));
        check(CPU, rule, 220.0, (Some(500.0), None), (220.0, None));
        check(CPU, rule, 220.0, (None, Some(1000.0)), (220.0, Some(220.0)));
        check(CPU, rule, 220.0, (Some(0.0), Some(1000.0)), (220.0, None));
        check(MEMORY, rule, 300.0, (Some(512.0), Some(1024.0)), (300.0, Some(600.0)));
        check(MEMORY, rule, 50.0, (Some(512.0), Some(1024.0)), (50.0, Some(128.0)));
        check(MEMORY, rule, 300.0, (Some(512.0), None), (300.0, Some(450.0)));
        check(MEMORY, rule, 50.0, (None, None), (50.0, Some(128.0)));
    }
}
