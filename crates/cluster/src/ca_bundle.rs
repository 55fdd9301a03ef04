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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Answer, Mock};

    async fn check(bundles: &[Option<&str>], is_written: bool) {
        let webhooks = bundles.iter().enumerate().map(|(number, bundle)| {
            let bundle = bundle.map(|bundle| ByteString(bundle.as_bytes().to_vec()));
            json!({"name": format!("w{number}"), "clientConfig": {"caBundle": bundle}})
        });
        let object = json!({"metadata": {}, "webhooks": webhooks.collect::<Vec<_>>()});
        let mock = Mock::new(vec![Answer::Json(200, object); 2]);
        let wrote = publish_ca_bundle(&mock.client(), "new").await.unwrap();
        assert_eq!(wrote, is_written, "{bundles:?}");
        assert_eq!(mock.requests().len(), 1 + usize::from(is_written));
        if let Some(patch) = mock.requests().get(1) {
            assert_eq!(patch.body["webhooks"].as_array().unwrap().len(), bundles.len());
        }
    }

    #[tokio::test]
    async fn the_bundle_is_written_to_all_webhooks_only_where_one_lacks_it() {
        check(&[Some("new"), Some("new")], false).await;
        check(&[Some("new"), Some("old")], true).await;
        check(&[None], true).await;
    }
}
