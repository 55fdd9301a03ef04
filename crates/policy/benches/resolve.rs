//! What resolving a large cluster costs: 30,000 workloads against 100 policies with regular
//! expressions, from nothing, once more, and after an edit of one policy. The budget of the first is
//! one second of one core.

use std::collections::BTreeMap;
use std::sync::Arc;

use criterion::{BatchSize, Criterion};
use plimsoll_domain::{
    Amount, Bound, Mode, Parsed, ResourceSettings, Settings, VerticalSettings, WorkloadId,
    WorkloadKind,
};
use plimsoll_policy::{
    BuiltIn, Catalog, Facts, LabelExpression, NamespaceRule, Operator, Resolver, Rule,
    ScalingPolicy, Sources, WorkloadRule,
};

const WORKLOADS: usize = 30_000;
const POLICIES: usize = 100;
/// Some 40 workloads in each.
const NAMESPACES: usize = 750;

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let cluster = mk_cluster();
    let catalog = Arc::new(Catalog::new(mk_policies(None)));
    let edited = Arc::new(Catalog::new(mk_policies(Some("^team-7-[a-z]+-(eu|us)$"))));
    let fresh = || Resolver::new(Arc::clone(&catalog), BuiltIn::default());
    let warm = || {
        let mut resolver = fresh();
        resolve_all(&mut resolver, &cluster);
        resolver
    };
    criterion.bench_function("compile 100 policies", |bench| {
        bench.iter_batched(|| mk_policies(None), Catalog::new, BatchSize::LargeInput);
    });
    criterion.bench_function("resolve 30,000 workloads", |bench| {
        bench.iter_batched_ref(fresh, |r| resolve_all(r, &cluster), BatchSize::PerIteration);
    });
    criterion.bench_function("resolve them once more", |bench| {
        bench.iter_batched_ref(warm, |r| resolve_all(r, &cluster), BatchSize::PerIteration);
    });
    criterion.bench_function("resolve them after an edit of one policy", |bench| {
        bench.iter_batched_ref(
            warm,
            |resolver| {
                resolver.set_catalog(Arc::clone(&edited));
                resolve_all(resolver, &cluster);
            },
            BatchSize::PerIteration,
        );
    });
    criterion.final_summary();
}

fn resolve_all(resolver: &mut Resolver, cluster: &[Member]) {
    for Member { id, namespace_labels, labels, annotation } in cluster {
        let facts = Facts {
            namespace: &id.namespace,
            namespace_labels,
            kind: id.kind.name(),
            group: "apps",
            version: "v1",
            labels,
        };
        let sources = Sources {
            annotation: annotation.as_ref(),
            older_annotations: None,
            targets: &[],
            spec: None,
            facts,
            is_custom: false,
        };
        resolver.resolve(id, &sources);
    }
}

struct Member {
    id: WorkloadId,
    namespace_labels: Arc<BTreeMap<String, String>>,
    labels: BTreeMap<String, String>,
    annotation: Option<Arc<Parsed>>,
}

/// One workload in three has an annotation, each its own; half of all get their policy by a rule, and
/// the others are asked about by every rule in vain.
fn mk_cluster() -> Vec<Member> {
    let namespace_labels: Vec<_> = (0..NAMESPACES)
        .map(|index| {
            Arc::new(mk_labels(&[("kubernetes.io/metadata.name", index), ("team", index)]))
        })
        .collect();
    (0..WORKLOADS)
        .map(|index| {
            let namespace = index % NAMESPACES;
            let side = if index % 2 == 0 { "eu" } else { "nowhere" };
            Member {
                id: WorkloadId {
                    namespace: format!("team-{}-checkout-{side}-{namespace}", namespace % POLICIES)
                        .into(),
                    kind: WorkloadKind::Deployment,
                    name: format!("service-{index}").into(),
                },
                namespace_labels: Arc::clone(&namespace_labels[namespace]),
                labels: mk_labels(&[
                    ("app.kubernetes.io/name", index),
                    ("app.kubernetes.io/instance", index),
                    ("app.kubernetes.io/version", index % 7),
                    ("helm.sh/chart", index % 100),
                    ("tier", index % 5),
                ]),
                annotation: (index % 3 == 0).then(|| Arc::new(mk_document(index))),
            }
        })
        .collect()
}

fn mk_labels(labels: &[(&str, usize)]) -> BTreeMap<String, String> {
    labels.iter().map(|(key, value)| ((*key).to_owned(), format!("value-{value}"))).collect()
}

/// Two rules for each policy: one by the namespace's name, one by it and labels.
fn mk_policies(seventh: Option<&str>) -> Vec<ScalingPolicy> {
    let policy = |index: usize| {
        let pattern = format!("^team-{index}-[a-z]+-(eu|us)-[0-9]+$");
        let pattern = seventh.filter(|_| index == 7).map_or(pattern, str::to_owned);
        let by_name = NamespaceRule { patterns: vec![pattern], ..NamespaceRule::default() };
        let by_name = Rule { namespaces: Some(by_name), workloads: None };
        let label = LabelExpression {
            key: Some("helm.sh/chart".to_owned()),
            operator: Operator::Regex,
            values: vec![format!("^value-{index}-(beta|rc[0-9]+)$")],
        };
        let by_label =
            WorkloadRule { kinds: vec!["Deployment.apps".to_owned()], labels: vec![label] };
        let patterns = vec!["checkout|payment".to_owned()];
        let by_label = Rule {
            namespaces: Some(NamespaceRule { patterns, ..NamespaceRule::default() }),
            workloads: Some(by_label),
        };
        ScalingPolicy {
            name: format!("policy-{index}").into(),
            order: None,
            is_default: None,
            rules: Some(vec![by_name, by_label]),
            document: Arc::new(mk_document(index)),
        }
    };
    (0..POLICIES).map(policy).collect()
}

fn mk_document(index: usize) -> Parsed {
    let mut settings = Settings {
        vertical: VerticalSettings { mode: Some(Mode::Apply), ..VerticalSettings::default() },
        ..Settings::default()
    };
    let cores = u32::try_from(index % 8 + 1).unwrap_or(1);
    settings.resources.cpu = ResourceSettings {
        max: Some(Some(Bound::Constant(Amount::from_millicores(cores * 1000)))),
        ..ResourceSettings::default()
    };
    Parsed { settings: Ok(settings), scaling_policy: None, remarks: Vec::new() }
}
