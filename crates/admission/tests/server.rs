//! The server over real TLS: trusted by its authority, with a certificate that can be exchanged.
#![cfg(test)]

use std::net::TcpListener;
use std::sync::Arc;

use kube::{Client, Config};
use plimsoll_admission::{
    AdmissionMetrics, Authority, Certificates, PublishedIndex, Shutdown, Webhook, router, serve,
};
use plimsoll_domain::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

fn client(authority: &Authority, address: std::net::SocketAddr) -> Client {
    let mut config = Config::new(format!("https://{address}").parse().unwrap());
    let certificate = CertificateDer::from_pem_slice(authority.ca_pem.as_bytes()).unwrap();
    config.root_cert = Some(vec![certificate.to_vec()]);
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

async fn check(client: &Client, is_trusted: bool) {
    let request = http::Request::post("/mutate").body(b"{}".to_vec()).unwrap();
    let answer = client.request_text(request).await;
    // The review is malformed on purpose: that the webhook says so proves that TLS worked.
    let reached = matches!(&answer, Err(kube::Error::Api(status)) if status.code == 400);
    assert_eq!(reached, is_trusted, "{answer:?}");
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let now = Timestamp::from_seconds(
        i64::try_from(
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(),
        )
        .unwrap(),
    );
    let names = ["127.0.0.1".to_owned()];
    let (old, new) = (Authority::generate(now).unwrap(), Authority::generate(now).unwrap());
    let certificates = Certificates::new(&old.issue(&names, now).unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let shutdown = Shutdown::default();
    let webhook = Webhook {
        lookup: Arc::new(PublishedIndex::default()),
        metrics: Arc::new(AdmissionMetrics::default()),
        own_namespace: "plimsoll".into(),
    };
    let serving =
        tokio::spawn(serve(listener, certificates.clone(), router(webhook), shutdown.clone()));
    let address = shutdown.address().await.unwrap();

    check(&client(&old, address), true).await;
    check(&client(&new, address), false).await;
    certificates.reload(&old.issue(&names, now).unwrap()).unwrap();
    check(&client(&old, address), true).await;
    certificates.reload(&new.issue(&names, now).unwrap()).unwrap();
    check(&client(&new, address), true).await;
    check(&client(&old, address), false).await;

    shutdown.begin();
    serving.await.unwrap().unwrap();
}
