//! Tells the API server which certificate authority to trust when it calls the webhook.

use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;

use crate::ClusterError;
use crate::call::call;

/// The webhook configuration's name.
pub const WEBHOOK_CONFIGURATION: &str = "plimsoll";

/// A field manager of its own: the rest of the object belongs to whoever installed it.
const MANAGER: &str = "plimsoll-ca-bundle";

/// Puts a PEM bundle into every webhook of the configuration. Writes nothing where it is there
/// already; says whether it wrote.
pub async fn publish_ca_bundle(client: &Client, pem: &str) -> Result<bool, ClusterError> {
    let api: Api<MutatingWebhookConfiguration> = Api::all(client.clone());
    let name = WEBHOOK_CONFIGURATION;
    let attempt = format!("read the MutatingWebhookConfiguration {name}");
    let object = call(attempt, api.get(name)).await?;
    let bundle = ByteString(pem.as_bytes().to_vec());
    let webhooks = object.webhooks.unwrap_or_default();
    let is_there = |webhook: &&_| has(webhook, &bundle);
    if webhooks.iter().all(|webhook| is_there(&webhook)) {
        return Ok(false);
    }
    let webhooks = webhooks
        .iter()
        .map(|webhook| json!({"name": webhook.name, "clientConfig": {"caBundle": &bundle}}));
    let patch = Patch::Apply(json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": webhooks.collect::<Vec<_>>(),
    }));
    let params = PatchParams::apply(MANAGER).force();
    let attempt = format!("apply the CA bundle of the MutatingWebhookConfiguration {name}");
    call(attempt, api.patch(name, &params, &patch)).await?;
    Ok(true)
}

fn has(
    webhook: &k8s_openapi::api::admissionregistration::v1::MutatingWebhook,
    bundle: &ByteString,
) -> bool {
    webhook.client_config.ca_bundle.as_ref() == Some(bundle)
}
