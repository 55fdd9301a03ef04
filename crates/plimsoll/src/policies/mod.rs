//! `plimsoll policies`: policies as they are shown, and as manifests a person can go on from.

mod manifest;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_domain::{Configured, Parsed, Settings};
use plimsoll_policy::{BuiltIn, Catalog, CatalogPolicy, Layer, Sources, configure};
use plimsoll_report::{AssignedView, EvaluationView, PolicyView};

pub(crate) use manifest::manifest;

/// Every policy in its order, with the workloads whose evaluations say that they have it.
pub(crate) fn views(catalog: &Catalog, evaluations: &[EvaluationView]) -> Vec<PolicyView> {
    let mut assigned: BTreeMap<&str, Vec<AssignedView>> = BTreeMap::new();
    for evaluation in evaluations {
        let governance = &evaluation.governance;
        if let Some(policy) = &governance.policy {
            assigned.entry(policy).or_default().push(AssignedView {
                workload: evaluation.workload.clone(),
                why: governance.policy_reason.clone().unwrap_or_default(),
                governor: governance.governor.clone(),
            });
        }
    }
    catalog
        .policies()
        .map(|policy| PolicyView {
            workloads: assigned.remove(policy.name().as_ref()).unwrap_or_default(),
            ..view(catalog, policy)
        })
        .collect()
}

fn view(catalog: &Catalog, policy: &CatalogPolicy) -> PolicyView {
    let said = policy.layers().iter().flat_map(Layer::remarks).chain(policy.rule_remarks());
    let unreadable = policy.layers().iter().filter_map(|layer| layer.settings().err());
    PolicyView {
        name: policy.name().to_string(),
        order: policy.order(),
        is_default: policy.is_default(),
        origin: origin(policy).to_owned(),
        about: policy.system().map(|system| system.doc().to_owned()),
        rules: policy.rules().iter().map(rules::sentence).collect(),
        settings: match alone(catalog, policy.name()) {
            Configured::Policy(policy) => plimsoll_report::settings(&policy),
            Configured::Unreadable(_) => Vec::new(),
        },
        remarks: unreadable.chain(said).map(Into::into).collect(),
        workloads: Vec::new(),
    }
}

fn origin(policy: &CatalogPolicy) -> &'static str {
    let is_written = policy.layers().iter().any(|layer| matches!(layer, Layer::Object(..)));
    match (policy.system().is_some(), is_written) {
        (true, true) => "built in, ScalingPolicy",
        (true, false) => "built in",
        (false, _) => "ScalingPolicy",
    }
}

/// What holds for a workload that has the policy and says nothing itself.
fn alone(catalog: &Catalog, name: &str) -> Configured {
    let names_it = Arc::new(Parsed {
        settings: Ok(Settings::default()),
        scaling_policy: Some(name.to_owned()),
        remarks: Vec::new(),
    });
    let sources = Sources { spec: Some(&names_it), ..Sources::silent("", "Deployment") };
    configure(&sources, catalog, &BuiltIn::default()).configured
}
