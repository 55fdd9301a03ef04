//! Which workloads a ClusterAIScaleTemplate makes targets for.

use super::row::{Kind, Row, row};
use super::target::SELECTOR;
use super::{Part, part};

/// What becomes of a target that a person made for the same workload.
pub(in crate::thoras) const CONFLICTS: &[&str] = &["skip", "override"];

/// The most namespaces that are listed.
const NAMESPACES_MAX: u32 = 1024;

pub(super) const PARTS: &[Part] = &[
    part("", &[row("", Kind::Group, "For which workloads targets are made, and what they say.").required()]),
    part("selector", &[
        row(
            "",
            Kind::Group,
            "The Deployments, StatefulSets and Rollouts that have these labels themselves; not their pods.",
        )
        .required(),
    ]),
    part("selector", SELECTOR),
    part("policy", POLICY),
    part("template", &[
        row("", Kind::Group, "The `spec` of the targets, but for the workload they name.").required(),
    ]),
];

const POLICY: &[Row] = &[
    row("", Kind::Group, "Where it holds, and against whom."),
    row(
        "conflictResolution",
        Kind::Word(CONFLICTS),
        "A workload that a person made a target for: `skip` leaves it alone, `override` gives it the template's all the same.",
    )
    .written("\"skip\""),
    row(
        "includedNamespaces[]",
        Kind::Texts(NAMESPACES_MAX),
        "The only namespaces it holds in. Not together with excludedNamespaces.",
    )
    .newer(),
    row("excludedNamespaces[]", Kind::Texts(NAMESPACES_MAX), "Namespaces it does not hold in.")
        .otherwise("without includedNamespaces: kube-node-lease, kube-public, kube-system"),
];
