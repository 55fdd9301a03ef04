//! What holds for a workload: precedence, governors, the frozen state, bounds that contradict.

use plimsoll_domain::{Amount, Bound, Configured, Origin, Sourced};
use plimsoll_policy::{BuiltIn, configure};

use crate::case::Case;
use crate::render;

#[track_caller]
fn check(said: &str, expect: &str) {
    check_with(BuiltIn::default(), said, expect);
}

#[track_caller]
fn check_with(built_in: BuiltIn, said: &str, expect: &str) {
    let case = Case::parse(said);
    let configuration = configure(&case.sources(), &case.catalog(), &built_in);
    let text = render::configuration(&configuration);
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    assert_eq!(lines(&text), lines(expect), "\n{said}\n{text}");
}

#[test]
fn each_source_beats_the_weaker_ones() {
    check("", "governor policy\npolicy auto by kind");
    check(
        "policy balanced cpu.target=0.5 mode=apply\nspec cpu.target=0.6 policy=balanced",
        "governor spec
         policy balanced by name
         mode = Apply (policy balanced), not Recommend (built-in balanced)
         cpu.target = Quantile(Quantile(0.6)) (spec), not Quantile(Quantile(0.5)) (policy balanced), \
         not Quantile(Quantile(0.8)) (built-in balanced)",
    );
    check(
        "policy team\nrule\npolicy other cpu.max=3
         annotation policy=other cpu.max=2 mode=apply",
        "governor annotation
         policy other by name
         mode = Apply (annotation)
         cpu.max = 2 (annotation), not 3 (policy other)",
    );
    check(
        "policy team later.a=1 later.b=1\nrule\nannotation later.b=2 later.c=2",
        "governor annotation
         policy team by rule 1
         a = \"1\" (policy team)
         b = \"2\" (annotation), not \"1\" (policy team)
         c = \"2\" (annotation)",
    );
}

#[test]
fn an_annotation_puts_the_rest_out_of_use() {
    check(
        "annotation cpu.max=2\nspec cpu.max=3 cpu.min=1 warns=a policy=stability
         target b by=selector cpu.max=4 warns=b",
        "governor annotation
         policy balanced by kind
         overruled selector b
         overruled spec
         cpu.max = 2 (annotation)",
    );
    check(
        "annotation cpu.max=2 warns=a\nolder cpu.max=3 cpu.min=1 policy=stability warns=b",
        "governor annotation
         policy balanced by kind
         cpu.max = 2 (annotation)
         warning (annotation) a: is odd
         warning (older) : annotations of the older form are ignored beside the annotation that \
         holds the whole configuration",
    );
    check(
        "older cpu.max=3 policy=stability\nspec cpu.max=4",
        "governor annotation
         policy stability by name
         overruled spec
         cpu.max = 3 (older)",
    );
}

#[test]
fn governors_have_a_fixed_order() {
    check(
        "target b by=template\ntarget z by=selector\ntarget c by=name cpu.max=1
         target a by=template\ntarget y by=selector\nspec cpu.max=2\npolicy team cpu.min=1\nrule",
        "governor name c
         overruled selector y
         overruled selector z
         overruled template a
         overruled template b
         overruled spec
         cpu.max = 1 (target c)",
    );
    check(
        "target a by=name cpu.max=1\ntarget a by=daemonset cpu.max=2",
        "governor daemonset a\noverruled name a\ncpu.max = 2 (dsa a)",
    );
    check(
        "annotation\ntarget a by=name cpu.max=1",
        "governor annotation\npolicy balanced by kind\noverruled name a",
    );
}

#[test]
fn a_policy_that_is_not_there() {
    check(
        "annotation policy=gone\npolicy team default",
        "governor annotation
         policy balanced for unknown gone
         warning (annotation) scalingPolicyName: Could not find scaling policy by name 'gone'",
    );
    check(
        "spec policy=gone",
        "governor spec
         policy auto for unknown gone
         warning (spec) scalingPolicyName: Could not find scaling policy by name 'gone'",
    );
}

