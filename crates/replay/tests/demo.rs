//! The demo: repeatable to the byte, and never without a summary.

use std::time::Duration;

use plimsoll_domain::{
    Amount, ApplyType, ConfidenceRule, Configuration, Configured, LimitRule, Mode, PerResource,
    Policy, Quantile, Ratio, Resource, ResourcePolicy, Sourced, Target, Threshold,
};
use plimsoll_replay::Demo;

fn configure(annotation: Option<&str>) -> Configuration {
    let mode = if annotation.is_some() { Mode::Apply } else { Mode::Recommend };
    let ratio = |value| Ratio::new(value).unwrap();
    let resource = |target, min| ResourcePolicy {
        target: Sourced::default_value(target),
        look_back: Sourced::default_value(Duration::from_hours(24)),
        min: Sourced::default_value(Some(min)),
        max: Sourced::default_value(None),
        overhead: Sourced::default_value(ratio(0.1)),
        threshold: Sourced::default_value(Threshold::DEFAULT_ADAPTIVE),
        limit: Sourced::default_value(LimitRule::Automatic),
    };
    let policy = Policy {
        mode: Sourced::default_value(mode),
        apply_type: Sourced::default_value(ApplyType::Immediate),
        startup: Sourced::default_value(Duration::from_mins(2)),
        confidence: ConfidenceRule {
            required: Sourced::default_value(false),
            threshold: Sourced::default_value(ratio(0.9)),
        },
        resources: PerResource::from_fn(|which| match which {
            Resource::Cpu => {
                let p80 = Quantile::new(0.8).unwrap();
                resource(Target::Quantile(p80), Amount::from_millicores(10))
            }
            Resource::Memory => resource(Target::Max, Amount::from_mebibytes(10)),
        }),
    };
    Configuration { configured: Configured::Policy(Box::new(policy)), warnings: Vec::new() }
}

fn run(seed: u64, length: Duration) -> String {
    let mut demo = Demo::new(seed, length, &configure).unwrap();
    let mut text = String::new();
    while let Some(step) = demo.step() {
        for line in step.lines {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text + &demo.summary()
}

#[test]
fn two_runs_with_one_seed_print_the_same_bytes_and_another_seed_others() {
    let length = Duration::from_hours(12);
    let first = run(7, length);
    assert_eq!(first, run(7, length));
    assert_ne!(first, run(8, length));
    assert!(first.contains("resized in place"), "{first}");
}
