//! The shape of an evaluation in JSON and YAML: in the object's status and behind `-o json`.
//!
//! Amounts are Kubernetes quantities (`220m`, `451Mi`), ratios are percent rounded to a tenth, times
//! are RFC 3339. What is absent is left out.

use serde::{Deserialize, Serialize};

/// Pods and failures that are named one by one; more are only counted. At most 10 pods are changed
/// in a minute by default, and each entry takes about 200 bytes of the object's status.
pub const LISTED_MAX: usize = 10;

/// One evaluation of one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationView {
    /// Of which workload.
    pub workload: WorkloadView,
    /// When.
    pub at: String,
    /// What is done.
    pub decision: DecisionView,
    /// How many pods have the recommended values.
    pub applied: AppliedView,
    /// The share of the look-back that samples cover, in percent; absent before any were seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_percent: Option<f64>,
    /// What it must reach; absent where it need not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_confidence_percent: Option<f64>,
    /// Since when usage cannot be read; absent while it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_unavailable_since: Option<String>,
    /// Its containers, in the template's order.
    pub containers: Vec<ContainerView>,
    /// Who governs the workload.
    pub governance: GovernanceView,
    /// Every setting with its origin; none while the configuration cannot be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<SettingView>,
    /// Why the configuration cannot be read; absent when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_error: Option<DiagnosticView>,
    /// What a person should know about the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<DiagnosticView>,
    /// The last change of running pods, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_move_at: Option<String>,
    /// How many such changes there were.
    pub moves: u64,
    /// What came of the decision; absent before it was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<OutcomesView>,
}

/// A workload's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadView {
    /// Its namespace.
    pub namespace: String,
    /// Its kind, as Kubernetes spells it.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Who governs a workload, and with what policy underneath.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GovernanceView {
    /// `annotation`, `AIScaleTarget web`, `ScaledWorkload`, `ScalingPolicy`, ...
    pub governor: String,
    /// The ScalingPolicy the workload was given; absent where its governor needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Why that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_reason: Option<String>,
    /// Who would govern it, did the governor not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overruled: Vec<String>,
}

/// A setting and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingView {
    /// Its path, as in a ScalingPolicy.
    pub name: String,
    /// Its value.
    pub value: String,
    /// `default`, `flag --<name>`, `annotation`, `ScalingPolicy web`, ...
    pub origin: String,
    /// What weaker sources said, strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beaten: Vec<BeatenView>,
    /// Whether it has an effect in this version.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub in_effect: bool,
}

/// A value that a stronger source overruled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeatenView {
    /// The value.
    pub value: String,
    /// Where it came from.
    pub origin: String,
}

fn yes() -> bool {
    true
}

/// One container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContainerView {
    /// Its name.
    pub name: String,
    /// Its CPU.
    pub cpu: ResourceView,
    /// Its memory.
    pub memory: ResourceView,
}

/// One resource of a container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceView {
    /// What the template asks for.
    pub original: AllocationView,
    /// What is recommended for a new pod; absent when nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommended: Option<AllocationView>,
    /// The steps that led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<StepsView>,
    /// Why there is no recommendation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<ReasonView>,
    /// How it compares with what runs; absent without a recommendation or a running pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<ComparisonView>,
}

/// A request and a limit; absent means not set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllocationView {
    /// The request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// The steps from usage to a recommendation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepsView {
    /// Samples that counted.
    pub samples: u64,
    /// Pods they came from.
    pub pods: u32,
    /// The p90 of the pod that uses least and of the one that uses most, where there are two or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<SpreadView>,
    /// How far back usage was looked at.
    pub look_back: String,
    /// The share of the look-back that samples cover.
    pub coverage_percent: f64,
    /// `p80` or `max`.
    pub target: String,
    /// That usage.
    pub base: String,
    /// What is put on top.
    pub overhead_percent: f64,
    /// Usage and overhead.
    pub with_overhead: String,
    /// The least that a kill for memory taught, when it is the greater.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oom_floor: Option<String>,
    /// The bound that held the value, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<BoundView>,
    /// What `auto` found, where it decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<JudgementView>,
    /// What usage was forecast to be, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<JudgementView>,
    /// What becomes of the limit.
    pub limit_rule: String,
}

/// How unlike the pods of a container are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpreadView {
    /// The p90 of the pod that uses least.
    pub least: String,
    /// The p90 of the pod that uses most.
    pub greatest: String,
    /// How many times the least that is; absent where the least is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
}

