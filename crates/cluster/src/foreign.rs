//! Other programs that set the resources of workloads: what they set is left to them.
//!
//! - A VerticalPodAutoscaler that is not off holds its target.
//! - Where Thoras itself runs, its objects are its to act on: each workload that one of them governs
//!   is held, and everything is read, recommended and shown.
//! - Where Cast AI's own workload autoscaler runs, the same goes for workloads with its annotation.
//!
//! Both run where a Deployment of their name, in any namespace, wants at least one replica. Scaled
//! to zero, whether to compare the two or to go over from one to the other, they hold nothing.

use plimsoll_domain::{ForeignActuator, Governor, WorkloadKind};

use crate::index::Tables;
use crate::row::controller::ControllerRow;

/// The Deployment by which Thoras acts, as its chart names it.
const THORAS: &str = "thoras-operator";

/// The Deployment by which Cast AI acts, as its chart names it.
const CAST: &str = "castai-workload-autoscaler";

/// The programs that run in this cluster, as `namespace/name` of their Deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Foreign {
    thoras: Option<String>,
    cast: Option<String>,
}

impl Foreign {
    /// Looks for them among the Deployments.
    pub(crate) fn of(tables: &Tables) -> Self {
        Self { thoras: running(tables, THORAS), cast: running(tables, CAST) }
    }

    /// Whether objects of the `thoras.ai` group are another's to act on.
    pub(crate) fn runs_thoras(&self) -> bool {
        self.thoras.is_some()
    }

    /// The one that acts on workloads of this governor.
    pub(crate) fn actuator(&self, governor: &Governor) -> Option<ForeignActuator> {
        let name = match governor {
            Governor::DaemonSetAutoscaler(_)
            | Governor::TargetByName(_)
            | Governor::TargetBySelector(_)
            | Governor::TargetFromTemplate(_) => self.thoras.as_ref(),
            Governor::Annotation => self.cast.as_ref(),
            Governor::ScaledWorkload | Governor::ScalingPolicy => None,
        };
        let kind = WorkloadKind::Deployment.name().to_owned();
        Some(ForeignActuator { kind, name: name?.clone() })
    }
}

/// The first Deployment of this name that wants replicas.
fn running(tables: &Tables, name: &str) -> Option<String> {
    let deployments = tables.controllers.get(&WorkloadKind::Deployment)?;
    let mut running = deployments.iter().filter(|(key, row)| {
        let ControllerRow::Workload(row) = row else {
            return false;
        };
        *key.name == *name && row.desired_replicas.is_some_and(|desired| desired > 0)
    });
    running.next().map(|(key, _)| format!("{}/{}", key.namespace, key.name))
}
