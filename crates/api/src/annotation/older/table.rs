//! Which annotations of the older form there are, and what they are called in the newer one.

use std::sync::LazyLock;

use crate::fields::{Field, Kind, Tree};
use crate::settings;

/// An annotation and the path of the newer form.
pub(super) struct Alias {
    /// What follows the prefix.
    pub(super) key: &'static str,
    /// The path.
    pub(super) path: &'static str,
    /// Whether a published text has it; the others follow from the pattern of the names.
    pub(super) is_verified: bool,
}

/// Every annotation of the older form.
pub(super) const ALIASES: &[Alias] = &[
    seen("scaling-policy", "scalingPolicyName"),
    seen("vertical-autoscaling", "vertical.optimization"),
    seen("apply-type", "vertical.applyType"),
    seen("cpu-target", "vertical.cpu.target"),
    seen("memory-max", "vertical.memory.max"),
    alike("memory-target", "vertical.memory.target"),
    alike("cpu-max", "vertical.cpu.max"),
    alike("cpu-min", "vertical.cpu.min"),
    alike("memory-min", "vertical.memory.min"),
    alike("cpu-overhead", "vertical.cpu.overhead"),
    alike("memory-overhead", "vertical.memory.overhead"),
    alike("cpu-apply-threshold", "vertical.cpu.applyThreshold"),
    alike("memory-apply-threshold", "vertical.memory.applyThreshold"),
    alike("cpu-look-back-period", "vertical.cpu.lookBackPeriod"),
    alike("memory-look-back-period", "vertical.memory.lookBackPeriod"),
    alike("vertical-downscale-apply-type", "vertical.downscaling.applyType"),
    alike("memory-event-apply-type", "vertical.memoryEvent.applyType"),
    alike("horizontal-autoscaling", "horizontal.optimization"),
    alike("min-replicas", "horizontal.minReplicas"),
    alike("max-replicas", "horizontal.maxReplicas"),
    alike("horizontal-downscale-stabilization-window", "horizontal.scaleDown.stabilizationWindow"),
];

/// The table of the older form: each row is that of the newer one under another name.
pub(crate) static TREE: LazyLock<Tree> = LazyLock::new(|| {
    Tree::of(ALIASES.iter().map(|alias| {
        let newer = alias.path.split('.').try_fold(&*settings::table::ANNOTATION, Tree::get);
        let newer = newer.and_then(|tree| tree.field);
        let row = newer.unwrap_or_else(|| Field::new(alias.key, Kind::Any, ""));
        let source = if alias.is_verified {
            "docs.cast.ai: legacy annotations reference"
        } else {
            "the pattern of the names; seen in no published text"
        };
        Field { path: alias.key, source, since: "before the annotation with a document", ..row }
    }))
});

const fn seen(key: &'static str, path: &'static str) -> Alias {
    Alias { key, path, is_verified: true }
}

const fn alike(key: &'static str, path: &'static str) -> Alias {
    Alias { key, path, is_verified: false }
}
