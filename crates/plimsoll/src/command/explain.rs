//! `plimsoll explain`: what was decided for one workload, stage by stage.

use anyhow::{Context, bail};
use kube::Api;

use plimsoll_api::{ScaledWorkload, scaled_workload_name};
use plimsoll_domain::{WorkloadId, WorkloadKind};
use plimsoll_report::EvaluationView;

use crate::args::{ExplainArgs, Output};
use crate::output;
use crate::wire::client;

/// Reads the workload's object and prints the evaluation that the controller published in it.
pub(crate) async fn run(args: ExplainArgs) -> anyhow::Result<()> {
    let workload = workload_id(&args.workload, &args.namespace)?;
    let client = client::connect(&args.connect).await?;
    let objects: Api<ScaledWorkload> = Api::namespaced(client, &workload.namespace);
    let name = scaled_workload_name(&workload);
    let found = objects.get_opt(&name).await.with_context(|| format!("failed to read {name}"))?;
    let Some(object) = found else {
        bail!(
            "nothing is known about {workload}\nhint: the controller names every workload it \
             sees; `plimsoll report -n {}` lists them",
            workload.namespace
        );
    };
    let Some(view) = evaluation(&object)? else {
        bail!("{workload} has not been evaluated yet\nhint: the first evaluation takes a minute");
    };
    output::data(&match args.output {
        Output::Table | Output::Markdown => plimsoll_report::explain(&view),
        Output::Json => plimsoll_report::json(std::slice::from_ref(&view))?,
        Output::Yaml => plimsoll_report::yaml(std::slice::from_ref(&view))?,
    })
}

/// The evaluation in an object's status; absent before the first.
pub(crate) fn evaluation(object: &ScaledWorkload) -> anyhow::Result<Option<EvaluationView>> {
    let Some(value) = object.status.as_ref().and_then(|status| status.evaluation.clone()) else {
        return Ok(None);
    };
    let view = serde_json::from_value(value).context(
        "failed to read the published evaluation\nhint: controller and command line may be of \
         different versions",
    )?;
    Ok(Some(view))
}

pub(super) fn workload_id(text: &str, namespace: &str) -> anyhow::Result<WorkloadId> {
    let Some((kind, name)) = text.split_once('/') else {
        bail!("expected KIND/NAME, for example deployment/web, found {text:?}");
    };
    let kind = match kind.to_ascii_lowercase().as_str() {
        "deployment" | "deployments" | "deploy" => WorkloadKind::Deployment,
        "statefulset" | "statefulsets" | "sts" => WorkloadKind::StatefulSet,
        "daemonset" | "daemonsets" | "ds" => WorkloadKind::DaemonSet,
        "replicaset" | "replicasets" | "rs" => WorkloadKind::ReplicaSet,
        "job" | "jobs" => WorkloadKind::Job,
        "cronjob" | "cronjobs" | "cj" => WorkloadKind::CronJob,
        "rollout" | "rollouts" | "ro" => WorkloadKind::Rollout,
        other => match other.strip_prefix("custom-") {
            Some(controller) => WorkloadKind::custom(controller),
            None => WorkloadKind::Other(kind.to_owned()),
        },
    };
    Ok(WorkloadId { namespace: namespace.into(), kind, name: name.into() })
}
