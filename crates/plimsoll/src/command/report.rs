//! `plimsoll report`: all workloads, as the controller published them.

use anyhow::Context;
use kube::api::ListParams;
use kube::{Api, Client};

use plimsoll_api::ScaledWorkload;
use plimsoll_report::EvaluationView;

use super::explain::evaluation;
use crate::args::{Output, ReportArgs};
use crate::output;
use crate::wire::client;

/// Objects read in one request; each holds about 5 KiB, so an answer stays near 2 MiB.
const PAGE: u32 = 400;

/// Lists the workloads' objects and prints their evaluations.
pub(crate) async fn run(args: ReportArgs) -> anyhow::Result<()> {
    let client = client::connect(&args.connect).await?;
    let views = evaluations(client, args.namespace.as_deref()).await?;
    if views.is_empty() {
        output::remark("no workload has been evaluated yet");
    }
    output::data(&match args.output {
        Output::Table => plimsoll_report::table(&views),
        Output::Json => plimsoll_report::json(&views)?,
        Output::Yaml => plimsoll_report::yaml(&views)?,
        Output::Markdown => plimsoll_report::markdown(&views),
    })
}

/// All evaluations in a namespace, or in the cluster.
pub(crate) async fn evaluations(
    client: Client,
    namespace: Option<&str>,
) -> anyhow::Result<Vec<EvaluationView>> {
    let objects: Api<ScaledWorkload> = match namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let mut views = Vec::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page = objects.list(&params).await.context("failed to list ScaledWorkloads")?;
        for object in &page.items {
            views.extend(evaluation(object)?);
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(views),
        }
    }
}
