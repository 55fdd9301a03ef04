//! The kinds of objects that people write settings in and are told in the status what became of them.

use kube::api::ApiResource;

use crate::kinds::{self, Optional};

/// A kind of object with settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    /// ScalingPolicies.
    Policy,
    /// AIScaleTargets.
    ScaleTarget,
    /// DaemonSetAutoscalers.
    DaemonSetAutoscaler,
    /// ClusterAIScaleTemplates.
    ScaleTemplate,
}

impl Told {
    /// How the API server names it.
    pub(crate) fn resource(self) -> ApiResource {
        match self {
            Self::Policy => kinds::policy_resource(),
            Self::ScaleTarget => Optional::ScaleTarget.resource(),
            Self::DaemonSetAutoscaler => Optional::DaemonSetAutoscaler.resource(),
            Self::ScaleTemplate => Optional::ScaleTemplate.resource(),
        }
    }
}
