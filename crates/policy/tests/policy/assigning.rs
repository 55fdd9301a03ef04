//! Which policy a workload gets: every operator, every form of a kind, every fallback and every tie.

use plimsoll_policy::CatalogPolicy;

use crate::case::{Case, Workload};
use crate::render;

/// `workload` is asked for without an annotation, `named x` or `annotated` put before it.
#[track_caller]
fn check(policies: &str, asked: &str, expect: &str) {
    let mut asked = asked;
    let annotated = asked.strip_prefix("annotated ");
    asked = annotated.unwrap_or(asked);
    let named = asked.strip_prefix("named ").map(|rest| rest.split_once(' ').unwrap());
    asked = named.map_or(asked, |(_, rest)| rest);
    let workload = Workload::parse(asked);
    let catalog = Case::parse(policies).catalog();
    let named = named.map(|(name, _)| name);
    let (assigned, policy) = catalog.assign(&workload.facts(), named, annotated.is_some());
    assert_eq!(render::assigned(&assigned), expect, "{policies}\n{asked}");
    assert_eq!(policy.name(), &assigned.name);
}

/// What is remarked on the rules of all policies.
#[track_caller]
fn check_remarks(policies: &str, expect: &[&str]) {
    let catalog = Case::parse(policies).catalog();
    let remarks = catalog.policies().flat_map(CatalogPolicy::rule_remarks);
    let remarks: Vec<_> = remarks.map(ToString::to_string).collect();
    assert_eq!(remarks, expect, "{policies}");
}

/// Whether one rule takes a workload in.
#[track_caller]
fn check_rule(rule: &str, workload: &str, expect: bool) {
    let expect = if expect { "team by rule 1" } else { "auto by kind" };
    check(&format!("policy team\nrule {rule}"), workload, expect);
}

#[test]
fn label_operators() {
    let web = "shop/Deployment app=web tier=front-end";
    for (expression, expect) in [
        ("app:In:web", true),
        ("app:In:api|web", true),
        ("app:In:we", false),
        ("gone:In:web", false),
        ("app:NotIn:api", true),
        ("app:NotIn:api|web", false),
        ("gone:NotIn:web", true),
        ("app:Exists", true),
        ("gone:Exists", false),
        ("gone:DoesNotExist", true),
        ("app:DoesNotExist", false),
        ("tier:Contains:end", true),
        ("tier:Contains:back|ront", true),
        ("tier:Contains:End", false),
        ("gone:Contains:end", false),
        (":Contains:end", true),
        // The names of labels are not searched.
        (":Contains:tier", false),
        ("tier:Regex:^f.*d$", true),
        ("tier:Regex:^end", false),
        ("tier:Regex:^back|end$", true),
        ("tier:Regex:t-e", true),
        ("gone:Regex:.*", false),
        (":Regex:^web$", true),
        (":Regex:^tier$", false),
        ("app:Regex:(?i)WEB", true),
        ("app:Regex:^[[:word:]]+$", true),
        ("tier:Regex:^.{9}$", true),
        // All expressions must hold.
        ("app:In:web;tier:Exists", true),
        ("app:In:web;tier:DoesNotExist", false),
    ] {
        let expression = &expression;
        check_rule(&format!("labels={expression}"), web, expect);
        let namespace = "shop/Deployment namespace:app=web namespace:tier=front-end";
        check_rule(&format!("namespace-labels={expression}"), namespace, expect);
    }
}

