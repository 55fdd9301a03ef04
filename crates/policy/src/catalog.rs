//! All policies of a cluster: the ones that ship with the program and the objects people wrote.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_domain::{Diagnostic, Origin, Parsed, Settings, Severity};

use crate::Facts;
use crate::rule::{self, Matcher, Rule};
use crate::selector::Compiler;
use crate::system::SystemPolicy;

/// A ScalingPolicy object. What is absent is as built in, where it is called like a policy that ships
/// with the program; elsewhere order 0, no default and no rules.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingPolicy {
    /// Its name, unique in the cluster.
    pub name: Arc<str>,
    /// Where it stands among the policies whose rules are asked, lowest first; then by name.
    pub order: Option<i32>,
    /// Whether workloads that no rule matches get it.
    pub is_default: Option<bool>,
    /// Which workloads it is meant for: those that any of these matches.
    pub rules: Option<Vec<Rule>>,
    /// Its settings. That it names a policy means nothing.
    pub document: Arc<Parsed>,
}

/// All policies, in order, with their rules compiled.
#[derive(Debug)]
pub struct Catalog {
    ordered: Vec<Arc<CatalogPolicy>>,
    by_name: BTreeMap<Arc<str>, Arc<CatalogPolicy>>,
    default_policy: Option<Arc<CatalogPolicy>>,
    by_kind: ByKind,
}

/// The policies for workloads that nothing else gives one.
#[derive(Debug)]
struct ByKind {
    resiliency: Arc<CatalogPolicy>,
    balanced: Arc<CatalogPolicy>,
    auto: Arc<CatalogPolicy>,
}

/// One policy of a [`Catalog`].
#[derive(Debug)]
pub struct CatalogPolicy {
    name: Arc<str>,
    order: i32,
    is_default: bool,
    system: Option<SystemPolicy>,
    layers: Vec<Layer>,
    rules: Vec<Rule>,
    matchers: Vec<Option<Matcher>>,
    rule_remarks: Vec<Diagnostic>,
}

/// What one source says under a policy's name.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Built in.
    System(SystemPolicy),
    /// The object of this name.
    Object(Arc<str>, Arc<Parsed>),
}

impl Layer {
    /// Where its settings come from.
    pub fn origin(&self) -> Origin {
        match self {
            Self::System(policy) => Origin::SystemPolicy(policy.name().into()),
            Self::Object(name, _) => Origin::ScalingPolicy(Arc::clone(name)),
        }
    }

    /// Its settings, or why they cannot be read.
    pub fn settings(&self) -> Result<Settings, &Diagnostic> {
        match self {
            Self::System(policy) => Ok(policy.settings()),
            Self::Object(_, document) => document.settings.as_ref().cloned(),
        }
    }

    /// What its author should know.
    pub fn remarks(&self) -> &[Diagnostic] {
        match self {
            Self::System(_) => &[],
            Self::Object(_, document) => &document.remarks,
        }
    }

    /// The remarks on its settings: those that concern the workloads which have the policy. What is
    /// said of [`WHO_GETS_IT`] concerns who gets it, and freezes nobody.
    pub(crate) fn remarks_on_settings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.remarks().iter().filter(|remark| {
            let first = remark.field.split(['.', '[']).next();
            first.is_none_or(|first| !WHO_GETS_IT.contains(&first))
        })
    }
}

/// The fields of a ScalingPolicy beside its settings.
const WHO_GETS_IT: [&str; 3] = ["order", "default", "assignmentRules"];