#[test]
fn what_freezes() {
    check(
        "annotation unreadable warns=x\nspec mode=apply\npolicy team mode=apply\nrule",
        "governor annotation
         overruled spec
         unreadable annotation
         warning (annotation) x: is odd
         frozen",
    );
    check(
        "spec unreadable\npolicy team mode=apply\nrule",
        "governor spec\nunreadable spec\nfrozen",
    );
    check(
        "target a by=name unreadable\ntarget b by=selector mode=apply",
        "governor name a\noverruled selector b\nunreadable target a\nfrozen",
    );
    // Whoever has a policy that cannot be read stands still; so does an annotation above it.
    check(
        "policy team unreadable\nrule\nannotation mode=apply",
        "governor annotation\npolicy team by rule 1\nunreadable policy team\nfrozen",
    );
    // Not so beside one that is overruled, or has another workload's.
    check(
        "target b by=selector unreadable\nannotation",
        "governor annotation
         policy balanced by kind\noverruled selector b",
    );
    check("policy team unreadable", "governor policy\npolicy auto by kind");
    check(
        "annotation mode=apply refuses=vertical.cpu.min",
        "governor annotation
         policy balanced by kind
         mode = Apply (annotation), not Recommend (built-in balanced)
         error (annotation) vertical.cpu.min: is odd
         frozen",
    );
    // A rule that cannot be compiled says nothing about what the policy means.
    check(
        "policy team mode=apply\nrule patterns=(\nrule",
        "governor policy\npolicy team by rule 2\nmode = Apply (policy team)",
    );
    check(
        "policy team refuses=assignmentRules[0].namespaces refuses=order refuses=default\nrule",
        "governor policy\npolicy team by rule 1",
    );
    check(
        "policy team refuses=vertical.cpu.min warns=assignmentRules[0]\nrule",
        "governor policy
         policy team by rule 1
         error (policy team) vertical.cpu.min: is odd
         frozen",
    );
}

#[test]
fn remarks_of_the_strongest_come_first() {
    check(
        "policy balanced warns=c\nannotation warns=b warns=a policy=balanced",
        "governor annotation
         policy balanced by name
         warning (annotation) b: is odd
         warning (annotation) a: is odd
         warning (policy balanced) c: is odd",
    );
}

#[test]
fn confidence_where_nobody_asks() {
    let required = |said: &str, flag: bool| {
        let case = Case::parse(said);
        let built_in = BuiltIn { confidence_required: flag };
        let configuration = configure(&case.sources(), &case.catalog(), &built_in);
        let Configured::Policy(policy) = configuration.configured else { panic!("{said}") };
        policy.vertical.confidence_required.value
    };
    for (said, without_flag, with_flag) in [
        ("annotation mode=apply", false, true),
        ("older mode=apply", false, true),
        ("annotation confidence=false", false, false),
        ("annotation confidence=true", true, true),
        ("policy team mode=apply\nrule", true, true),
        ("policy team confidence=false\nrule", false, false),
        ("policy team confidence=true\nrule\nannotation mode=apply", true, true),
        ("spec mode=apply", true, true),
        ("", true, true),
        ("target a by=name mode=apply", false, true),
    ] {
        assert_eq!(required(said, false), without_flag, "{said}");
        assert_eq!(required(said, true), with_flag, "{said}, with the flag");
    }
    check_with(
        BuiltIn { confidence_required: true },
        "annotation confidence=false",
        "governor annotation
         policy balanced by kind
         confidence = false (annotation), not true (flag)",
    );
}

#[test]
fn defaults_lie_under_a_policy_that_says_little() {
    let case = Case::parse("policy team mode=apply\nrule");
    let configuration = configure(&case.sources(), &case.catalog(), &BuiltIn::default());
    let Configured::Policy(policy) = configuration.configured else { panic!() };
    let cpu = &policy.resources.cpu;
    assert_eq!(format!("{:?}", cpu.target.value), "Quantile(Quantile(0.8))");
    let hundredth = Bound::Constant(Amount::from_millicores(10));
    assert_eq!(cpu.min, Sourced::new(Some(hundredth), Origin::Default));
}