#[test]
fn kinds() {
    for (kinds, workload, expect) in [
        ("Deployment", "shop/Deployment.v1.apps", true),
        ("deployment", "shop/Deployment.v1.apps", false),
        ("Deployment.apps", "shop/Deployment.v1.apps", true),
        ("Deployment.v1.apps", "shop/Deployment.v1.apps", true),
        ("Deployment.v2.apps", "shop/Deployment.v1.apps", false),
        ("Deployment.batch", "shop/Deployment.v1.apps", false),
        ("Rollout.argoproj.io", "shop/Rollout.v1alpha1.argoproj.io", true),
        ("Rollout.v1alpha1.argoproj.io", "shop/Rollout.v1alpha1.argoproj.io", true),
        ("Rollout.v1beta1.argoproj.io", "shop/Rollout.v1alpha1.argoproj.io", false),
        ("Pod", "shop/Pod.v1.", true),
        ("Pod.", "shop/Pod.v1.", true),
        ("Pod.v1.", "shop/Pod.v1.", true),
        ("Pod.v1", "shop/Pod.v1.", true),
        ("Pod.", "shop/Pod.v1.metrics.k8s.io", false),
        ("Job,CronJob.batch", "shop/CronJob.v1.batch", true),
        ("Job,CronJob.batch", "shop/StatefulSet.v1.apps", false),
    ] {
        check_rule(&format!("kinds={kinds}"), workload, expect);
    }
}

#[test]
fn namespaces_and_all_parts_together() {
    check_rule("names=shop,dev", "dev/Deployment", true);
    check_rule("names=shop,dev", "develop/Deployment", false);
    check_rule("patterns=^dev-,^test", "test/Deployment", true);
    check_rule("patterns=^dev-,^test", "my-test/Deployment", false);
    check_rule("patterns=test", "my-test/Deployment", true);
    check_rule("names=shop patterns=^s", "shop/Deployment", true);
    check_rule("names=shop patterns=^x", "shop/Deployment", false);
    check_rule("names=shop kinds=Job", "shop/Deployment", false);
    check_rule("names=shop kinds=Deployment labels=a:Exists", "shop/Deployment a=b", true);
    check_rule("names=shop kinds=Deployment labels=a:Exists", "shop/Deployment", false);
    // A rule that asks nothing takes everything in.
    check_rule("", "shop/Deployment", true);
}

#[test]
fn the_first_rule_by_order_then_by_name() {
    let policies = "
        policy late order=5
          rule names=shop
        policy b
          rule names=dev
          rule kinds=Deployment
        policy c
          rule names=shop
    ";
    check(policies, "shop/Deployment", "b by rule 2");
    check(policies, "dev/Deployment", "b by rule 1");
    check(policies, "shop/Job", "c by rule 1");
    check(policies, "test/Job", "auto by kind");
    check("policy early order=-1\nrule\npolicy a\nrule", "shop/Job", "early by rule 1");
    // What is named wins over any rule.
    check(policies, "named late shop/Deployment", "late by name");
    check(policies, "named auto shop/Deployment", "auto by name");
}

#[test]
fn what_nothing_matches() {
    check("", "shop/Deployment", "auto by kind");
    check("", "shop/StatefulSet", "auto by kind");
    check("", "annotated shop/Deployment", "balanced by kind");
    check("", "annotated shop/StatefulSet", "resiliency by kind");
    check("policy team default", "annotated shop/StatefulSet", "team by default");
    check("policy team default", "shop/Job", "team by default");
    check("policy b default order=2\npolicy c default order=1", "shop/Job", "c by default");
    check("policy c default\npolicy b default", "shop/Job", "b by default");
    check("policy team default", "annotated named gone shop/Job", "balanced for unknown gone");
    check("", "annotated named gone shop/StatefulSet", "resiliency for unknown gone");
    check("", "named gone shop/StatefulSet", "auto for unknown gone");
    check("", "named default shop/Job", "auto for unknown default");
    check("policy default", "named default shop/Job", "default by name");
}

