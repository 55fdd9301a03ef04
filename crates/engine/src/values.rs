//! The values recommended for containers, as they are written into pods: rounded, by name.

use plimsoll_domain::{
    Allocation, Amount, Estimate, Recommendation, Resource, Resources, Rounding, Trail,
};

use crate::rules::Rules;

/// Values by container name. A resource without a request is one to leave as it is.
pub(crate) type Values = Vec<(String, Resources)>;

/// How much a value may differ and still count as the same: two ways to parse `220m` differ in the
/// last bit, and no grid is as fine as this.
pub(crate) const SAME: f64 = 1e-9;

/// The values of one container.
pub(crate) fn of<'a>(values: &'a [(String, Resources)], container: &str) -> Option<&'a Resources> {
    let found = values.iter().find(|(name, _)| name == container);
    found.map(|(_, resources)| resources)
}

/// What one container is given of one resource; `None` when it is left as it is.
pub(crate) fn given(
    values: &[(String, Resources)],
    container: &str,
    resource: Resource,
) -> Option<Allocation> {
    let allocation = *of(values, container)?.get(resource);
    allocation.request.is_some().then_some(allocation)
}

/// The recommendation in rounded values, without what is left as it is and containers that nothing is
/// known of.
pub(crate) fn recommended(
    recommendation: &Recommendation,
    rules: &Rules<'_>,
    rounding: Rounding,
) -> Values {
    let containers = recommendation.containers.iter().map(|container| {
        let resources = Resources::from_fn(|resource| {
            let rule = rules.of(&container.container, resource);
            let free = rule.filter(|rule| rule.held.is_none());
            match (container.resources.get(resource), free) {
                (Estimate::Known(trail), Some(rule)) => {
                    let max = rule.max.as_ref().map(|max| max.value);
                    rounded(trail, max, resource, rounding)
                }
                (Estimate::Known(_) | Estimate::Unknown(_), _) => Allocation::default(),
            }
        });
        (container.container.clone(), resources)
    });
    containers.filter(|(_, given)| is_any(given)).collect()
}

/// These values, of the containers and resources alone that `of` gives something.
pub(crate) fn only(values: &[(String, Resources)], of: &[(String, Resources)]) -> Values {
    let containers = of.iter().map(|(name, _)| {
        let resources = Resources::from_fn(|resource| {
            given(of, name, resource)
                .and_then(|_| given(values, name, resource))
                .unwrap_or_default()
        });
        (name.clone(), resources)
    });
    containers.collect()
}

/// These values, and over them those of `over`.
pub(crate) fn overlaid(values: &[(String, Resources)], over: &[(String, Resources)]) -> Values {
    let mut overlaid = values.to_vec();
    for (name, resources) in over {
        let found = overlaid.iter_mut().find(|(other, _)| other == name);
        let Some((_, under)) = found else {
            overlaid.push((name.clone(), *resources));
            continue;
        };
        for resource in Resource::ALL {
            let allocation = *resources.get(resource);
            if allocation.request.is_some() {
                *under.get_mut(resource) = allocation;
            }
        }
    }
    overlaid
}

/// Whether anything is given at all.
pub(crate) fn is_any(resources: &Resources) -> bool {
    resources.iter().any(|(_, allocation)| allocation.request.is_some())
}

/// One result, rounded. A bound or a limit that a person wrote stands as written: rounding up
/// carries a request past neither.
fn rounded(
    trail: &Trail,
    max: Option<Amount>,
    resource: Resource,
    rounding: Rounding,
) -> Allocation {
    let limit = trail.result.limit.map(|limit| {
        if trail.limit.original == Some(limit) { limit } else { rounding.apply(limit, resource) }
    });
    let request = trail.result.request.map(|request| {
        let up = rounding.apply(request, resource);
        let ceiling = [limit, max].into_iter().flatten().min();
        ceiling.map_or(up, |ceiling| up.min(ceiling))
    });
    Allocation { request, limit }
}

/// Whether two amounts are the same but for how they were computed.
pub(crate) fn same(one: Option<Amount>, other: Option<Amount>) -> bool {
    within(one, other, SAME)
}

/// Whether both are absent, or the other differs from the one by no more than `share` of the one.
pub(crate) fn within(one: Option<Amount>, other: Option<Amount>, share: f64) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => (one.value() - other.value()).abs() <= share * one.value(),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether both resources of two containers are the same.
pub(crate) fn same_resources(one: &Resources, other: &Resources) -> bool {
    all_within(one, other, SAME)
}

/// Whether all requests and limits agree within `share`.
pub(crate) fn all_within(one: &Resources, other: &Resources, share: f64) -> bool {
    Resource::ALL.into_iter().all(|resource| {
        let (one, other) = (one.get(resource), other.get(resource));
        within(one.request, other.request, share) && within(one.limit, other.limit, share)
    })
}

/// Whether the same containers are given the same, within `share`.
pub(crate) fn agree(
    one: &[(String, Resources)],
    other: &[(String, Resources)],
    share: f64,
) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|((name, resources), (other_name, other))| {
            name == other_name && all_within(resources, other, share)
        })
}
