//! Rules that the definitions cannot hold: what breaks them is refused by the webhook, in words that
//! say what to write instead.

use anyhow::{Context as _, Result, ensure};
use plimsoll_testkit::wait::wait_for;

use crate::harness::{SOON, World};

const TARGET: &str =
    "apiVersion: thoras.ai/v1\nkind: AIScaleTarget\nmetadata: {name: NAME}\nspec:\n  ";
const POLICY: &str =
    "apiVersion: plimsoll.dev/v1alpha1\nkind: ScalingPolicy\nmetadata: {name: NAME}\nspec:\n  ";
const WORKLOAD: &str =
    "apiVersion: plimsoll.dev/v1alpha1\nkind: ScaledWorkload\nmetadata: {name: NAME}\nspec:\n  ";

/// The kind, its spec, and what the answer holds.
const CASES: [(&str, &str, &str); 5] = [
    (
        TARGET,
        "{scaleTargetRef: {kind: Deployment, name: web}, model: {}, horizontal: {mode: auto}, \
         vertical: {mode: autonomous, containers: [{name: app, cpu: {lowerbound: 10m}}]}}",
        "recommendation",
    ),
    (
        TARGET,
        "{selector: {matchLabels: {app: web}}, model: {}, horizontal: {mode: rec}}",
        "scaleTargetRef",
    ),
    (
        TARGET,
        "{scaleTargetRef: {kind: Deployment, name: web}, \
         model: {mode: balanced, metrics: {memory: {mode: percentile}}}}",
        "percentile_value",
    ),
    (POLICY, "{settings: {vertical: {cpu: {min: 2, max: 1}}}}", "vertical.cpu"),
    (
        WORKLOAD,
        "{targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}",
        "call it web-deployment",
    ),
];

pub(crate) async fn play(world: &World) -> Result<()> {
    let [(kind, spec, _), ..] = CASES;
    let mut number = 0;
    wait_for(SOON, "the API server's trust in the webhook", async || {
        number += 1;
        let name = format!("first-{number}");
        let manifest = kind.replace("NAME", &name) + spec;
        let answer = world.offer(&manifest).await?;
        if answer.is_taken {
            world.remove(&manifest).await?;
        }
        Ok(!answer.is_taken)
    })
    .await?;
    for (kind, spec, expect) in CASES {
        let manifest = kind.replace("NAME", "odd") + spec;
        let answer = world.offer(&manifest).await.with_context(|| manifest.clone())?;
        ensure!(!answer.is_taken, "{manifest}\nwas taken");
        ensure!(answer.refusal().contains(expect), "{manifest}\nwas refused: {}", answer.refusal());
    }
    what_has_no_effect_yet_is_said(world).await
}

/// Where no Plimsoll runs to judge them they are taken: it stands in nobody's way.
pub(crate) async fn nobody_judges(world: &World) -> Result<()> {
    for (kind, spec, _) in CASES {
        let manifest = kind.replace("NAME", "unjudged") + spec;
        world.apply(&manifest).await?;
        world.remove(&manifest).await?;
    }
    Ok(())
}

async fn what_has_no_effect_yet_is_said(world: &World) -> Result<()> {
    let spec = "{scaleTargetRef: {kind: Deployment, name: web}, model: {}, \
                horizontal: {mode: recommendation}}";
    let manifest = TARGET.replace("NAME", "early") + spec;
    let answer = world.offer(&manifest).await?;
    ensure!(answer.is_taken, "{}", answer.refusal());
    let warning = answer.warnings.iter().any(|warning| warning.contains("horizontal"));
    ensure!(warning, "{:?}", answer.warnings);
    world.remove(&manifest).await
}
