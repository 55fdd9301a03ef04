//! Admit: what a new pod's containers are given, from the values approved for new pods.

use plimsoll_domain::{ContainerPatch, ContainerSpec, Grouping, PerResource, Published};

use crate::values;

/// One patch for each container that goes by a name in `published` and has other resources;
/// `containers` are those of the new pod, with the resources it asks for and their own names. Every limit in a patch is at least its
/// request.
pub fn admit(containers: &[ContainerSpec], published: &Published) -> Vec<ContainerPatch> {
    let patches = containers.iter().filter_map(|container| {
        let name = Grouping::name_in(&published.grouping, &container.name);
        let resources = PerResource::from_fn(|resource| {
            let mut allocation = values::given(&published.containers, name, resource)
                .unwrap_or_else(|| *container.original.get(resource));
            allocation.limit = allocation
                .limit
                .map(|limit| allocation.request.map_or(limit, |request| limit.max(request)));
            allocation
        });
        (!values::same_resources(&resources, &container.original))
            .then(|| ContainerPatch { container: container.name.to_string(), resources })
    });
    patches.collect()
}
