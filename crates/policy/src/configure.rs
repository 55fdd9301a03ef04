//! What holds for a workload: every source in its place, every setting resolved.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_domain::{
    ApplyType, Assigned, AssignedBy, Configuration, Configured, Diagnostic, Governor, Origin,
    Parsed, Policy, Settings, Severity, VerticalSettings,
};

use crate::assign::shortened;
use crate::catalog::{Catalog, CatalogPolicy, Layer};
use crate::govern::{Governed, TargetObject, govern};
use crate::{Facts, price, rollout, schedule, settle, system};

/// Everything that is said of one workload.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// Its annotation.
    pub annotation: Option<&'a Arc<Parsed>>,
    /// Its annotations of the older form, one for each setting, read as one document.
    pub older_annotations: Option<&'a Arc<Parsed>>,
    /// The objects that want it, in any order; no two have the same name and kind.
    pub targets: &'a [TargetObject],
    /// The `spec` of its ScaledWorkload; absent where that is empty.
    pub spec: Option<&'a Arc<Parsed>>,
    /// What assignment rules ask about it.
    pub facts: Facts<'a>,
    /// Whether it is a custom workload.
    pub is_custom: bool,
}

static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();

impl<'a> Sources<'a> {
    /// Of a workload of a kind of the group `apps` that has no labels and says nothing.
    pub fn silent(namespace: &'a str, kind: &'a str) -> Self {
        let facts = Facts {
            namespace,
            namespace_labels: &NO_LABELS,
            kind,
            group: "apps",
            version: "v1",
            labels: &NO_LABELS,
        };
        Self {
            annotation: None,
            older_annotations: None,
            targets: &[],
            spec: None,
            facts,
            is_custom: false,
        }
    }
}

/// Defaults that flags of the program set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuiltIn {
    /// A recommendation must be sure enough even where no document asks for it.
    pub confidence_required: bool,
}

/// The flag behind [`BuiltIn::confidence_required`].
const CONFIDENCE_FLAG: Origin = Origin::Flag("confidence-required");

/// What leaves custom workloads no choice.
const CUSTOM: Origin = Origin::Forced("custom workload");

/// What holds for a workload, weakest source first: what is built in, flags, its ScalingPolicy (what
/// ships with the program, then the object), its ScaledWorkload's `spec`, its annotation.
///
/// An annotation puts `spec` out of use. An object of the `thoras.ai` group that governs puts both the
/// policy and `spec` out of use. A document that cannot be read freezes the workload; nothing weaker
/// takes over. Remarks are those of every document in use, the strongest first.
pub fn configure(sources: &Sources<'_>, catalog: &Catalog, built_in: &BuiltIn) -> Configuration {
    let governed = govern(sources);
    let given = assignment(&governed)
        .map(|(named, annotated)| catalog.assign(&sources.facts, named, annotated));
    resolve(sources, governed, given, *built_in)
}

/// What decides on the policy beside rules: the name that is given, and whether there is an annotation.
/// Absent where the governor needs no policy.
pub(crate) fn assignment<'a>(governed: &Governed<'a>) -> Option<(Option<&'a str>, bool)> {
    let annotated = match governed.governor {
        Governor::Annotation => true,
        Governor::ScaledWorkload | Governor::ScalingPolicy => false,
        Governor::DaemonSetAutoscaler(_)
        | Governor::TargetByName(_)
        | Governor::TargetBySelector(_)
        | Governor::TargetFromTemplate(_) => return None,
    };
    // Of a document that cannot be read nobody knows which policy it names.
    let is_readable = governed.document.is_none_or(|document| document.settings.is_ok());
    let named = governed.document.and_then(|document| document.scaling_policy.as_deref());
    is_readable.then_some((named, annotated))
}