impl Default for Catalog {
    /// The policies that ship with the program.
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Catalog {
    /// The policies that ship with the program, and these. An object that is called like one of them
    /// is laid over it: what the object says holds, field by field, and its order, default and rules
    /// where it has any. The order in which objects come does not matter.
    pub fn new(objects: Vec<ScalingPolicy>) -> Self {
        let objects: BTreeMap<_, _> =
            objects.into_iter().map(|object| (Arc::clone(&object.name), object)).collect();
        let system =
            SystemPolicy::ALL.map(|policy| (Arc::<str>::from(policy.name()), Some(policy)));
        let mut names: BTreeMap<Arc<str>, Option<SystemPolicy>> =
            objects.keys().map(|name| (Arc::clone(name), None)).collect();
        names.extend(system);
        let mut policies: Vec<_> = names
            .into_iter()
            .map(|(name, system)| CatalogPolicy::new(system, objects.get(&name), name))
            .collect();
        policies.sort_by(|one, other| (one.order, &one.name).cmp(&(other.order, &other.name)));
        compile(&mut policies);
        Self::of(policies.into_iter().map(Arc::new).collect())
    }

    fn of(ordered: Vec<Arc<CatalogPolicy>>) -> Self {
        let by_name: BTreeMap<_, _> =
            ordered.iter().map(|policy| (Arc::clone(&policy.name), Arc::clone(policy))).collect();
        let system = |policy: SystemPolicy| {
            // Every policy that ships is in every catalog; the other arm is for the compiler.
            by_name.get(policy.name()).cloned().unwrap_or_else(|| {
                Arc::new(CatalogPolicy::new(Some(policy), None, policy.name().into()))
            })
        };
        let by_kind = ByKind {
            resiliency: system(SystemPolicy::Resiliency),
            balanced: system(SystemPolicy::Balanced),
            auto: system(SystemPolicy::Auto),
        };
        let default_policy = ordered.iter().find(|policy| policy.is_default).cloned();
        Self { ordered, by_name, default_policy, by_kind }
    }

    /// All policies by order, then by name.
    pub fn policies(&self) -> impl Iterator<Item = &CatalogPolicy> {
        self.ordered.iter().map(Arc::as_ref)
    }

    /// The policy of this name.
    pub fn get(&self, name: &str) -> Option<&CatalogPolicy> {
        self.by_name.get(name).map(Arc::as_ref)
    }

    /// The policy of workloads that no rule matches, if one is flagged as that; the first of several.
    pub fn default_policy(&self) -> Option<&CatalogPolicy> {
        self.default_policy.as_deref()
    }

    /// The policy for workloads of a kind that nothing else gives one.
    pub(crate) fn by_kind(&self, kind: &str, annotated: bool) -> &CatalogPolicy {
        match (annotated, kind) {
            (false, _) => &self.by_kind.auto,
            (true, "StatefulSet") => &self.by_kind.resiliency,
            (true, _) => &self.by_kind.balanced,
        }
    }
}

impl CatalogPolicy {
    fn new(system: Option<SystemPolicy>, object: Option<&ScalingPolicy>, name: Arc<str>) -> Self {
        let built_in = system.map(Layer::System);
        let laid_over = object.map(|o| Layer::Object(Arc::clone(&o.name), Arc::clone(&o.document)));
        let order = object.and_then(|object| object.order);
        let rules = object.and_then(|object| object.rules.clone());
        Self {
            name,
            order: order.or_else(|| system.map(SystemPolicy::order)).unwrap_or(0),
            is_default: object.and_then(|object| object.is_default).unwrap_or(false),
            system,
            layers: built_in.into_iter().chain(laid_over).collect(),
            rules: rules.or_else(|| system.map(SystemPolicy::rules)).unwrap_or_default(),
            matchers: Vec::new(),
            rule_remarks: Vec::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Where it stands, lowest first.
    pub fn order(&self) -> i32 {
        self.order
    }

    /// Whether it is flagged as the default.
    pub fn is_default(&self) -> bool {
        self.is_default
    }

    /// The policy that ships with the program under this name.
    pub fn system(&self) -> Option<SystemPolicy> {
        self.system
    }

    /// What it says, weakest source first: what is built in, then the object.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Its assignment rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is wrong with its rules and its default flag. That concerns which workloads get the policy,
    /// not what it means for those that do, and freezes none of them.
    pub fn rule_remarks(&self) -> &[Diagnostic] {
        &self.rule_remarks
    }

    /// Which of its rules can match at all.
    pub(crate) fn usable_rules(&self) -> Vec<bool> {
        self.matchers.iter().map(Option::is_some).collect()
    }

    /// The number, from 1, of the first of its rules that matches.
    pub(crate) fn rule(&self, facts: &Facts<'_>) -> Option<usize> {
        let matches =
            |matcher: &Option<Matcher>| matcher.as_ref().is_some_and(|m| m.matches(facts));
        self.matchers.iter().position(matches).map(|index| index + 1)
    }
}

/// How many rules one policy may have. Screens and objects show a handful; all rules of 100 policies
/// are asked about every workload.
const RULES_MAX: usize = 50;

/// How many names, patterns, kinds, expressions and values one rule may have together.
const RULE_WORDS_MAX: usize = 1000;

/// Compiles the rules of all policies, and remarks on what stands in the way.
fn compile(policies: &mut [CatalogPolicy]) {
    let mut compiler = Compiler::default();
    let mut default: Option<Arc<str>> = None;
    for policy in policies {
        let origin = Origin::ScalingPolicy(Arc::clone(&policy.name));
        let remarks = &mut policy.rule_remarks;
        for (index, rule) in policy.rules.iter().enumerate() {
            let compiled = match excess(index, rule) {
                None => rule::compile((index, rule), &mut compiler, &origin, remarks),
                Some(message) => {
                    let field = format!("assignmentRules[{index}]");
                    remarks.push(remark(Severity::Error, &origin, field, message));
                    None
                }
            };
            policy.matchers.push(compiled);
            if index >= RULES_MAX {
                break;
            }
        }
        match &default {
            _ if !policy.is_default => {}
            None => default = Some(Arc::clone(&policy.name)),
            Some(first) => {
                let message = format!("ScalingPolicy {first} comes first, and is the default");
                let field = "default".to_owned();
                remarks.push(remark(Severity::Warning, &origin, field, message));
            }
        }
    }
}

/// Why a rule is too much.
fn excess(index: usize, rule: &Rule) -> Option<String> {
    if index >= RULES_MAX {
        return Some(format!("comes after {RULES_MAX} others; it and what follows match nothing"));
    }
    let namespaces = rule.namespaces.iter();
    let namespaces = namespaces.map(|n| n.names.len() + n.patterns.len() + words(&n.labels));
    let workloads = rule.workloads.iter().map(|w| w.kinds.len() + words(&w.labels));
    let words: usize = namespaces.chain(workloads).sum();
    let message = || format!("has over {RULE_WORDS_MAX} names and values; it matches nothing");
    (words > RULE_WORDS_MAX).then(message)
}

fn words(labels: &[rule::LabelExpression]) -> usize {
    labels.iter().map(|expression| 1 + expression.values.len()).sum()
}

fn remark(severity: Severity, origin: &Origin, field: String, message: String) -> Diagnostic {
    Diagnostic { severity, origin: origin.clone(), field, line: None, column: None, message }
}
