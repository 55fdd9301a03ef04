//! Rules that the API server itself holds objects to: CEL, each with a message that says what to
//! write instead. What CEL cannot see is in `validate.rs`.

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// Under which paths it stands. A list's name without `[]` is the list, with it each element.
    pub(super) at: &'static [&'static str],
    /// What must hold, as a CEL expression.
    pub(super) holds: &'static str,
    /// What to write instead.
    pub(super) message: &'static str,
}

/// Rules of an AIScaleTarget, from `spec`.
pub(super) const TARGET: &[Rule] = &[Rule {
    at: &[""],
    holds: "has(self.scaleTargetRef) != has(self.selector)",
    message: "name one workload with scaleTargetRef or several with selector: exactly one of the two",
}];

/// Rules of a ClusterAIScaleTemplate, from `spec`.
pub(super) const TEMPLATE: &[Rule] = &[Rule {
    at: &["policy"],
    holds: "!(has(self.includedNamespaces) && size(self.includedNamespaces) > 0 \
           && has(self.excludedNamespaces) && size(self.excludedNamespaces) > 0)",
    message: "list namespaces in includedNamespaces or in excludedNamespaces, not in both",
}];

/// Rules of a DaemonSetAutoscaler, from `spec`.
pub(super) const DAEMON_SET: &[Rule] = &[
    Rule {
        at: &[""],
        holds: "has(self.scaleTargetRef)",
        message: "name the DaemonSet with scaleTargetRef, such as {apiVersion: apps/v1, name: agent}",
    },
    Rule {
        at: &["containers[].name"],
        holds: "size(self) > 0",
        message: "write the container's name, or \"*\" for every container without an entry",
    },
    Rule {
        at: &["containers[]"],
        // An empty block, `cpu:` with nothing after it, is what the older chart wrote: it is no block
        // to CEL, and counts as a field all the same.
        holds: "has(self.cpu) || has(self.memory) || size(dyn(self)) > 1",
        message: "give the container cpu, memory or both, each with a lowerbound",
    },
    Rule { at: &["observationWindow", "minObservationWindow", "scaleInterval"], ..DURATION },
];

