//! The policies that ship with the program.

use plimsoll_domain::{Mode, Origin, PerResource, Policy, Resource, Target};
use plimsoll_policy::{Catalog, SystemPolicy};

/// CPU and memory as target, overhead in percent, look-back in hours; how running pods are changed.
#[track_caller]
fn check(policy: SystemPolicy, order: i32, expect: &str) {
    let origin = Origin::SystemPolicy(policy.name().into());
    let resolved = Policy::resolve(&[(&origin, &policy.settings())]);
    let text = PerResource::from_fn(|resource: Resource| {
        let settings = resolved.resources.get(resource);
        let target = match settings.target.value {
            Target::Quantile(quantile) => format!("p{}", quantile.value() * 100.0),
            Target::Max => "max".to_owned(),
            other @ (Target::Pooled(_) | Target::Auto | Target::Forecast(_)) => {
                format!("{other:?}")
            }
        };
        let percent = settings.overhead.value.percent();
        let hours = settings.look_back.value.as_secs() / 3600;
        format!("{target} +{percent}% {hours}h")
    });
    let apply_type = resolved.vertical.apply_type.value;
    assert_eq!(format!("{} {} {apply_type:?}", text.cpu, text.memory), expect);
    assert_eq!(policy.order(), order);
    assert_eq!(resolved.vertical.mode.value, Mode::Recommend, "nothing is on by itself");
    assert!(!policy.doc().is_empty());
}

#[test]
fn numbers() {
    use SystemPolicy::*;
    check(Readonly, 1000, "p80 +10% 24h max +10% 24h Immediate");
    check(Resiliency, 1010, "p99 +20% 168h max +30% 168h Deferred");
    check(Burstable, 1020, "p90 +10% 24h max +20% 24h Deferred");
    check(Stability, 1030, "p95 +15% 168h max +20% 168h Immediate");
    check(CostSavings, 1040, "p75 +5% 24h p99 +5% 24h Immediate");
    check(Balanced, 1050, "p80 +10% 24h max +10% 24h Immediate");
    check(Auto, 1060, "Auto +0% 24h Auto +0% 24h Immediate");
}

#[test]
fn stand_in_their_order() {
    let catalog = Catalog::default();
    let names: Vec<_> = catalog.policies().map(|policy| policy.name().to_string()).collect();
    assert_eq!(names, SystemPolicy::ALL.map(|policy| policy.name().to_owned()));
}
