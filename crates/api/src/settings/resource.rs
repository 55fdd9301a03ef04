//! Settings for one resource.

use plimsoll_domain::{Mode, Resource, ResourceSettings};

use super::{bound, limit, threshold, vertical};
use crate::fields::Kind;
use crate::read::{Place, Reader};

/// Reads `vertical.cpu` or `vertical.memory`.
pub(super) fn read(reader: &mut Reader, resource: Resource, place: &Place<'_>) -> ResourceSettings {
    let at = |keys| place.get(keys);
    // There is no word for switching one resource on that is not.
    let off = reader.value(&at("optimization"), |_, text| {
        (Kind::boolean(text) == Some(false)).then_some(Mode::Recommend)
    });
    let [min, max] = bound::read(reader, resource, place);
    ResourceSettings {
        mode: vertical::mode(reader, &at("mode")).or(off),
        target: reader.target(&at("target")),
        look_back: reader.duration(&at("lookBackPeriod")),
        min,
        max,
        overhead: reader.ratio(&at("overhead")),
        threshold: threshold::read(reader, resource, place),
        lowering_threshold: threshold::group(reader, resource, &at("loweringThreshold")),
        limit: limit::read(reader, &at("limit")).flatten(),
    }
}
