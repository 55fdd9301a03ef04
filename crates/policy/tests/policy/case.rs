//! Cases as text: one line for each document, each policy and each of its rules.
//!
//! ```text
//! policy team order=10 default cpu.max=1
//!   rule names=shop,dev patterns=^shop- kinds=Deployment.apps labels=app:In:web|api;tier:Exists
//! annotation mode=apply cpu.min=2 policy=team
//! target web by=name cpu.max=4
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_domain::{
    Amount, ApplyType, Bound, Diagnostic, Mode, Origin, Parsed, PerResource, Quantile, Ratio,
    Resource, Schedule, Settings, Severity, Target,
};
use plimsoll_policy::{
    Catalog, Facts, LabelExpression, Matched, Operator, Rule, ScalingPolicy, Sources, TargetObject,
};

/// Everything one case says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) policies: Vec<ScalingPolicy>,
    pub(crate) annotation: Option<Arc<Parsed>>,
    pub(crate) older: Option<Arc<Parsed>>,
    pub(crate) spec: Option<Arc<Parsed>>,
    pub(crate) targets: Vec<TargetObject>,
    pub(crate) workload: Workload,
}

/// What rules ask about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workload {
    pub(crate) namespace: String,
    pub(crate) namespace_labels: BTreeMap<String, String>,
    pub(crate) kind: [String; 3],
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) is_custom: bool,
}

impl Workload {
    /// From `shop/Deployment.v1.apps app=web namespace:team=a custom`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let (namespace, kind) = words.next().unwrap().split_once('/').unwrap();
        let mut kind = kind.splitn(3, '.').map(str::to_owned);
        let mut workload = Self {
            namespace: namespace.to_owned(),
            kind: std::array::from_fn(|_| kind.next().unwrap_or_default()),
            ..Self::default()
        };
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            match key.strip_prefix("namespace:") {
                _ if word == "custom" => workload.is_custom = true,
                Some(key) => {
                    workload.namespace_labels.insert(key.to_owned(), value.to_owned());
                }
                None => {
                    workload.labels.insert(key.to_owned(), value.to_owned());
                }
            }
        }
        workload
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        let [kind, version, group] = &self.kind;
        Facts {
            namespace: &self.namespace,
            namespace_labels: &self.namespace_labels,
            kind,
            group,
            version,
            labels: &self.labels,
        }
    }
}

impl Case {
    pub(crate) fn parse(text: &str) -> Self {
        let mut case =
            Self { workload: Workload::parse("shop/Deployment.v1.apps"), ..Self::default() };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            case.line(line);
        }
        case
    }

    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "workload" => self.workload = Workload::parse(rest),
            "annotation" => self.annotation = Some(Arc::new(parsed(rest, &Origin::Annotation))),
            "older" => self.older = Some(Arc::new(parsed(rest, &Origin::OlderAnnotations))),
            "spec" => self.spec = Some(Arc::new(parsed(rest, &Origin::ScaledWorkload))),
            "target" => self.targets.push(target(rest)),
            "policy" => self.policies.push(policy(rest)),
            "rule" => {
                let policy = self.policies.last_mut().unwrap();
                policy.rules.get_or_insert_default().push(rule(rest));
            }
            _ => panic!("{line}"),
        }
    }

    pub(crate) fn catalog(&self) -> Catalog {
        Catalog::new(self.policies.clone())
    }

    pub(crate) fn sources(&self) -> Sources<'_> {
        Sources {
            annotation: self.annotation.as_ref(),
            older_annotations: self.older.as_ref(),
            targets: &self.targets,
            spec: self.spec.as_ref(),
            facts: self.workload.facts(),
            is_custom: self.workload.is_custom,
        }
    }
}

fn target(text: &str) -> TargetObject {
    let mut words = text.splitn(3, ' ');
    let name: Arc<str> = words.next().unwrap().into();
    let matched = match words.next().unwrap() {
        "by=daemonset" => Matched::DaemonSet,
        "by=name" => Matched::Name,
        "by=selector" => Matched::Selector,
        "by=template" => Matched::Template,
        other => panic!("{other}"),
    };
    let origin = match matched {
        Matched::DaemonSet => Origin::DaemonSetAutoscaler(Arc::clone(&name)),
        Matched::Name | Matched::Selector | Matched::Template => {
            Origin::AiScaleTarget(Arc::clone(&name))
        }
    };
    let document = Arc::new(parsed(words.next().unwrap_or(""), &origin));
    TargetObject { name, matched, document }
}

fn policy(text: &str) -> ScalingPolicy {
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    let name: Arc<str> = name.into();
    let (own, said): (Vec<_>, Vec<_>) = rest.split(' ').partition(|word| {
        word.starts_with("order=") || matches!(*word, "default" | "no-default" | "no-rules")
    });
    let order = own.iter().find_map(|word| word.strip_prefix("order="));
    let is_default = own.contains(&"default").then_some(true);
    ScalingPolicy {
        order: order.map(|order| order.parse().unwrap()),
        is_default: own.contains(&"no-default").then_some(false).or(is_default),
        rules: own.contains(&"no-rules").then(Vec::new),
        document: Arc::new(parsed(&said.join(" "), &Origin::ScalingPolicy(Arc::clone(&name)))),
        name,
    }
}

