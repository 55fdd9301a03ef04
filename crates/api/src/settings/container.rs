//! Settings for single containers.

use std::collections::BTreeMap;

use plimsoll_domain::{ANY_CONTAINER, ContainerSettings, PerResource};

use super::{bound, limit, vertical};
use crate::fields::Kind;
use crate::read::{Place, Reader};

/// The longest name of a container (a DNS label).
const NAME_MAX: usize = 63;

/// Reads `vertical.containers`.
pub(super) fn read(
    reader: &mut Reader,
    place: &Place<'_>,
) -> BTreeMap<String, PerResource<ContainerSettings>> {
    let mut containers = BTreeMap::new();
    for (name, place) in place.entries() {
        if !is_name(name) {
            reader.warn(&place, "is no name of a container, and ignored".to_owned());
            reader.forget(&place.path());
            continue;
        }
        let settings = PerResource::from_fn(|resource| {
            let place = place.get(resource.name());
            let [min, max] = bound::read(reader, resource, &place);
            let mode = reader.or_word(&place.get("mode"), Kind::word);
            ContainerSettings {
                mode: mode.map(|word| word.map(vertical::mode_of)),
                min,
                max,
                limit: limit::read(reader, &place.get("limit")),
            }
        });
        containers.insert(name.to_owned(), settings);
    }
    containers
}

/// Whether a container may be called that, or all are meant.
fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name == ANY_CONTAINER || (1..=NAME_MAX).contains(&name.len()) && name.chars().all(is_part)
}
