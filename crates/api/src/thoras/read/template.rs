//! ClusterAIScaleTemplate: for which workloads targets are made.

use std::collections::BTreeMap;

use kube::core::{Selector, SelectorExt as _};
use plimsoll_domain::{Diagnostic, Origin};
use serde_json::Value as Json;

use super::selects::by_selector;
use super::{Identity, checked, finish, horizontal, identity, metadata, settings};
use crate::read::{Place, Reader};
use crate::thoras::table::{self, TEMPLATE_TREE};

/// Namespaces that a template leaves alone where it lists none at all.
const SYSTEM_NAMESPACES: [&str; 3] = ["kube-node-lease", "kube-public", "kube-system"];

/// A ClusterAIScaleTemplate.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its uid, for references to it; empty before the API server has it.
    pub uid: String,
    /// Which generation of it this is.
    pub generation: Option<i64>,
    /// The labels of the workloads it is for; absent when they cannot be read, and then none is.
    pub selector: Option<Selector>,
    /// What becomes of targets that a person made for the same workload.
    pub conflict: Conflict,
    /// The only namespaces it holds in; empty for all but the excluded ones.
    pub included: Vec<String>,
    /// Namespaces it does not hold in.
    pub excluded: Vec<String>,
    /// What the targets say, but for the workload they name.
    pub spec: Json,
    /// What its author should know.
    pub remarks: Vec<Diagnostic>,
}

/// What becomes of a target that a person made for a workload that the template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// It holds, and the template makes none.
    Skip,
    /// The template's holds.
    Override,
}

impl Template {
    /// Whether it is for workloads with these labels in this namespace.
    pub fn matches(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        let listed = |list: &[String]| list.iter().any(|name| name == namespace);
        let here =
            if self.included.is_empty() { !listed(&self.excluded) } else { listed(&self.included) };
        here && self.selector.as_ref().is_some_and(|selector| selector.matches(labels))
    }
}

/// Reads a ClusterAIScaleTemplate.
pub fn read_template(object: &Json) -> Template {
    let Identity { namespace: _, name, generation } = identity(object);
    let mut reader = Reader::new(Origin::Default);
    let root = checked(object, &mut reader, &TEMPLATE_TREE);
    let spec = Place::top(&root, &TEMPLATE_TREE).get("spec");
    let at = spec.get("selector");
    let selector = at.is_group().then(|| by_selector(&at, &mut reader)).flatten();
    if !at.is_given() {
        let message = "lacks selector, expected the labels of the workloads it is for";
        reader.error(&spec, message.to_owned());
    }
    let policy = spec.get("policy");
    let conflict = match reader.word(&policy.get("conflictResolution")) {
        Some("override") => Conflict::Override,
        _ => Conflict::Skip,
    };
    let (included, excluded) = namespaces(&policy, &mut reader);
    let template = spec.get("template");
    horizontal::read(&template, &mut reader);
    let settings = settings::read(&template, &mut reader);
    let document = finish(reader, settings, &root, &table::TEMPLATE.spec);
    let uid = metadata(object, "uid").and_then(Json::as_str).unwrap_or_default().to_owned();
    let spec = object.get("spec").and_then(|spec| spec.get("template")).cloned();
    let spec = spec.unwrap_or_else(|| Json::Object(serde_json::Map::new()));
    let remarks = document.remarks;
    Template { name, uid, generation, selector, conflict, included, excluded, spec, remarks }
}

fn namespaces(policy: &Place<'_>, reader: &mut Reader) -> (Vec<String>, Vec<String>) {
    let (at_included, at_excluded) =
        (policy.get("includedNamespaces"), policy.get("excludedNamespaces"));
    let mut list = |place: &Place<'_>| match place.elements().next() {
        Some(_) => reader.texts(place).unwrap_or_default(),
        None => Vec::new(),
    };
    let (included, mut excluded) = (list(&at_included), list(&at_excluded));
    if !included.is_empty() && !excluded.is_empty() {
        let message =
            "stands beside includedNamespaces: list namespaces in one of the two, not in both";
        reader.error(&at_excluded, message.to_owned());
    }
    if included.is_empty() && excluded.is_empty() && !at_excluded.is_given() {
        excluded = SYSTEM_NAMESPACES.map(str::to_owned).to_vec();
    }
    (included, excluded)
}