#[test]
fn bounds_that_contradict() {
    check(
        "policy team cpu.max=1\nrule\nannotation cpu.min=2",
        "governor annotation
         policy team by rule 1
         cpu.min = 2 (annotation)
         cpu.max = none (default), not 1 (policy team)
         warning (annotation) vertical.cpu.max: 1 (ScalingPolicy team) is not used, since min is \
         2 (annotation)",
    );
    check(
        "policy team memory.min=100\nrule\nspec memory.max=50",
        "governor spec
         policy team by rule 1
         memory.min = 10 (default), not 100 (policy team)
         memory.max = 50 (spec)
         warning (spec) vertical.memory.min: 100Mi (ScalingPolicy team) is not used, since max is \
         50Mi (ScaledWorkload)",
    );
    // What is built in gives way as well.
    check(
        "annotation cpu.max=0.005",
        "governor annotation
         policy balanced by kind
         cpu.max = 0.005 (annotation)
         warning (annotation) vertical.cpu.min: 0.01 (policy balanced) is not used, since max is \
         0.005 (annotation)",
    );
    check(
        "policy team cpu.max=0.005\nrule",
        "governor policy
         policy team by rule 1
         cpu.max = 0.005 (policy team)
         warning (policy team) vertical.cpu.min: 0.01 (default) is not used, since max is \
         0.005 (ScalingPolicy team)",
    );
    // Of one source the least stands; its reader has refused it already.
    check(
        "annotation cpu.max=1 cpu.min=2",
        "governor annotation
         policy balanced by kind
         cpu.min = 2 (annotation), not 0.01 (built-in balanced)
         cpu.max = none (default), not 1 (annotation)
         warning (annotation) vertical.cpu.max: 1 (annotation) is not used, since min is \
         2 (annotation)",
    );
}

#[test]
fn what_takes_the_place_of_a_bound() {
    // The bound of the next weaker source.
    check(
        "policy balanced cpu.min=3\nannotation cpu.max=2",
        "governor annotation
         policy balanced by kind
         cpu.min = 0.01 (built-in balanced), not 3 (policy balanced)
         cpu.max = 2 (annotation)
         warning (annotation) vertical.cpu.min: 3 (ScalingPolicy balanced) is not used, since max \
         is 2 (annotation)",
    );
    check(
        "policy team cpu.min=90%\nrule\nannotation cpu.max=50%",
        "governor annotation
         policy team by rule 1
         cpu.min = 0.01 (default), not 90% (policy team)
         cpu.max = 50% (annotation)
         warning (annotation) vertical.cpu.min: 90 % (ScalingPolicy team) is not used, since max \
         is 50 % (annotation)",
    );
    // An amount and a share are compared where the template is known.
    check(
        "policy team cpu.min=90%\nrule\nannotation cpu.max=1",
        "governor annotation
         policy team by rule 1
         cpu.min = 90% (policy team)
         cpu.max = 1 (annotation)",
    );
    check(
        "policy team cpu.max=1\nrule\nannotation cpu.max=none cpu.min=2",
        "governor annotation
         policy team by rule 1
         cpu.min = 2 (annotation)
         cpu.max = none (annotation), not 1 (policy team)",
    );
}

#[test]
fn bounds_of_containers() {
    check(
        "policy team web.cpu.max=1\nrule\nannotation web.cpu.min=2",
        "governor annotation
         policy team by rule 1
         web.cpu.min = 2 (annotation)
         web.cpu.max = none (default), not 1 (policy team)
         warning (annotation) vertical.containers.web.cpu.max: 1 (ScalingPolicy team) is not used, \
         since min is 2 (annotation)",
    );
    // Against a weaker bound of the resource: for this container, as near to it as can be.
    check(
        "policy team cpu.max=1\nrule\nannotation web.cpu.min=2",
        "governor annotation
         policy team by rule 1
         cpu.max = 1 (policy team)
         web.cpu.min = 2 (annotation)
         web.cpu.max = 2 (annotation)
         warning (annotation) vertical.containers.web.cpu.max: 1 (ScalingPolicy team) is not used, \
         since min is 2 (annotation)",
    );
    check(
        "annotation memory.min=100 web.memory.max=50",
        "governor annotation
         policy balanced by kind
         memory.min = 100 (annotation), not 10 (built-in balanced)
         web.memory.min = 50 (annotation)
         web.memory.max = 50 (annotation)
         warning (annotation) vertical.containers.web.memory.min: 100Mi (annotation) is not used, \
         since max is 50Mi (annotation)",
    );
    // Against a stronger one.
    check(
        "policy team web.cpu.min=2\nrule\nannotation cpu.max=1",
        "governor annotation
         policy team by rule 1
         cpu.max = 1 (annotation)
         web.cpu.min = none (default), not 2 (policy team)
         warning (annotation) vertical.containers.web.cpu.min: 2 (ScalingPolicy team) is not used, \
         since max is 1 (annotation)",
    );
}

