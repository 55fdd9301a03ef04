//! Containers' identities as bytes.

use plimsoll_domain::{ContainerKey, WorkloadId, WorkloadKind};
use plimsoll_history::bytes::{ReadError, Reader, Writer};

/// Namespace, kind, name, container, each with its length in front.
pub(crate) fn write(out: &mut Writer, key: &ContainerKey) {
    let WorkloadId { namespace, kind, name } = &key.workload;
    for text in [namespace, kind.name(), name, &key.container] {
        out.block(text.as_bytes());
    }
}

/// What [`write`] wrote.
pub(crate) fn read(from: &mut Reader<'_>) -> Result<ContainerKey, ReadError> {
    Ok(ContainerKey {
        workload: WorkloadId {
            namespace: from.text()?.into(),
            kind: WorkloadKind::from_name(from.text()?),
            name: from.text()?.into(),
        },
        container: from.text()?.into(),
    })
}