/// What `auto` found about one resource, or what was forecast of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgementView {
    /// When, RFC 3339.
    pub at: String,
    /// `RaisedForGain`, `NotWorthIt`, ...; of a forecast `Followed`, `NoSkill`, `NotTried`.
    pub verdict: String,
    /// The numbers behind it, each in a sentence.
    pub stages: Vec<StageView>,
}

/// One step in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageView {
    /// The step.
    pub name: String,
    /// What there is to say.
    pub text: String,
}

/// A bound that held a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundView {
    /// `min`, `max`, `limit` or `leak`.
    pub name: String,
    /// The bound.
    pub value: String,
}

/// How a recommendation compares with what runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonView {
    /// The request in force on the running pod that differs most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// What that pod can be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reachable: Option<String>,
    /// `Up`, `Down` or `Same`.
    pub direction: String,
    /// From current to reachable, as a share of current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_percent: Option<f64>,
    /// What is compared with the threshold: a rise as a share of the present request, a fall as a
    /// share of the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference_percent: Option<f64>,
    /// How great it must be.
    pub threshold_percent: f64,
    /// Whether it is greater.
    pub passed: bool,
    /// What a running pod cannot be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<ReasonView>,
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonView {
    /// One word.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionView {
    /// To running pods.
    pub running: RunningView,
    /// What new pods get.
    pub new_pods: NewPodsView,
}

/// What is done to running pods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all_fields = "camelCase")]
pub enum RunningView {
    /// Pods are changed.
    Apply {
        /// How many.
        pods: u32,
        /// The first [`LISTED_MAX`] of them.
        changes: Vec<PodChangeView>,
        /// Pods that would have been changed too, had the cluster-wide budget allowed.
        waiting_for_budget: u32,
    },
    /// Nothing is changed.
    Hold {
        /// Why.
        reason: ReasonView,
    },
}

/// What new pods get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action")]
pub enum NewPodsView {
    /// These values.
    Patch {
        /// One for each container.
        containers: Vec<ContainerValuesView>,
    },
    /// What their template says.
    Untouched {
        /// Why.
        reason: ReasonView,
    },
}

/// The values of one container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerValuesView {
    /// The container.
    pub container: String,
    /// Its CPU.
    pub cpu: AllocationView,
    /// Its memory.
    pub memory: AllocationView,
}

/// The change of one pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodChangeView {
    /// The pod.
    pub pod: String,
    /// What its containers have.
    pub from: Vec<ContainerValuesView>,
    /// What they get.
    pub to: Vec<ContainerValuesView>,
}

/// How many pods have the recommended values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedView {
    /// Running pods that have them, as far as they can be given in place.
    pub pods: u32,
    /// Running pods.
    pub of: u32,
}

/// A remark about a document a person wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosticView {
    /// `warning` or `error`.
    pub severity: String,
    /// The field's path; empty for the whole document.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What is the matter, and what was expected.
    pub message: String,
    /// All of it in one line.
    pub text: String,
}

/// What came of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomesView {
    /// Changes that the API server accepted.
    pub accepted: u32,
    /// Changes that were only printed.
    pub dry_run: u32,
    /// Pods that were gone.
    pub gone: u32,
    /// Changes that were refused or had no answer.
    pub failed: u32,
    /// The first [`LISTED_MAX`] of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailureView>,
}

/// A change that was refused or had no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureView {
    /// The pod.
    pub pod: String,
    /// In the other side's words.
    pub message: String,
}

impl EvaluationView {
    /// A setting by its path.
    pub fn setting(&self, name: &str) -> Option<&SettingView> {
        self.settings.iter().find(|setting| setting.name == name)
    }
}

impl ContainerView {
    /// Its resources with their names, in the order every output uses.
    pub fn resources(&self) -> [(&'static str, &ResourceView); 2] {
        [("cpu", &self.cpu), ("memory", &self.memory)]
    }
}

impl ContainerValuesView {
    /// Its resources with their names, in the order every output uses.
    pub fn resources(&self) -> [(&'static str, &AllocationView); 2] {
        [("cpu", &self.cpu), ("memory", &self.memory)]
    }
}

impl RunningView {
    /// The word for it: the reason's code, or `Apply`.
    pub fn code(&self) -> &str {
        match self {
            Self::Apply { .. } => "Apply",
            Self::Hold { reason } => &reason.code,
        }
    }
}
