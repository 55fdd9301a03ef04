//! Every rule of the `thoras.ai` definitions: what breaks it is refused by the API server itself, in
//! words that say what to write instead.

use anyhow::{Context as _, Result, ensure};

use super::refused_cases::manifests;
use crate::harness::World;

pub(crate) async fn play(world: &World) -> Result<()> {
    for (manifest, expect) in manifests() {
        let answer = world.offer(&manifest).await.with_context(|| manifest.clone())?;
        ensure!(!answer.is_taken, "{manifest}\nwas taken");
        ensure!(answer.refusal().contains(expect), "{manifest}\nwas refused: {}", answer.refusal());
    }
    Ok(())
}