fn rule(text: &str) -> Rule {
    let mut rule = Rule::default();
    for word in text.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap();
        let list = || value.split(',').map(str::to_owned).collect();
        let labels = || value.split(';').map(expression).collect();
        let namespaces = &mut rule.namespaces;
        let workloads = &mut rule.workloads;
        match key {
            "names" => namespaces.get_or_insert_default().names = list(),
            "patterns" => namespaces.get_or_insert_default().patterns = list(),
            "namespace-labels" => namespaces.get_or_insert_default().labels = labels(),
            "kinds" => workloads.get_or_insert_default().kinds = list(),
            "labels" => workloads.get_or_insert_default().labels = labels(),
            _ => panic!("{word}"),
        }
    }
    rule
}

/// From `app:In:web|api`; without a key `:Regex:^a`.
fn expression(text: &str) -> LabelExpression {
    let mut parts = text.splitn(3, ':');
    let key = parts.next().filter(|key| !key.is_empty());
    let operator = parts.next().unwrap();
    let operator = Operator::ALL.into_iter().find(|one| one.name() == operator).unwrap();
    let values = parts.next().map(|values| values.split('|').map(str::to_owned).collect());
    LabelExpression { key: key.map(str::to_owned), operator, values: values.unwrap_or_default() }
}

/// From `mode=apply cpu.max=1 web.cpu.min=2 policy=team warns=a.b error=c unreadable`.
pub(crate) fn parsed(text: &str, origin: &Origin) -> Parsed {
    let mut settings = Settings::default();
    let mut parsed =
        Parsed { settings: Ok(Settings::default()), scaling_policy: None, remarks: Vec::new() };
    let remark = |severity, field: &str| Diagnostic {
        severity,
        origin: origin.clone(),
        field: field.to_owned(),
        line: None,
        column: None,
        message: "is odd".to_owned(),
    };
    let mut unreadable = None;
    for word in text.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "policy" => parsed.scaling_policy = Some(value.to_owned()),
            "warns" => parsed.remarks.push(remark(Severity::Warning, value)),
            "refuses" => parsed.remarks.push(remark(Severity::Error, value)),
            "unreadable" => unreadable = Some(remark(Severity::Error, "")),
            _ => set(&mut settings, key, value),
        }
    }
    parsed.settings = unreadable.map_or(Ok(settings), Err);
    parsed
}

fn set(settings: &mut Settings, key: &str, value: &str) {
    let apply_type = || match value {
        "deferred" => ApplyType::Deferred,
        "immediate" => ApplyType::Immediate,
        _ => panic!("{value}"),
    };
    let mode = || if value == "apply" { Mode::Apply } else { Mode::Recommend };
    match key {
        "mode" => settings.vertical.mode = Some(mode()),
        "applyType" => settings.vertical.apply_type = Some(apply_type()),
        "lowering" => settings.vertical.lowering = Some(Some(apply_type())),
        "memoryEvent" => settings.vertical.memory_event = Some(Some(apply_type())),
        "schedule" => {
            let jobs = value == "jobLike";
            let schedule = if jobs { Schedule::JobLike } else { Schedule::Continuous };
            settings.vertical.schedule = Some(Some(schedule));
        }
        "riskPrice" => {
            settings.vertical.risk_price = Some(Ratio::new(value.parse().unwrap()));
        }
        "confidence" => settings.vertical.confidence_required = Some(value == "true"),
        _ if key.starts_with("later.") => {
            settings.later.insert(key["later.".len()..].to_owned(), value.to_owned());
        }
        _ => {
            let mut path = key.rsplitn(3, '.');
            let field = path.next().unwrap();
            let resource =
                if path.next().unwrap() == "cpu" { Resource::Cpu } else { Resource::Memory };
            match path.next() {
                Some(container) => {
                    let entry = settings.containers.entry(container.to_owned()).or_default();
                    let entry = entry.get_mut(resource);
                    match field {
                        "min" => entry.min = Some(bound(resource, value)),
                        "max" => entry.max = Some(bound(resource, value)),
                        _ => panic!("{key}"),
                    }
                }
                None => whole(&mut settings.resources, resource, field, value),
            }
        }
    }
}

fn whole(
    resources: &mut PerResource<plimsoll_domain::ResourceSettings>,
    resource: Resource,
    field: &str,
    value: &str,
) {
    let settings = resources.get_mut(resource);
    match field {
        "min" => settings.min = Some(bound(resource, value)),
        "max" => settings.max = Some(bound(resource, value)),
        "overhead" => settings.overhead = Ratio::new(value.parse().unwrap()),
        "target" if value == "max" => settings.target = Some(Target::Max),
        "target" if value == "auto" => settings.target = Some(Target::Auto),
        "target" => {
            let quantile: f64 = value.parse().unwrap();
            settings.target = Quantile::new(quantile).map(Target::Quantile);
        }
        _ => panic!("{field}"),
    }
}

/// Cores, mebibytes, `50%` or `none`.
fn bound(resource: Resource, value: &str) -> Option<Bound> {
    if value == "none" {
        return None;
    }
    if let Some(percent) = value.strip_suffix('%') {
        let percent: f64 = percent.parse().unwrap_or_default();
        return Ratio::new(percent / 100.0).map(Bound::OfOriginal);
    }
    let unit = if resource == Resource::Cpu { 1.0 } else { 1024.0 * 1024.0 };
    let value: f64 = value.parse().unwrap_or(f64::NAN);
    Amount::new(value * unit).map(Bound::Constant)
}
