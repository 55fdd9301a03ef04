//! The Secret that all replicas share the webhook's certificate in.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use plimsoll_api::FIELD_MANAGER;
use serde_json::json;

use crate::ClusterError;
use crate::call::call;

/// What a Secret holds, by key.
pub type SecretData = BTreeMap<String, Vec<u8>>;

/// A Secret as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// What it holds.
    pub data: SecretData,
    /// Which version of it that was: replacing it names this version.
    pub resource_version: String,
}

impl std::fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredSecret")
            .field("keys", &self.data.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Reads a Secret of a namespace, or creates it from `make`. Where another replica creates it at
/// the same moment, the first one's stands and is returned.
pub async fn read_or_create_secret(
    client: &Client,
    namespace: &str,
    name: &str,
    make: impl FnOnce() -> SecretData,
) -> Result<StoredSecret, ClusterError> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let read = || format!("read the Secret {name} in {namespace}");
    if let Some(secret) = call(read(), api.get_opt(name)).await? {
        return Ok(stored(secret));
    }
    let secret = secret(name, make());
    let attempt = format!("create the Secret {name} in {namespace}");
    match call(attempt, api.create(&manager(), &secret)).await {
        Err(error) if error.code() == Some(409) => call(read(), api.get(name)).await.map(stored),
        created => created.map(stored),
    }
}

/// Replaces a Secret that was read before. Where another replica replaced it meanwhile, that one
/// stands and is returned.
pub async fn replace_secret(
    client: &Client,
    namespace: &str,
    name: &str,
    new: StoredSecret,
) -> Result<StoredSecret, ClusterError> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let data = new.data.into_iter().map(|(key, value)| (key, ByteString(value)));
    let patch = Patch::Merge(json!({
        "metadata": {"resourceVersion": new.resource_version},
        "data": data.collect::<BTreeMap<_, _>>(),
    }));
    let attempt = format!("replace the Secret {name} in {namespace}");
    match call(attempt, api.patch(name, &PatchParams::default(), &patch)).await {
        Err(error) if error.code() == Some(409) => {
            let attempt = format!("read the Secret {name} in {namespace}");
            call(attempt, api.get(name)).await.map(stored)
        }
        replaced => replaced.map(stored),
    }
}

fn secret(name: &str, data: SecretData) -> Secret {
    let data = data.into_iter().map(|(key, value)| (key, ByteString(value)));
    Secret {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        data: Some(data.collect()),
        ..Secret::default()
    }
}

fn stored(secret: Secret) -> StoredSecret {
    let data = secret.data.unwrap_or_default();
    StoredSecret {
        data: data.into_iter().map(|(key, value)| (key, value.0)).collect(),
        resource_version: secret.metadata.resource_version.unwrap_or_default(),
    }
}

fn manager() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Answer, Mock};

    /// What is read or made of these answers, and the verbs of the calls.
    async fn check(answers: Vec<Answer>, expect: &str, verbs: &[&str]) {
        let mock = Mock::new(answers);
        let made = || BTreeMap::from([("tls.crt".to_owned(), b"made".to_vec())]);
        let stored = read_or_create_secret(&mock.client(), "plimsoll", "tls", made).await.unwrap();
        assert_eq!(stored.data["tls.crt"], expect.as_bytes());
        let requests = mock.requests().into_iter();
        assert_eq!(requests.map(|request| request.method).collect::<Vec<_>>(), verbs);
    }

    fn secret(text: &str) -> Answer {
        let data = ByteString(text.as_bytes().to_vec());
        Answer::Json(200, json!({"metadata": {"resourceVersion": "1"}, "data": {"tls.crt": data}}))
    }

    #[tokio::test]
    async fn the_first_replica_makes_the_certificate_and_all_use_it() {
        let absent = || Answer::Status(404, json!({}));
        check(vec![secret("there")], "there", &["GET"]).await;
        check(vec![absent(), secret("made")], "made", &["GET", "POST"]).await;
        let lost = vec![absent(), Answer::Status(409, json!({})), secret("other")];
        check(lost, "other", &["GET", "POST", "GET"]).await;
    }

    #[tokio::test]
    async fn of_two_that_replace_it_the_first_stands() {
        let mock = Mock::new(vec![Answer::Status(409, json!({})), secret("other")]);
        let new = StoredSecret { data: BTreeMap::new(), resource_version: "1".to_owned() };
        let stored = replace_secret(&mock.client(), "plimsoll", "tls", new).await.unwrap();
        assert_eq!(stored.data["tls.crt"], b"other");
        assert_eq!(mock.requests()[0].body["metadata"]["resourceVersion"], "1");
    }
}