/// Rules that targets and templates share, from where `model` and `vertical` stand.
pub(super) const SCALING: &[Rule] = &[
    Rule {
        at: MODELS,
        holds: "!(has(self.forecast_cron) && self.forecast_cron != '' \
               && has(self.forecast_interval) && self.forecast_interval != '')",
        message: "write forecast_interval or forecast_cron, not both; without either a forecast is made every 15 minutes",
    },
    Rule {
        at: MODELS,
        holds: "!has(self.forecast_interval) || !has(self.forecast_blocks) \
               || type(self.forecast_interval) != string || type(self.forecast_blocks) != string \
               || self.forecast_interval == '' || self.forecast_blocks == '' \
               || self.forecast_interval.contains('d') || self.forecast_blocks.contains('d') \
               || duration(self.forecast_interval) <= duration(self.forecast_blocks)",
        message: "make forecast_blocks at least as long as forecast_interval, better two minutes longer",
    },
    Rule {
        at: MODELS,
        holds: "!has(self.mode) || self.mode != 'percentile' || has(self.percentile_value)",
        message: "with mode percentile write percentile_value, such as \"95\" or \"99.9\"",
    },
    Rule {
        at: MODELS,
        holds: "!has(self.percentile_value) || (has(self.mode) && self.mode == 'percentile')",
        message: "percentile_value is for mode percentile only: write that mode, or leave the value out",
    },
    Rule {
        at: &["model.metrics.*", "vertical.model.metrics.*", "horizontal.model.metrics.*"],
        holds: "!has(self.percentile_value) || !has(self.mode) || self.mode == 'percentile'",
        message: "percentile_value is for mode percentile only: write that mode, or leave the value out",
    },
    Rule {
        at: &[
            "model.forecast_blocks",
            "vertical.model.forecast_blocks",
            "horizontal.model.forecast_blocks",
            "model.min_lookback_to_scale",
            "vertical.model.min_lookback_to_scale",
            "horizontal.model.min_lookback_to_scale",
            "vertical.oom_remediation.stabilization_window",
        ],
        ..DURATION
    },
    Rule {
        at: &[
            "model.forecast_interval",
            "vertical.model.forecast_interval",
            "horizontal.model.forecast_interval",
        ],
        ..DURATION
    },
    Rule {
        at: BEHAVIORS,
        holds: "self.type != 'percent' || has(self.percent)",
        message: "with type percent write percent, such as percent: 20",
    },
    Rule {
        at: BEHAVIORS,
        holds: "self.type != 'absolute' || has(self.absolute)",
        message: "with type absolute write absolute, such as absolute: {cpu: 100m, memory: 50Mi}, or {pods: 2} under horizontal",
    },
    Rule {
        at: &["vertical.containers"],
        holds: "size(self) > 0",
        message: "list at least one container; \"*\" stands for all of them",
    },
    Rule {
        at: &["vertical.containers[].name"],
        holds: "size(self) > 0",
        message: "write the container's name, or \"*\" for every container without an entry",
    },
    Rule {
        at: &["vertical.containers[]"],
        holds: "has(self.cpu) || has(self.memory) \
               || size(dyn(self)) > (has(self.jvm_options) ? 2 : 1)",
        message: "give the container cpu, memory or both, each with a lowerbound",
    },
    Rule {
        at: &["vertical.containers[]"],
        holds: "!has(self.jvm_options) || !has(self.jvm_options.enable_auto_heap_size) \
               || !self.jvm_options.enable_auto_heap_size \
               || (has(self.memory) && self.memory != null && has(self.memory.limit))",
        message: "enable_auto_heap_size needs memory.limit, such as memory: {lowerbound: 256Mi, limit: {ratio: 1}}",
    },
    Rule {
        at: &["vertical.disruption.max_disrupted"],
        holds: "type(self) == int ? int(self) >= 1 \
               : string(self).matches('^([1-9][0-9]?|100)%$') || string(self).matches('^[1-9][0-9]{0,8}$')",
        message: "write a number of pods from 1 on, or a percentage from 1% to 100%",
    },
    Rule {
        at: &["vertical.disruption.interval"],
        holds: "type(self) == string && self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h|d))+$') \
               && self.matches('[1-9]')",
        message: "write a time above zero, such as 60s",
    },
    Rule {
        at: &["vertical"],
        holds: "!has(self.in_place_resizing) || !has(self.in_place_resizing.enabled) \
               || !self.in_place_resizing.enabled || !has(self.update_policy) \
               || !has(self.update_policy.update_mode) \
               || self.update_policy.update_mode in ['in_place', 'in_place_or_recreate']",
        message: "in_place_resizing.enabled is true: write update_mode in_place or in_place_or_recreate, or leave in_place_resizing out",
    },
    Rule {
        at: &["vertical"],
        holds: "!has(self.in_place_resizing) || !has(self.in_place_resizing.enabled) \
               || self.in_place_resizing.enabled || !has(self.update_policy) \
               || !has(self.update_policy.update_mode) \
               || !(self.update_policy.update_mode in ['in_place', 'in_place_or_recreate'])",
        message: "in_place_resizing.enabled is false: write update_mode recreate or initial, or leave in_place_resizing out",
    },
    Rule {
        at: &["horizontal"],
        holds: "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
        message: "make minReplicas at most maxReplicas",
    },
    Rule {
        at: &["horizontal"],
        holds: "!has(self.multipleOf) || !has(self.maxReplicas) || self.multipleOf <= self.maxReplicas",
        message: "make multipleOf at most maxReplicas",
    },
    Rule {
        at: &["horizontal"],
        holds: "!has(self.allowedReplicas) || self.allowedReplicas.all(replicas, \
               (!has(self.minReplicas) || replicas >= self.minReplicas) \
               && (!has(self.maxReplicas) || replicas <= self.maxReplicas))",
        message: "list in allowedReplicas only numbers from minReplicas to maxReplicas",
    },
    Rule {
        at: &["horizontal"],
        holds: "!has(self.allowedReplicas) || !has(self.multipleOf)",
        message: "write allowedReplicas or multipleOf, not both",
    },
];

const MODELS: &[&str] = &["model", "vertical.model", "horizontal.model"];

const BEHAVIORS: &[&str] = &[
    "vertical.scaling_behavior.scale_up",
    "vertical.scaling_behavior.scale_down",
    "horizontal.scaling_behavior.scale_up",
    "horizontal.scaling_behavior.scale_down",
];

/// A duration has a unit. A bare number is let through to this rule, so that the answer can say so.
const DURATION: Rule = Rule {
    at: &[],
    holds: "type(self) == string \
           && (self == '' || self == '0' || self.matches('^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h|d))+$'))",
    message: "write a duration with its unit, such as 15m, 1h30m or 24h",
};
