//! What the `thoras.ai` definitions refuse, as manifests: for the API server, and for `plimsoll lint`,
//! which is to refuse the same.

/// What a target may not say, and what the answer holds. Every spec has `model: {}` and a
/// `scaleTargetRef` unless it begins with `!`.
const TARGETS: [(&str, &str); 29] = [
    ("!model: {}", "exactly one of the two"),
    ("selector: {matchLabels: {app: web}}", "exactly one of the two"),
    ("!scaleTargetRef: {kind: Deployment, name: web}", "spec.model: Required value"),
    ("model: {forecast_cron: '*/15 * * * *', forecast_interval: 15m}", "not both"),
    (
        "model: {forecast_interval: 2h, forecast_blocks: 1h}",
        "at least as long as forecast_interval",
    ),
    ("model: {mode: percentile}", "with mode percentile write percentile_value"),
    ("model: {percentile_value: 90}", "percentile_value is for mode percentile only"),
    (
        "model: {metrics: {cpu: {mode: balanced, percentile_value: 90}}}",
        "percentile_value is for mode percentile only",
    ),
    ("model: {mode: cheap}", "Unsupported value: \"cheap\""),
    ("model: {forecast_blocks: 15}", "write a duration with its unit, such as 15m"),
    ("model: {min_lookback_to_scale: 1 day}", "write a duration with its unit, such as 15m"),
    ("vertical: {mode: on, containers: [{name: app}]}", "spec.vertical.mode"),
    ("vertical: {mode: auto, containers: []}", "list at least one container"),
    (
        "vertical: {mode: auto, containers: [{name: '', cpu: {lowerbound: 1}}]}",
        "write the container's name",
    ),
    ("vertical: {mode: auto, containers: [{name: app}]}", "give the container cpu, memory or both"),
    (
        "vertical: {mode: auto, containers: [{name: app, cpu: {upperbound: 1}}]}",
        "lowerbound: Required value",
    ),
    (
        "vertical: {mode: auto, containers: [{name: app, memory: {lowerbound: 1Gi}, \
         jvm_options: {enable_auto_heap_size: true}}]}",
        "enable_auto_heap_size needs memory.limit",
    ),
    ("vertical: {CONTAINERS, disruption: {max_disrupted: 0}}", "from 1% to 100%"),
    ("vertical: {CONTAINERS, disruption: {max_disrupted: 120%}}", "from 1% to 100%"),
    ("vertical: {CONTAINERS, disruption: {interval: 0s}}", "write a time above zero"),
    (
        "vertical: {CONTAINERS, in_place_resizing: {enabled: true}, \
         update_policy: {update_mode: recreate}}",
        "write update_mode in_place or in_place_or_recreate",
    ),
    (
        "vertical: {CONTAINERS, in_place_resizing: {enabled: false}, \
         update_policy: {update_mode: in_place}}",
        "write update_mode recreate or initial",
    ),
    (
        "vertical: {CONTAINERS, scaling_behavior: {scale_up: {type: percent}}}",
        "such as percent: 20",
    ),
    (
        "vertical: {CONTAINERS, scaling_behavior: {scale_down: {type: absolute}}}",
        "with type absolute write absolute",
    ),
    (
        "vertical: {CONTAINERS, oom_remediation: {stabilization_window: 60}}",
        "write a duration with its unit",
    ),
    (
        "horizontal: {mode: rec, minReplicas: 3, maxReplicas: 2}",
        "make minReplicas at most maxReplicas",
    ),
    (
        "horizontal: {mode: rec, multipleOf: 5, maxReplicas: 4}",
        "make multipleOf at most maxReplicas",
    ),
    (
        "horizontal: {mode: rec, maxReplicas: 4, allowedReplicas: [2, 5]}",
        "only numbers from minReplicas to maxReplicas",
    ),
    (
        "horizontal: {mode: rec, multipleOf: 2, allowedReplicas: [2, 4]}",
        "write allowedReplicas or multipleOf, not both",
    ),
];

/// The same for templates and for DaemonSetAutoscalers, whole specs.
const OTHERS: [(&str, &str, &str); 6] = [
    (
        "ClusterAIScaleTemplate",
        "{selector: {matchLabels: {a: b}}, template: {model: {}}, \
         policy: {includedNamespaces: [a], excludedNamespaces: [b]}}",
        "not in both",
    ),
    (
        "ClusterAIScaleTemplate",
        "{selector: {matchLabels: {a: b}}}",
        "spec.template: Required value",
    ),
    ("DaemonSetAutoscaler", "{scaleMode: auto}", "name the DaemonSet with scaleTargetRef"),
    (
        "DaemonSetAutoscaler",
        "{scaleMode: auto, scaleTargetRef: {name: agent}, containers: [{name: app}]}",
        "give the container cpu, memory or both",
    ),
    (
        "DaemonSetAutoscaler",
        "{scaleMode: auto, scaleTargetRef: {name: agent}, \
         containers: [{name: '', cpu: {lowerbound: 1}}]}",
        "write the container's name",
    ),
    (
        "DaemonSetAutoscaler",
        "{scaleMode: auto, scaleTargetRef: {name: agent}, observationWindow: 8}",
        "write a duration with its unit",
    ),
];

const CONTAINERS: &str = "mode: auto, containers: [{name: app, cpu: {lowerbound: 10m}}]";

/// Every manifest, and what the API server's answer holds.
pub(crate) fn manifests() -> Vec<(String, &'static str)> {
    let targets = TARGETS.iter().map(|(spec, expect)| {
        let spec = spec.replace("CONTAINERS", CONTAINERS);
        let mut whole: Vec<&str> = vec![spec.trim_start_matches('!')];
        if !spec.starts_with('!') {
            whole.push("scaleTargetRef: {kind: Deployment, name: web}");
            if !spec.starts_with("model:") {
                whole.push("model: {}");
            }
        }
        (manifest("AIScaleTarget", &whole.join("\n  ")), *expect)
    });
    let others = OTHERS.iter().map(|(kind, spec, expect)| (manifest(kind, spec), *expect));
    targets.chain(others).collect()
}

fn manifest(kind: &str, spec: &str) -> String {
    format!("apiVersion: thoras.ai/v1\nkind: {kind}\nmetadata: {{name: odd}}\nspec:\n  {spec}\n")
}