#[test]
fn custom_workloads() {
    check(
        "workload shop/Job.v1.batch custom\nannotation mode=apply applyType=immediate",
        "governor annotation
         policy balanced by kind
         mode = Apply (annotation), not Recommend (built-in balanced)
         applyType = Deferred (forced: custom workload), not Immediate (annotation), \
         not Immediate (built-in balanced)",
    );
    check(
        "workload shop/Job custom\nannotation memoryEvent=immediate lowering=deferred cpu.min=50%",
        "governor annotation
         policy balanced by kind
         applyType = Deferred (forced: custom workload), not Immediate (built-in balanced)
         lowering = Some(Deferred) (annotation)
         memoryEvent = None (forced: custom workload), not Some(Immediate) (annotation)
         cpu.min = 0.01 (built-in balanced), not 50% (annotation)
         warning (annotation) vertical.cpu.min: 50 % (annotation) is not used for custom \
         workloads, expected a constant",
    );
    check(
        "workload shop/Job custom\ntarget a by=selector lowering=immediate",
        "governor selector a
         applyType = Deferred (forced: custom workload)
         lowering = None (forced: custom workload), not Some(Immediate) (target a)",
    );
}

#[test]
fn how_a_workload_runs_is_asked_of_custom_ones_only() {
    check(
        "workload shop/Pod.v1 custom\nannotation schedule=continuous",
        "governor annotation
         policy balanced by kind
         applyType = Deferred (forced: custom workload), not Immediate (built-in balanced)
         schedule = Some(Continuous) (annotation)",
    );
    check(
        "annotation schedule=jobLike",
        "governor annotation
         policy balanced by kind
         schedule = None (forced: kind of workload), not Some(JobLike) (annotation)
         warning (annotation) schedule.type: is used for custom workloads only; the kind of this \
         one decides",
    );
    check(
        "workload shop/Job.v1.batch custom\nannotation schedule=continuous",
        "governor annotation
         policy balanced by kind
         applyType = Deferred (forced: custom workload), not Immediate (built-in balanced)
         schedule = None (forced: kind of workload), not Some(Continuous) (annotation)
         warning (annotation) schedule.type: is not used for the pods of jobs, which always run in \
         jobs",
    );
    // A policy is written for many workloads; only some heed this.
    check(
        "policy team schedule=jobLike\nrule",
        "governor policy
         policy team by rule 1
         schedule = None (forced: kind of workload), not Some(JobLike) (policy team)",
    );
}

#[test]
fn no_disruption_needs_changes_to_running_pods() {
    check(
        "policy team later.rolloutBehavior.type=NoDisruption\nrule\nannotation applyType=deferred",
        "governor annotation
         policy team by rule 1
         applyType = Deferred (annotation)
         warning (annotation) rolloutBehavior.type: NoDisruption (ScalingPolicy team) is not used, \
         since vertical.applyType is deferred (annotation)",
    );
    check(
        "policy team applyType=deferred later.rolloutBehavior.type=Default\nrule
         annotation later.rolloutBehavior.type=NoDisruption",
        "governor annotation
         policy team by rule 1
         applyType = Deferred (policy team)
         rolloutBehavior.type = \"Default\" (policy team)
         warning (annotation) rolloutBehavior.type: NoDisruption (annotation) is not used, since \
         vertical.applyType is deferred (ScalingPolicy team)",
    );
    check(
        "workload shop/Spark custom\nannotation later.rolloutBehavior.type=NoDisruption",
        "governor annotation
         policy balanced by kind
         applyType = Deferred (forced: custom workload), not Immediate (built-in balanced)
         warning (annotation) rolloutBehavior.type: NoDisruption (annotation) is not used, since \
         vertical.applyType is deferred (custom workload)",
    );
    check(
        "policy team applyType=immediate later.rolloutBehavior.type=NoDisruption\nrule",
        "governor policy
         policy team by rule 1
         applyType = Immediate (policy team)
         rolloutBehavior.type = \"NoDisruption\" (policy team)",
    );
}

#[test]
fn a_price_of_risk_is_for_the_target_auto() {
    check(
        "policy team riskPrice=30 cpu.target=auto\nrule",
        "governor policy
         policy team by rule 1
         riskPrice = Some(30.0) (policy team)
         cpu.target = Auto (policy team)",
    );
    check(
        "policy team riskPrice=30 cpu.target=auto\nrule
         annotation cpu.target=max",
        "governor annotation
         policy team by rule 1
         riskPrice = Some(30.0) (policy team)
         cpu.target = Max (annotation), not Auto (policy team)
         warning (policy team) vertical.riskPrice: has no effect, since it is for target auto \
         and vertical.cpu.target is another (annotation)",
    );
}