#[test]
fn policies_that_ship() {
    check("", "kube-system/Deployment", "readonly by rule 1");
    check("", "annotated kube-public/Deployment", "readonly by rule 1");
    check("", "kube-node-lease/Deployment", "readonly by rule 1");
    check("policy team\nrule patterns=^kube", "kube-system/DaemonSet", "team by rule 1");
    // An object of the same name takes the place of what it says, and of no more.
    check("policy readonly", "kube-system/Deployment", "readonly by rule 1");
    check("policy readonly no-rules", "kube-system/Deployment", "auto by kind");
    check("policy readonly\nrule names=shop", "shop/Deployment", "readonly by rule 1");
    check("policy readonly\nrule names=shop", "kube-system/Job", "auto by kind");
    check("policy stability default", "shop/Deployment", "stability by default");
    check("policy stability order=-1\nrule\npolicy team\nrule", "shop/Job", "stability by rule 1");
    check("policy stability\nrule\npolicy team\nrule", "shop/Job", "team by rule 1");
}

#[test]
fn rules_that_say_nothing() {
    let wrong = |rule: &str, path: &str, why: &str| {
        let policies = format!("policy team\nrule {rule}\nrule names=dev");
        check(&policies, "shop/Deployment app=web", "auto by kind");
        // Other rules go on.
        check(&policies, "dev/Deployment", "team by rule 2");
        let remark = format!("ScalingPolicy team: assignmentRules[0].{path}: {why}");
        check_remarks(&policies, &[&format!("{remark}; the rule matches nothing")]);
    };
    wrong("patterns=^s,(", "namespaces.patterns[1]", "is no regular expression: unclosed group");
    wrong(
        "labels=app:Regex:web|*",
        "workloads.labels[0]",
        "value \"*\" is no regular expression: repetition operator missing expression",
    );
    wrong(
        "patterns=((a{50}){50}){50}",
        "namespaces.patterns[0]",
        "takes too much memory once compiled",
    );
    let long = "a".repeat(1025);
    wrong(&format!("patterns={long}"), "namespaces.patterns[0]", "is longer than 1024 bytes");
    wrong("labels=:In:web", "workloads.labels[0]", "lacks key, which In needs");
    wrong("labels=:Exists", "workloads.labels[0]", "lacks key, which Exists needs");
    wrong("labels=app:In", "workloads.labels[0]", "lacks values, which In needs");
    wrong("labels=app:Exists:web", "workloads.labels[0]", "has values, which Exists does not take");
    wrong("namespace-labels=a:Regex", "namespaces.labels[0]", "lacks values, which Regex needs");
    let kinds = "expected Kind, Kind.group or Kind.version.group";
    wrong("kinds=Job,.apps", "workloads.kinds[1]", kinds);
    wrong("kinds=Job/apps", "workloads.kinds[0]", kinds);
}

#[test]
fn more_than_is_read() {
    let names = vec!["x"; 1001].join(",");
    check_remarks(
        &format!("policy team\nrule names={names}"),
        &[
            "ScalingPolicy team: assignmentRules[0]: has over 1000 names and values; it matches nothing",
        ],
    );
    let rules = "rule names=shop\n".repeat(52);
    check_remarks(
        &format!("policy team\n{rules}"),
        &["ScalingPolicy team: assignmentRules[50]: comes after 50 others; \
           it and what follows match nothing"],
    );
    let patterns = vec!["x"; 999].join(",");
    let two_rules = format!("rule patterns={patterns}\nrule patterns={patterns}\n");
    let policies = format!("policy a\n{two_rules}\npolicy b\nrule patterns=x,y,shop");
    check_remarks(
        &policies,
        &[
            "ScalingPolicy b: assignmentRules[0].namespaces.patterns[2]: comes after 2000 others in \
           all policies; the rule matches nothing",
        ],
    );
    check(&policies, "shop/Deployment", "auto by kind");
}

#[test]
fn several_defaults() {
    check_remarks(
        "policy a default order=1\npolicy b default\npolicy c",
        &["ScalingPolicy a: default: ScalingPolicy b comes first, and is the default"],
    );
}

#[test]
fn a_name_is_quoted_as_far_as_names_go() {
    let name = "é".repeat(200);
    let expect = format!("auto for unknown {}", "é".repeat(126));
    check("", &format!("named {name} shop/Deployment"), &expect);
}
