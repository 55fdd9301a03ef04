//! What holds whatever people write: arrival order never matters, what is resolved stays resolved.

use std::sync::Arc;

use plimsoll_domain::{Configured, Origin, Policy, Settings, WorkloadId, WorkloadKind};
use plimsoll_policy::{BuiltIn, Catalog, Resolver, ScalingPolicy, configure, touched};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use crate::case::Case;

/// What documents may say; some of it contradicts.
const SAYINGS: [&str; 14] = [
    "mode=apply",
    "mode=recommend",
    "applyType=immediate",
    "memoryEvent=immediate",
    "confidence=true",
    "cpu.min=2",
    "cpu.max=1",
    "cpu.min=50%",
    "memory.max=5",
    "web.cpu.min=3",
    "web.cpu.max=0.5",
    "later.x=1",
    "warns=a",
    "unreadable",
];

const NAMES: [&str; 6] = ["a", "b", "c", "balanced", "readonly", "auto"];

const RULES: [&str; 7] = [
    "rule",
    "rule names=shop",
    "rule patterns=^sh,^x",
    "rule patterns=(",
    "rule kinds=Job",
    "rule labels=app:In:web",
    "rule labels=:Contains:e namespace-labels=team:NotIn:red",
];

fn said() -> impl Strategy<Value = String> + Clone {
    subsequence(SAYINGS.to_vec(), 0..5).prop_map(|words| words.join(" "))
}

fn policy_named(name: &'static str) -> impl Strategy<Value = String> {
    let order = prop_oneof![Just(String::new()), (-1..2_i32).prop_map(|n| format!("order={n} "))];
    let flag = select(vec!["", "", "default "]);
    let rules = subsequence(RULES.to_vec(), 0..3);
    (order, flag, said(), rules).prop_map(move |(order, flag, said, rules)| {
        format!("policy {name} {order}{flag}{said}\n{}", rules.join("\n"))
    })
}

/// Each policy as text of its own, no two of one name.
fn policies() -> impl Strategy<Value = Vec<String>> {
    subsequence(NAMES.to_vec(), 0..NAMES.len())
        .prop_flat_map(|names| names.into_iter().map(policy_named).collect::<Vec<_>>())
}

fn documents() -> impl Strategy<Value = Vec<String>> {
    let named = (said(), select(vec!["", "", " policy=a", " policy=balanced", " policy=gone"]));
    let document = named.prop_map(|(said, named)| format!("{said}{named}"));
    let target =
        (select(vec!["t", "u", "v"]), select(vec!["daemonset", "name", "selector", "template"]));
    let targets = prop::collection::vec((target, said()), 0..4).prop_map(|targets| {
        let mut seen = std::collections::BTreeSet::new();
        let one_of_each = targets
            .into_iter()
            .filter(move |((name, by), _)| seen.insert((*name, *by == "daemonset")));
        one_of_each.map(|((name, by), said)| format!("target {name} by={by} {said}")).collect()
    });
    let kinds = ["annotation", "older", "spec"].map(|kind| {
        let document = document.clone().prop_map(move |said| format!("{kind} {said}"));
        prop::option::weighted(0.4, document).boxed()
    });
    (kinds, targets).prop_map(|(documents, targets): (_, Vec<String>)| {
        documents.into_iter().flatten().chain(targets).collect()
    })
}

fn workload() -> impl Strategy<Value = String> {
    select(vec![
        "shop/Deployment.v1.apps app=web",
        "shop/StatefulSet.v1.apps namespace:team=red app=api",
        "dev/Job.v1.batch custom",
        "kube-system/DaemonSet.v1.apps",
    ])
    .prop_map(|workload| format!("workload {workload}"))
}

fn case(documents: &[String], policies: &[String], workload: &str) -> Case {
    let lines: Vec<_> = documents.iter().chain(policies).map(String::as_str).collect();
    Case::parse(&format!("{workload}\n{}", lines.join("\n")))
}

fn id(index: usize) -> WorkloadId {
    let name = format!("w{index}");
    WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: name.into() }
}

