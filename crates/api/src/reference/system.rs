//! The policies that ship with the program, with their numbers.

use std::fmt::Write as _;

use plimsoll_domain::Resource;
use plimsoll_policy::SystemPolicy;
use serde_json::Value as Json;

use crate::write_settings;

/// A section on each.
pub(super) fn policies() -> String {
    let mut text = String::from(TOP);
    for policy in SystemPolicy::ALL {
        let written = write_settings(&policy.settings());
        writeln!(text, "### `{}`\n\n{} Order {}.\n", policy.name(), policy.doc(), policy.order())
            .ok();
        writeln!(text, "| setting | value |\n|---|---|").ok();
        for path in paths() {
            let value = path.split('.').try_fold(&written, |value, key| value.get(key));
            if let Some(value) = value {
                writeln!(text, "| `{path}` | {} |", shown(value)).ok();
            }
        }
        text.push('\n');
    }
    text
}

const TOP: &str = "\
## Policies that ship with Plimsoll

Their numbers are our own. All of them only recommend until somebody turns them on: write a
ScalingPolicy of the same name, and what it says holds over what is built in, field by field. What a
policy leaves open is as in the tables below.

";

/// What the policies that ship may say, in the order of the tables.
fn paths() -> Vec<String> {
    let mut paths: Vec<String> = [
        "vertical.mode",
        "vertical.applyType",
        "vertical.antiAffinity.considerAntiAffinity",
        "vertical.startup.period",
        "vertical.confidence.threshold",
    ]
    .map(str::to_owned)
    .into();
    for resource in Resource::ALL {
        for name in ["target", "lookBackPeriod", "min", "max", "overhead", "applyThresholdStrategy"]
        {
            paths.push(format!("vertical.{}.{name}", resource.name()));
        }
    }
    paths
}

fn shown(value: &Json) -> String {
    let of = value.get("type").unwrap_or(value);
    of.as_str().map_or_else(|| of.to_string(), str::to_owned)
}
