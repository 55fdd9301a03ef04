//! A running controller is sent what is no review: over TLS, as anyone who reaches its port could.
//! Nothing of it keeps a pod from being created, and the next review is answered as any other.

use anyhow::{Context as _, Result, ensure};
use http::Request;
use k8s_openapi::api::core::v1::Secret;
use kube::{Client, Config, Error};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::{ON, reason, replaced, requests};
use crate::harness::{Controller, Deploy, OWN_NAMESPACE, World};

const NAMESPACE: &str = "nonsense";
/// More than is read of a review.
const HUGE: usize = 16 * 1024 * 1024;

pub(crate) async fn play(world: &World, controller: &Controller) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    world.deploy(NAMESPACE, &Deploy { configuration: ON, ..Deploy::default() }).await?;
    let is_done = |object: &Value| reason(object) == "UpToDate";
    world.scaled_when(NAMESPACE, "web-deployment", "all done", is_done).await?;
    let webhook = webhook(world, controller.ports().1).await?;
    for nonsense in ["", "null", "\u{0}\u{1}", "{\"request\":{}}", "GET / HTTP/1.1"] {
        let answer = send(&webhook, nonsense).await;
        let said = answer.as_ref().err().and_then(code);
        ensure!(said == Some(400), "{nonsense:?} was answered with {answer:?}");
    }
    too_large(&webhook).await?;

    let new = replaced(world, NAMESPACE, "web-").await?;
    ensure!(*requests(&new) == json!({"cpu": "110m", "memory": "110Mi"}), "{new}");
    let counted = |what: &str| controller.metric("plimsoll_admission_reviews_total", &[what]);
    ensure!(counted("Malformed")? > 4.5 && counted("Patched")? > 0.5, "{}", controller.metrics()?);
    let large = counted("TooLarge")? + counted("Overloaded")?;
    ensure!(large > 1.5, "{}", controller.metrics()?);
    Ok(())
}

/// Read to its end it is refused, or admitted unchanged where the beginning says which review it is.
/// Where that takes longer than a review may, the answer is that there was no time. The API server
/// creates the pod unchanged in all three cases.
async fn too_large(webhook: &Client) -> Result<()> {
    let filler = " ".repeat(HUGE);
    let answer = send(webhook, &filler).await;
    let said = answer.as_ref().err().and_then(code);
    ensure!(matches!(said, Some(413 | 503)), "{HUGE} spaces were answered with {answer:?}");
    // As the API server writes it, the uid first.
    let review = format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u-1","operation":"CREATE","namespace":"{NAMESPACE}","object":{{"metadata":{{"annotations":{{"big":"{filler}"}}}}}}}}}}"#
    );
    match send(webhook, &review).await {
        Ok(answer) => {
            let response = &answer["response"];
            ensure!(response["allowed"] == true && response["uid"] == "u-1", "{response}");
            ensure!(response["patch"].is_null(), "{response}");
        }
        Err(error) => ensure!(code(&error) == Some(503), "it was answered with {error:?}"),
    }
    Ok(())
}

fn code(error: &Error) -> Option<u16> {
    if let Error::Api(status) = error { Some(status.code) } else { None }
}

async fn webhook(world: &World, port: u16) -> Result<Client> {
    let secret = world.api::<Secret>(OWN_NAMESPACE).get("plimsoll-webhook").await?;
    let data = secret.data.unwrap_or_default();
    let authority = data.get("ca.crt").context("the Secret holds ca.crt")?;
    let mut config = Config::new(format!("https://127.0.0.1:{port}").parse()?);
    config.root_cert = Some(vec![CertificateDer::from_pem_slice(&authority.0)?.to_vec()]);
    config.default_retry = false;
    Ok(Client::try_from(config)?)
}

async fn send(webhook: &Client, body: &str) -> Result<Value, Error> {
    let request =
        Request::post("/mutate").body(body.as_bytes().to_vec()).map_err(Error::HttpError)?;
    webhook.request(request).await
}
