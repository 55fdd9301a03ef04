//! Settings: what one source says about a workload, read from the annotation or from an object of
//! ours by the same functions. Which of their fields a dialect has, its table says
//! ([`table::ANNOTATION`], [`table::OBJECT`]); the rest has been taken out of the document before.

mod bound;
mod container;
mod horizontal;
mod limit;
mod resource;
pub(crate) mod table;
mod threshold;
mod vertical;
mod workload;
mod write;

pub(crate) use vertical::cron;
pub use write::write_settings;

use std::collections::BTreeMap;

use plimsoll_domain::{Amount, Origin, Parsed, PerResource, Resource, Settings};

use crate::document::Node;
use crate::fields::Tree;
use crate::read::{Place, Reader};

/// Reads the settings of a ScalingPolicy or a ScaledWorkload. It cannot fail as a whole: what is
/// odd is refused or ignored with a remark.
pub fn read_settings(settings: &serde_json::Value, origin: Origin) -> Parsed {
    read_document(Node::from(settings), &table::OBJECT, origin)
}

/// Reads a whole document against its table.
pub(crate) fn read_document(mut root: Node, tree: &'static Tree, origin: Origin) -> Parsed {
    let mut reader = Reader::new(origin);
    reader.check(&mut root, tree);
    let (mut settings, scaling_policy) = read(&mut reader, &Place::top(&root, tree));
    let (remarks, later) = reader.finish();
    settings.later = later;
    Parsed { settings: Ok(settings), scaling_policy, remarks }
}

/// The settings of a checked document, all but those without effect, and the policy it names.
pub(crate) fn read(reader: &mut Reader, top: &Place<'_>) -> (Settings, Option<String>) {
    let vertical = top.get("vertical");
    let settings = Settings {
        vertical: vertical::read(reader, top),
        resources: PerResource::from_fn(|resource| {
            resource::read(reader, resource, &vertical.get(resource.name()))
        }),
        containers: container::read(reader, &vertical.get("containers")),
        later: BTreeMap::new(),
    };
    workload::rollout(reader, top, &settings);
    reader.forget_refused("vertical.hpaConverters");
    horizontal::check(reader, &top.get("horizontal"));
    (settings, reader.text(&top.get("scalingPolicyName")))
}

/// The grid of Kubernetes objects. A bound below it is a slip that would starve the container: of
/// memory, `512m` is half a byte and `512` is bytes.
fn step(resource: Resource) -> Amount {
    match resource {
        Resource::Cpu => Amount::from_millicores(1),
        Resource::Memory => Amount::from_mebibytes(1),
    }
}
