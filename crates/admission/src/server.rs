//! The TLS server around the webhook. Its certificate can be exchanged while it serves.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::certificate::CertificateBundle;
use crate::connections::{CONNECTIONS_MAX, HANDSHAKE_LIMIT, Limited};
use crate::error::AdmissionError;

/// Requests under way may end within this time after a shutdown began; each takes at most 200 ms,
/// and an idle connection of the API server never closes by itself.
const GRACE: Duration = Duration::from_secs(2);

/// The certificate in use.
#[derive(Clone, Debug)]
pub struct Certificates(RustlsConfig);

impl Certificates {
    /// Begins with this certificate.
    pub fn new(bundle: &CertificateBundle) -> Result<Self, AdmissionError> {
        Ok(Self(RustlsConfig::from_config(Arc::new(config(bundle)?))))
    }

    /// Goes on with this one; connections that exist keep theirs.
    pub fn reload(&self, bundle: &CertificateBundle) -> Result<(), AdmissionError> {
        self.0.reload_from_config(Arc::new(config(bundle)?));
        Ok(())
    }
}

/// Ends a server.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(axum_server::Handle<SocketAddr>);

impl Shutdown {
    /// Takes no more connections and lets requests under way end.
    pub fn begin(&self) {
        self.0.graceful_shutdown(Some(GRACE));
    }

    /// The address that is served, once it is; absent when it could not be.
    pub async fn address(&self) -> Option<SocketAddr> {
        self.0.listening().await
    }
}

/// Serves until `shutdown` begins.
pub async fn serve(
    listener: TcpListener,
    certificates: Certificates,
    router: Router,
    shutdown: Shutdown,
) -> Result<(), AdmissionError> {
    listener.set_nonblocking(true).map_err(AdmissionError::Listen)?;
    let limited = Limited::new(CONNECTIONS_MAX);
    axum_server::from_tcp_rustls(listener, certificates.0)
        .map_err(AdmissionError::Listen)?
        .map(|tls| tls.handshake_timeout(HANDSHAKE_LIMIT).acceptor(limited))
        .handle(shutdown.0)
        .serve(router.into_make_service())
        .await
        .map_err(AdmissionError::Listen)
}

fn config(bundle: &CertificateBundle) -> Result<ServerConfig, AdmissionError> {
    let unreadable =
        |error: rustls_pki_types::pem::Error| AdmissionError::ReadCertificate(error.to_string());
    let chain = CertificateDer::pem_slice_iter(bundle.cert_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    let key = PrivateKeyDer::from_pem_slice(bundle.key_pem.as_bytes()).map_err(unreadable)?;
    // The provider is named here, so that the server does not depend on what the process installed.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(AdmissionError::UseCertificate)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(AdmissionError::UseCertificate)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