proptest! {
    #[test]
    fn arrival_never_matters(
        (documents, shuffled) in documents().prop_flat_map(|all| {
            (Just(all.clone()), Just(all).prop_shuffle())
        }),
        (policies, reordered) in policies().prop_flat_map(|all| {
            (Just(all.clone()), Just(all).prop_shuffle())
        }),
        workload in workload(),
        flag in any::<bool>(),
    ) {
        let built_in = BuiltIn { confidence_required: flag };
        let one = case(&documents, &policies, &workload);
        let other = case(&shuffled, &reordered, &workload);
        prop_assert_eq!(
            configure(&one.sources(), &one.catalog(), &built_in),
            configure(&other.sources(), &other.catalog(), &built_in),
        );
    }

    #[test]
    fn what_is_resolved_is_itself_when_it_is_said_again(
        documents in documents(),
        policies in policies(),
        workload in workload(),
    ) {
        let case = case(&documents, &policies, &workload);
        let configuration = configure(&case.sources(), &case.catalog(), &BuiltIn::default());
        if let Configured::Policy(policy) = configuration.configured {
            let said = Settings::from(policy.as_ref());
            let again = Policy::resolve(&[(&Origin::Annotation, &said)]);
            prop_assert_eq!(Settings::from(&again), said);
        }
    }

    #[test]
    fn no_bound_is_left_that_contradicts(
        documents in documents(),
        policies in policies(),
        workload in workload(),
    ) {
        use plimsoll_domain::Bound::Constant;
        let case = case(&documents, &policies, &workload);
        let configuration = configure(&case.sources(), &case.catalog(), &BuiltIn::default());
        let Configured::Policy(policy) = configuration.configured else { return Ok(()) };
        for (resource, whole) in policy.resources.iter() {
            let entries = policy.containers.values().map(|entry| entry.get(resource));
            let bounds = entries.map(|entry| {
                (entry.min.value.or(whole.min.value), entry.max.value.or(whole.max.value))
            });
            for bounds in bounds.chain([(whole.min.value, whole.max.value)]) {
                if let (Some(Constant(min)), Some(Constant(max))) = bounds {
                    prop_assert!(min <= max, "{min:?} {max:?}");
                }
            }
        }
    }

    #[test]
    fn the_resolver_says_what_configure_says(
        documents in prop::collection::vec((documents(), workload()), 1..6),
        before in policies(),
        after in policies(),
        kept in prop::collection::vec(any::<Index>(), 0..3),
    ) {
        let cases: Vec<_> =
            documents.iter().map(|(documents, workload)| case(documents, &[], workload)).collect();
        // Some policies stay as they are, others come, go or change.
        let parse = |policies: &[String]| case(&[], policies, "workload shop/Job").policies;
        let (before, mut after) = (parse(&before), parse(&after));
        for kept in kept.iter().filter(|_| !before.is_empty()) {
            let kept: &ScalingPolicy = kept.get(&before);
            after.retain(|policy| policy.name != kept.name);
            after.push(kept.clone());
        }
        let built_in = BuiltIn::default();
        let catalogs = [&before, &after, &before, &Vec::new()]
            .map(|policies| Arc::new(Catalog::new(policies.clone())));
        let mut resolver = Resolver::new(Arc::clone(&catalogs[0]), built_in);
        for (round, catalog) in catalogs.iter().enumerate() {
            resolver.set_catalog(Arc::clone(catalog));
            for (index, case) in cases.iter().enumerate() {
                // Not everyone is there in every round.
                if (index + round) % 4 == 3 {
                    continue;
                }
                let resolved = resolver.resolve(&id(index), &case.sources());
                let expect = configure(&case.sources(), catalog, &built_in);
                prop_assert_eq!(&*resolved, &expect);
            }
            if round % 2 == 1 {
                resolver.forget_unused();
            }
        }
    }

    #[test]
    fn nothing_differs_from_itself(policies in policies()) {
        let case = case(&[], &policies, "workload shop/Job");
        prop_assert_eq!(touched(&case.catalog(), &case.catalog()), plimsoll_policy::Touched::default());
    }
}
