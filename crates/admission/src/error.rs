//! What can go wrong outside a request; inside one, everything ends with the pod admitted.

use std::io;

/// Reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// No certificate could be made.
    #[error("make a certificate for the webhook: check its DNS names and addresses")]
    MakeCertificate(#[source] rcgen::Error),
    /// A certificate that exists could not be read.
    #[error("read the webhook's certificate: delete it to have it made anew ({0})")]
    ReadCertificate(String),
    /// Certificate and key cannot serve TLS.
    #[error("serve TLS with the webhook's certificate: delete it to have it made anew")]
    UseCertificate(#[source] rustls::Error),
    /// The listener failed.
    #[error("listen for admission reviews: check that the address is free")]
    Listen(#[source] io::Error),
}
