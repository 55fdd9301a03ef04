//! Published samples of `thoras.ai` objects, re-told around their field values, and the charts' own
//! shapes are taken as they stand, strictly.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::harness::World;

/// The readers are tested with the same.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../api/tests/thoras");
const SAMPLES: [&str; 17] = [
    "daemon_set_complete",
    "daemon_set_minimal",
    "target_chart_own_newer",
    "target_chart_own_older",
    "target_complete",
    "target_cron_and_empty_interval",
    "target_in_place_resizing",
    "target_in_place_resizing_off",
    "target_interval_and_empty_blocks",
    "target_legacy_metrics",
    "target_minimal",
    "target_reference_page_first",
    "target_reference_page_second",
    "target_selector",
    "target_selector_expressions",
    "target_update_policy",
    "template_complete",
];

pub(crate) async fn play(world: &World) -> Result<()> {
    for name in SAMPLES {
        let path = format!("{FOLDER}/{name}.yaml");
        let manifest = fs::read_to_string(&path).with_context(|| path.clone())?;
        let object: Value = serde_saphyr::from_str(&manifest)?;
        if let Some(namespace) = object["metadata"]["namespace"].as_str() {
            let home = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}");
            world.apply(&home).await?;
        }
        world.apply(&manifest).await.context(name)?;
    }
    Ok(())
}
