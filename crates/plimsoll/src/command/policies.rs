//! `plimsoll policies`: all policies, what they say, and which workloads have them.

use anyhow::{Context, bail};
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::Value;

use plimsoll_policy::Catalog;
use plimsoll_report::{policies_json, policies_markdown, policies_table, policies_yaml};

use super::report::evaluations;
use crate::args::{Output, PoliciesArgs};
use crate::output;
use crate::policies::{manifest, views};
use crate::wire::client;

/// ScalingPolicies read in one request; there are rarely more than a hundred, of some 2 KiB each.
const PAGE: u32 = 500;

/// Prints all policies, or one of them as a manifest.
pub(crate) async fn run(args: PoliciesArgs) -> anyhow::Result<()> {
    let (objects, evaluations) = if args.built_in {
        (Vec::new(), Vec::new())
    } else {
        let client = client::connect(&args.connect).await?;
        let objects = objects(&client).await.context("failed to list ScalingPolicies")?;
        let is_shown = args.show.is_some();
        let evaluations = if is_shown { Vec::new() } else { evaluations(client, None).await? };
        (objects, evaluations)
    };
    let read = objects.iter().map(|object| plimsoll_api::scaling_policy(object).0);
    let catalog = Catalog::new(read.collect());
    if let Some(name) = &args.show {
        let Some(policy) = catalog.get(name) else {
            let names: Vec<&str> = catalog.policies().map(|one| one.name().as_ref()).collect();
            bail!("there is no policy {name}\nhint: there are {}", names.join(", "));
        };
        let is_it =
            |object: &&Value| object.pointer("/metadata/name") == Some(&name.as_str().into());
        return output::data(&manifest(policy, objects.iter().find(is_it))?);
    }
    let views = views(&catalog, &evaluations);
    output::data(&match args.output {
        Output::Table => policies_table(&views),
        Output::Markdown => policies_markdown(&views),
        Output::Json => policies_json(&views)?,
        Output::Yaml => policies_yaml(&views)?,
    })
}

/// The ScalingPolicies of the cluster; none where it has no such kind.
async fn objects(client: &Client) -> kube::Result<Vec<Value>> {
    let gvk = GroupVersionKind::gvk("plimsoll.dev", "v1alpha1", "ScalingPolicy");
    let resource = ApiResource::from_gvk_with_plural(&gvk, "scalingpolicies");
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let mut objects = Vec::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page = match api.list(&params).await {
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(objects),
            page => page?,
        };
        for object in page.items {
            objects.push(serde_json::to_value(object).map_err(kube::Error::SerdeError)?);
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(objects),
        }
    }
}
