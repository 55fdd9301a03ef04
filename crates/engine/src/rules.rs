//! What the policy says of one resource of one container: an entry for the container beats what is
//! said of the resource. And what is left as its template says.

use plimsoll_domain::{
    ANY_CONTAINER, Amount, Bound, ContainerPolicy, ContainerSpec, Exclusion, LimitRule, Mode,
    Origin, PerResource, Policy, Reason, Resource, ResourcePolicy, Sourced, Workload,
};

/// The rules for all containers of a workload, in the template's order.
#[derive(Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) workload: &'a Workload,
    pub(crate) policy: &'a Policy,
    containers: Vec<(&'a ContainerSpec, PerResource<Rule<'a>>)>,
}

/// What holds for one resource of one container.
#[derive(Debug)]
pub(crate) struct Rule<'a> {
    /// What is said of the resource alone.
    pub(crate) resource: &'a ResourcePolicy,
    /// The least request.
    pub(crate) min: Option<Sourced<Amount>>,
    /// The greatest request; where the least is above it, this holds.
    pub(crate) max: Option<Sourced<Amount>>,
    /// What becomes of the limit.
    pub(crate) limit: Sourced<LimitRule>,
    /// Why it is left as it is, if it is.
    pub(crate) held: Option<Reason>,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(workload: &'a Workload, policy: &'a Policy) -> Self {
        let containers = workload.containers.iter().map(|spec| {
            let entry = policy.containers.get(&*spec.name);
            let entry = entry.or_else(|| policy.containers.get(ANY_CONTAINER));
            let rules = PerResource::from_fn(|resource| {
                let rule = Rule::new(policy.resources.get(resource), entry, spec, resource);
                let held = governed(workload, resource)
                    .or_else(|| excluded(policy, spec))
                    .or_else(|| recommended_only(&rule, entry.map(|entry| entry.get(resource))));
                Rule { held, ..rule }
            });
            (spec, rules)
        });
        Self { workload, policy, containers: containers.collect() }
    }

    /// The rule for one resource of the container, if the template has it.
    pub(crate) fn of(&self, container: &str, resource: Resource) -> Option<&Rule<'a>> {
        let found = self.containers.iter().find(|(spec, _)| *spec.name == *container);
        found.map(|(_, rules)| rules.get(resource))
    }

    /// Why all of the workload is left as it is, if it is.
    pub(crate) fn all_held(&self) -> Option<&Reason> {
        let mut rules = self.containers.iter().flat_map(|(_, rules)| rules.iter());
        let (_, first) = rules.next()?;
        first.held.as_ref().filter(|_| rules.all(|(_, rule)| rule.held.is_some()))
    }

    /// Why this is left as it is, if it is.
    pub(crate) fn held(&self, container: &str, resource: Resource) -> Option<&Reason> {
        self.of(container, resource).and_then(|rule| rule.held.as_ref())
    }

    /// The rules for limits, by container name.
    pub(crate) fn limits(&self) -> Vec<(String, PerResource<LimitRule>)> {
        let limits = self.iter().map(|(spec, rules)| {
            (
                spec.name.to_string(),
                PerResource::from_fn(|resource| rules.get(resource).limit.value),
            )
        });
        limits.collect()
    }

    /// All containers of the template, each with its rules.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a ContainerSpec, &PerResource<Rule<'a>>)> {
        self.containers.iter().map(|(spec, rules)| (*spec, rules))
    }
}

impl<'a> Rule<'a> {
    pub(crate) fn new(
        policy: &'a ResourcePolicy,
        entry: Option<&PerResource<ContainerPolicy>>,
        spec: &ContainerSpec,
        resource: Resource,
    ) -> Self {
        let entry = entry.map(|entry| entry.get(resource));
        let original = spec.original.get(resource).request;
        let bound = |own: Option<&Sourced<Option<Bound>>>, general: &Sourced<Option<Bound>>| {
            let own = own.filter(|own| own.value.is_some());
            amount(own.unwrap_or(general), original)
        };
        Self {
            resource: policy,
            min: bound(entry.map(|entry| &entry.min), &policy.min),
            max: bound(entry.map(|entry| &entry.max), &policy.max),
            limit: entry
                .and_then(|entry| stated(&entry.limit))
                .unwrap_or_else(|| policy.limit.clone()),
            held: None,
        }
    }

    /// Whether the request is within the bounds.
    pub(crate) fn allows(&self, request: Amount) -> bool {
        let most = self.max.as_ref().map(|max| max.value);
        let least = self.min.as_ref().map(|min| most.map_or(min.value, |most| most.min(min.value)));
        least.is_none_or(|least| request >= least) && most.is_none_or(|most| request <= most)
    }
}

fn governed(workload: &Workload, resource: Resource) -> Option<Reason> {
    let hpa = workload.hpa_on.get(resource).clone()?;
    Some(Reason::HpaOnResource { hpa })
}

fn excluded(policy: &Policy, spec: &ContainerSpec) -> Option<Reason> {
    let names = &policy.vertical.excluded_containers;
    let origin = &names.origin;
    let is_named = names.value.iter().any(|name| **name == *spec.name);
    is_named.then(|| exclusion(Exclusion::Container, origin))
}

fn recommended_only(rule: &Rule<'_>, entry: Option<&ContainerPolicy>) -> Option<Reason> {
    let (mode, what, origin) = match entry.and_then(|entry| Some((entry.mode.value?, entry))) {
        Some((mode, entry)) => (mode, Exclusion::ContainerResource, &entry.mode.origin),
        None => (rule.resource.mode.value, Exclusion::Resource, &rule.resource.mode.origin),
    };
    (mode == Mode::Recommend).then(|| exclusion(what, origin))
}

fn exclusion(what: Exclusion, origin: &Origin) -> Reason {
    Reason::Excluded { what, origin: origin.clone() }
}

/// A bound as an amount: a share of nothing bounds nothing.
fn amount(bound: &Sourced<Option<Bound>>, original: Option<Amount>) -> Option<Sourced<Amount>> {
    let value = match bound.value? {
        Bound::Constant(amount) => amount,
        Bound::OfOriginal(share) => Amount::new(original?.value() * share.value())?,
    };
    Some(Sourced::new(value, bound.origin.clone()))
}

/// What an entry says, if it says anything.
fn stated<T: Copy>(entry: &Sourced<Option<T>>) -> Option<Sourced<T>> {
    let value = entry.value?;
    Some(entry.map(|_| value))
}
