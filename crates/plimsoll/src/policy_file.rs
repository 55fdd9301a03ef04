//! A policy from a file of either dialect: an annotation's document, or a ScalingPolicy,
//! AIScaleTarget or DaemonSetAutoscaler.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::Value;

use plimsoll_api::{read_annotation, scaling_policy, thoras};
use plimsoll_domain::{Configured, Diagnostic, Parsed, Policy, Severity};
use plimsoll_policy::{BuiltIn, Catalog, Matched, Sources, TargetObject, configure};

/// The largest file that is read: four times the largest document that is.
const BYTES_MAX: u64 = 256 * 1024;

/// Reads it. Anything that is refused is an error; nothing is taken from such a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Policy> {
    let name = path.display();
    let size = fs::metadata(path).with_context(|| format!("failed to read {name}"))?.len();
    if size > BYTES_MAX {
        bail!("{name} has {size} bytes, expected at most {BYTES_MAX}");
    }
    let text = fs::read_to_string(path).with_context(|| format!("failed to read {name}"))?;
    policy(&text).with_context(|| format!("failed to take a policy from {name}"))
}

fn policy(text: &str) -> anyhow::Result<Policy> {
    let object: Value = serde_saphyr::from_str(text).unwrap_or_default();
    let configuration = match object["kind"].as_str() {
        None => {
            let parsed = accepted(read_annotation(text))?;
            configuration(Some(&parsed), &[], &Catalog::default())
        }
        Some("ScalingPolicy") => {
            let (mut policy, remarks) = scaling_policy(&object);
            refuse(remarks.iter())?;
            policy.is_default = Some(true);
            configuration(None, &[], &Catalog::new(vec![policy]))
        }
        Some("AIScaleTarget") => {
            let target = thoras::read_target(&object);
            governed(&target.name, Matched::Name, target.document)?
        }
        Some("DaemonSetAutoscaler") => {
            let target = thoras::read_daemon_set_autoscaler(&object);
            governed(&target.name, Matched::DaemonSet, target.document)?
        }
        Some(other) => bail!(
            "kind {other}: expected ScalingPolicy, AIScaleTarget, DaemonSetAutoscaler, or the \
             document of an annotation"
        ),
    };
    match configuration.configured {
        Configured::Policy(policy) => Ok(*policy),
        Configured::Unreadable(diagnostic) => bail!("{diagnostic}"),
    }
}

fn governed(
    name: &str,
    matched: Matched,
    document: Parsed,
) -> anyhow::Result<plimsoll_domain::Configuration> {
    let document = accepted(document)?;
    let target = TargetObject { name: name.into(), matched, document };
    Ok(configuration(None, &[target], &Catalog::default()))
}

fn accepted(parsed: Parsed) -> anyhow::Result<Arc<Parsed>> {
    refuse(parsed.settings.as_ref().err().into_iter().chain(&parsed.remarks))?;
    Ok(Arc::new(parsed))
}

fn refuse<'a>(mut remarks: impl Iterator<Item = &'a Diagnostic>) -> anyhow::Result<()> {
    match remarks.find(|remark| remark.severity == Severity::Error) {
        Some(error) => bail!("{error}"),
        None => Ok(()),
    }
}

fn configuration(
    annotation: Option<&Arc<Parsed>>,
    targets: &[TargetObject],
    catalog: &Catalog,
) -> plimsoll_domain::Configuration {
    let sources = Sources { annotation, targets, ..Sources::silent("replay", "Deployment") };
    configure(&sources, catalog, &BuiltIn::default())
}

#[cfg(test)]
mod tests {
    use plimsoll_domain::Target;

    use super::*;

    /// The target of CPU, or a part of the error.
    fn check(text: &str, expect: Result<&str, &str>) {
        match (policy(text), expect) {
            (Ok(policy), Ok(expect)) => {
                let target = policy.resources.cpu.target.value;
                let name = match target {
                    Target::Quantile(quantile) | Target::Pooled(quantile) => {
                        format!("{}", quantile.value())
                    }
                    Target::Auto | Target::Max | Target::Forecast(_) => format!("{target:?}"),
                };
                assert_eq!(name, expect, "{text}");
            }
            (Err(error), Err(expect)) => {
                let error = format!("{error:#}");
                assert!(error.contains(expect), "{error}");
            }
            (found, expect) => panic!("{found:?}, not {expect:?}"),
        }
    }

    #[test]
    fn either_dialect_gives_a_policy() {
        check("vertical: {cpu: {target: p95}}", Ok("0.95"));
        check("scalingPolicyName: auto", Ok("Auto"));
        check(
            "apiVersion: plimsoll.dev/v1alpha1\nkind: ScalingPolicy\nmetadata: {name: team}\n\
             spec: {settings: {vertical: {cpu: {target: p75}}}}",
            Ok("0.75"),
        );
        check(
            "apiVersion: thoras.ai/v1\nkind: DaemonSetAutoscaler\nmetadata: {name: a, namespace: b}\n\
             spec:\n  scaleTargetRef: {apiVersion: apps/v1, name: a}\n  percentile: 90\n  \
             containers: [{name: app, cpu: {lowerbound: 10m}}]",
            Ok("0.9"),
        );
    }

    #[test]
    fn what_is_refused_gives_none() {
        check("vertical: {cpu: {target: p200}}", Err("target"));
        check("a:\n\tb", Err("tab"));
        check("kind: Deployment", Err("expected ScalingPolicy"));
    }
}