/// Resolves what the governor and the policy say.
pub(crate) fn resolve(
    sources: &Sources<'_>,
    governed: Governed<'_>,
    given: Option<(Assigned, &CatalogPolicy)>,
    built_in: BuiltIn,
) -> Configuration {
    let (assigned, policy) = given.unzip();
    let mut remarks = remarks(sources, &governed, assigned.as_ref(), policy);
    let configured = match layers(&governed, policy, built_in) {
        Err(unreadable) => Configured::Unreadable(unreadable.clone()),
        Ok(mut layers) => {
            if !schedule::is_open(sources) {
                layers.extend(schedule::by_kind(sources, &layers, &mut remarks));
            }
            if sources.is_custom {
                let forced = forced(&layers);
                layers.push((CUSTOM, forced));
            }
            let said: Vec<_> = layers.iter().map(|(origin, one)| (origin, one)).collect();
            let mut policy = Policy::resolve(&said);
            settle::settle(&mut policy, sources.is_custom, &defaults_of(&layers), &mut remarks);
            rollout::settle(&mut policy, &mut remarks);
            price::check(&policy, &mut remarks);
            Configured::Policy(Box::new(policy))
        }
    };
    remarks.sort_by_key(|remark| Reverse(remark.origin.clone()));
    let Governed { governor, overruled, .. } = governed;
    Configuration { configured, governor, assigned, overruled, remarks }
}

/// What each source says, or why one of them cannot be read.
fn layers<'a>(
    governed: &Governed<'a>,
    policy: Option<&'a CatalogPolicy>,
    built_in: BuiltIn,
) -> Result<Vec<(Origin, Settings)>, &'a Diagnostic> {
    let mut layers = Vec::new();
    if policy.is_some() {
        let mut defaults = system::defaults();
        // Who annotates a workload has decided on it; a policy reaches workloads nobody looked at.
        let is_policy = governed.governor != Governor::Annotation;
        defaults.vertical.confidence_required = Some(is_policy);
        layers.push((Origin::Default, defaults));
    }
    if built_in.confidence_required {
        layers.push((CONFIDENCE_FLAG, required()));
    }
    for layer in policy.map(CatalogPolicy::layers).unwrap_or_default() {
        layers.push((layer.origin(), layer.settings()?));
    }
    if let Some(document) = governed.document {
        layers.push((governed.origin.clone(), document.settings.as_ref()?.clone()));
    }
    Ok(layers)
}

fn required() -> Settings {
    let vertical =
        VerticalSettings { confidence_required: Some(true), ..VerticalSettings::default() };
    Settings { vertical, ..Settings::default() }
}

/// The built-in layer, of those that are given.
fn defaults_of(layers: &[(Origin, Settings)]) -> Settings {
    let built_in = layers.iter().find(|(origin, _)| *origin == Origin::Default);
    built_in.map(|(_, settings)| settings.clone()).unwrap_or_default()
}

/// Custom workloads have no controller whose pods come back alike: only new pods get the values.
fn forced(layers: &[(Origin, Settings)]) -> Settings {
    let immediately = |get: fn(&VerticalSettings) -> Option<Option<ApplyType>>| {
        let asked = Some(Some(ApplyType::Immediate));
        layers.iter().any(|(_, one)| get(&one.vertical) == asked).then_some(None)
    };
    let vertical = VerticalSettings {
        apply_type: Some(ApplyType::Deferred),
        lowering: immediately(|vertical| vertical.lowering),
        memory_event: immediately(|vertical| vertical.memory_event),
        ..VerticalSettings::default()
    };
    Settings { vertical, ..Settings::default() }
}

/// The remarks on every document in use, and on those that others put out of use.
fn remarks(
    sources: &Sources<'_>,
    governed: &Governed<'_>,
    assigned: Option<&Assigned>,
    policy: Option<&CatalogPolicy>,
) -> Vec<Diagnostic> {
    let mut remarks = Vec::new();
    if let Some(document) = governed.document {
        remarks.extend_from_slice(&document.remarks);
    }
    if let Some(AssignedBy::UnknownName(name)) = assigned.map(|assigned| &assigned.why) {
        let message = format!("Could not find scaling policy by name '{}'", shortened(name));
        remarks.push(warning(&governed.origin, "scalingPolicyName", message));
    }
    if sources.annotation.is_some() && sources.older_annotations.is_some() {
        let message = "annotations of the older form are ignored beside the annotation that holds \
                       the whole configuration";
        remarks.push(warning(&Origin::OlderAnnotations, "", message.to_owned()));
    }
    let layers = policy.map(CatalogPolicy::layers).unwrap_or_default();
    remarks.extend(layers.iter().flat_map(Layer::remarks_on_settings).cloned());
    remarks
}

/// A warning about a document as a whole or about one of its fields.
pub(crate) fn warning(origin: &Origin, field: &str, message: String) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        origin: origin.clone(),
        field: field.to_owned(),
        line: None,
        column: None,
        message,
    }
}
