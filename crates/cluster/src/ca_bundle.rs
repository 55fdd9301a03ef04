//! Tells the API server which certificate authority to trust when it calls the webhooks.

use k8s_openapi::ByteString;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::ClusterError;
use crate::call::call;

/// The name of both webhook configurations: the mutating one and the validating one.
pub const WEBHOOK_CONFIGURATION: &str = "plimsoll";

/// A field manager of its own: the rest of the objects belongs to whoever installed them.
const MANAGER: &str = "plimsoll-ca-bundle";

/// Puts a PEM bundle into every webhook of both configurations. Writes nothing where it is there
/// already; says whether it wrote. A cluster may do without the validating one.
pub async fn publish_ca_bundle(client: &Client, pem: &str) -> Result<bool, ClusterError> {
    let bundle = json!(ByteString(pem.as_bytes().to_vec()));
    let mutating = publish(client, "MutatingWebhookConfiguration", &bundle).await?;
    let validating = publish(client, "ValidatingWebhookConfiguration", &bundle).await;
    let is_absent = |error: &ClusterError| error.code() == Some(404);
    match validating {
        Err(error) if is_absent(&error) => Ok(mutating),
        validating => validating.map(|wrote| mutating || wrote),
    }
}

async fn publish(client: &Client, kind: &str, bundle: &Value) -> Result<bool, ClusterError> {
    let gvk = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind);
    let resource = ApiResource::from_gvk(&gvk);
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let name = WEBHOOK_CONFIGURATION;
    let attempt = format!("read the {kind} {name}");
    let object = call(attempt, api.get(name)).await?;
    let webhooks = object.data.get("webhooks").and_then(Value::as_array);
    let webhooks = webhooks.map(Vec::as_slice).unwrap_or_default();
    if webhooks.iter().all(|webhook| webhook.pointer("/clientConfig/caBundle") == Some(bundle)) {
        return Ok(false);
    }
    let with_bundle = |webhook: &Value| json!({"name": webhook.get("name"), "clientConfig": {"caBundle": bundle}});
    let patch = Patch::Apply(json!({
        "apiVersion": resource.api_version,
        "kind": kind,
        "metadata": {"name": name},
        "webhooks": webhooks.iter().map(with_bundle).collect::<Vec<_>>(),
    }));
    let params = PatchParams::apply(MANAGER).force();
    let attempt = format!("apply the CA bundle of the {kind} {name}");
    call(attempt, api.patch(name, &params, &patch)).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Answer, Mock};

    fn configuration(bundles: &[Option<&str>]) -> Answer {
        let webhooks = bundles.iter().enumerate().map(|(number, bundle)| {
            let bundle = bundle.map(|bundle| ByteString(bundle.as_bytes().to_vec()));
            json!({"name": format!("w{number}"), "clientConfig": {"caBundle": bundle}})
        });
        let webhooks: Vec<_> = webhooks.collect();
        Answer::Json(200, json!({"metadata": {"name": "plimsoll"}, "webhooks": webhooks}))
    }

    /// The bundles of both configurations, the validating one absent where there is none; how many
    /// webhooks each write names.
    async fn check(
        mutating: &[Option<&str>],
        validating: Option<&[Option<&str>]>,
        expect: &[usize],
    ) {
        let written = |bundles: &[Option<&str>]| {
            let is_written = bundles.iter().any(|bundle| *bundle != Some("new"));
            vec![configuration(bundles); 1 + usize::from(is_written)]
        };
        let mut answers = written(mutating);
        answers.extend(validating.map_or_else(|| vec![Answer::Status(404, json!({}))], written));
        let mock = Mock::new(answers);
        let wrote = publish_ca_bundle(&mock.client(), "new").await.unwrap();
        let requests = mock.requests();
        let patches = requests.iter().filter(|request| request.method == "PATCH");
        let named: Vec<_> =
            patches.map(|patch| patch.body["webhooks"].as_array().unwrap().len()).collect();
        assert_eq!(named, expect);
        assert_eq!(wrote, !expect.is_empty());
    }

    #[tokio::test]
    async fn the_bundle_is_written_to_all_webhooks_only_where_one_lacks_it() {
        check(&[Some("new"), Some("new")], Some(&[Some("new")]), &[]).await;
        check(&[Some("new"), Some("old")], Some(&[Some("new")]), &[2]).await;
        check(&[Some("new")], Some(&[None]), &[1]).await;
        check(&[None], Some(&[Some("old"), None, None]), &[1, 3]).await;
    }

    #[tokio::test]
    async fn a_cluster_without_the_validating_webhook_is_served_all_the_same() {
        check(&[None], None, &[1]).await;
        check(&[Some("new")], None, &[]).await;
    }
}
