//! `containers`: the least and the greatest of each resource, and what becomes of the limit.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use plimsoll_domain::{
    Amount, Bound, ContainerSettings, LimitRule, Mode, PerResource, Ratio, Resource,
};

use super::vertical::is_true;
use crate::read::{Place, Reader};
use crate::{format_quantity, parse_quantity};

/// What a limit may be, in requests. A thousand times 1Ti still fits a Kubernetes quantity, which
/// ends at 2^63 - 1 bytes.
const RATIO: RangeInclusive<f64> = 1.0..=1000.0;

/// The containers of `containers` below a place, by name.
pub(super) fn read(
    place: &Place<'_>,
    applies: bool,
    reader: &mut Reader,
) -> BTreeMap<String, PerResource<ContainerSettings>> {
    let list = place.get("containers");
    let mut containers = BTreeMap::new();
    for element in list.elements() {
        let Some((name, settings)) = container(&element, reader) else { continue };
        if containers.insert(name.clone(), settings).is_some() {
            let message =
                format!("is the second entry for {name:?}, expected one for each container");
            reader.error(&element.get("name"), message);
        }
    }
    if applies && containers.is_empty() {
        let message =
            "names no container, so that nothing is changed; \"*\" stands for all of them";
        reader.warn(&list, message.to_owned());
    }
    containers
}

/// What holds for a resource of which nothing is said: it stays as the template has it.
pub(super) fn not_scaled() -> ContainerSettings {
    ContainerSettings { mode: Some(Some(Mode::Recommend)), ..ContainerSettings::default() }
}

/// The least request where none is given, or zero.
pub(super) fn least(resource: Resource) -> Bound {
    Bound::Constant(match resource {
        Resource::Cpu => Amount::from_millicores(10),
        Resource::Memory => Amount::from_mebibytes(10),
    })
}

fn container(
    place: &Place<'_>,
    reader: &mut Reader,
) -> Option<(String, PerResource<ContainerSettings>)> {
    let at_name = place.get("name");
    let name = reader.text(&at_name);
    if !at_name.is_given() {
        let message = "lacks name, expected that of a container, or \"*\" for all of them";
        reader.error(place, message.to_owned());
    }
    if Resource::ALL.iter().all(|resource| !place.get(resource.name()).is_given()) {
        let message = "has neither cpu nor memory, so that nothing of it is changed; write both or one, each with a lowerbound";
        reader.warn(place, message.to_owned());
    }
    let mut settings = PerResource::from_fn(|resource| {
        let at = place.get(resource.name());
        if at.is_group() { of_resource(&at, resource, reader) } else { not_scaled() }
    });
    if heap(place, reader) {
        settings.memory = not_scaled();
    }
    Some((name?, settings))
}

fn of_resource(place: &Place<'_>, resource: Resource, reader: &mut Reader) -> ContainerSettings {
    let (at_lower, at_upper) = (place.get("lowerbound"), place.get("upperbound"));
    let lower = bound(&at_lower, resource, true, reader);
    let upper = bound(&at_upper, resource, false, reader);
    let Bound::Constant(least) = least(resource) else { return not_scaled() };
    if !at_lower.is_given() {
        let floor = format_quantity(resource, least);
        reader.warn(place, format!("lacks lowerbound; {floor} stands in for it"));
    }
    if let (Some(lower), Some(upper)) = (lower, upper)
        && lower > upper
    {
        let message =
            format!("is below lowerbound: make it at least {}", format_quantity(resource, lower));
        reader.error(&at_upper, message);
    }
    // A floor that nobody asked for does not stand against a ceiling.
    let lower = lower.filter(|amount| *amount > Amount::ZERO).unwrap_or(least);
    let lower = upper.map_or(lower, |upper| lower.min(upper));
    ContainerSettings {
        mode: Some(Some(Mode::Apply)),
        min: Some(Some(Bound::Constant(lower))),
        max: upper.map(|upper| Some(Bound::Constant(upper))),
        limit: Some(Some(limit(&place.get("limit"), reader))),
    }
}

/// A bound. One below the grid of Kubernetes objects is a slip that would starve the container: of
/// memory, `512m` is half a byte and `512` is bytes.
fn bound(
    place: &Place<'_>,
    resource: Resource,
    may_be_zero: bool,
    reader: &mut Reader,
) -> Option<Amount> {
    let found = reader.quantity(place)?;
    let step = match resource {
        Resource::Cpu => Amount::from_millicores(1),
        Resource::Memory => Amount::from_mebibytes(1),
    };
    if found >= step || may_be_zero && found == Amount::ZERO {
        return Some(found);
    }
    let message = match resource {
        Resource::Cpu => "is too little, expected 1m or more, such as 500m or 2",
        Resource::Memory => "is too little, expected 1Mi or more, such as 512Mi or 2Gi",
    };
    reader.error(place, message.to_owned());
    None
}

/// Without `limit` the limit stays, and no request goes above it.
fn limit(place: &Place<'_>, reader: &mut Reader) -> LimitRule {
    let at = place.get("ratio");
    if place.is_group() && !at.is_given() {
        reader.error(place, "lacks ratio, expected a number from 1 to 1000".to_owned());
    }
    let factor = reader.value(&at, |_, text| {
        let factor = parse_quantity(text).ok()?.value();
        RATIO.contains(&factor).then(|| Ratio::new(factor)).flatten()
    });
    factor.map_or(LimitRule::Keep, |factor| LimitRule::Multiplier {
        factor,
        only_if_original_exists: false,
        only_if_original_lower: false,
    })
}

/// Whether the heap of a Java virtual machine was to be sized with the memory. Memory alone is not
/// changed then: a heap that does not fit it ends in a kill.
fn heap(container: &Place<'_>, reader: &mut Reader) -> bool {
    let options = container.get("jvm_options");
    let bounds = options.get("xmx_bounds");
    let lower = bound(&bounds.get("lowerbound"), Resource::Memory, true, reader);
    let upper = bound(&bounds.get("upperbound"), Resource::Memory, false, reader);
    if let (Some(lower), Some(upper)) = (lower, upper)
        && lower > upper
    {
        let message = "is below lowerbound: make it at least as great";
        reader.error(&bounds.get("upperbound"), message.to_owned());
    }
    let at = options.get("enable_auto_heap_size");
    if !is_true(&at) {
        return false;
    }
    if !container.get("memory.limit").is_group() {
        let message = "needs memory.limit, such as memory: {lowerbound: 256Mi, limit: {ratio: 1}}";
        reader.error(&at, message.to_owned());
    }
    let message = "until this is in effect, the container's memory is recommended and not changed";
    reader.warn(&at, message.to_owned());
    true
}
