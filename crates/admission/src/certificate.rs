//! Certificates of the webhook: an authority of its own, which the webhook's registration names,
//! and short-lived certificates signed by it.

use std::time::Duration;

use plimsoll_domain::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use x509_parser::pem::parse_x509_pem;

use crate::error::AdmissionError;

/// An authority lives for five years of 365 days: replacing it means telling the API server.
const AUTHORITY_LIFE: Duration = Duration::from_hours(5 * 365 * 24);

/// A certificate lives for 90 days; renewed at two thirds, 30 days remain for a cluster where
/// nothing runs that could renew it.
const CERTIFICATE_LIFE: Duration = Duration::from_hours(90 * 24);

/// Certificates begin this much earlier, for clocks that lag behind.
const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// Signs certificates.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its certificate, for the webhook's registration (`caBundle`).
    pub ca_pem: String,
    /// Its private key; kept, so that a renewed certificate needs no new registration.
    pub ca_key_pem: String,
}

/// What a server needs, and what its clients trust.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateBundle {
    /// The certificate of the authority.
    pub ca_pem: String,
    /// The server's certificate.
    pub cert_pem: String,
    /// The server's private key.
    pub key_pem: String,
}

impl Authority {
    /// A new authority.
    pub fn generate(now: Timestamp) -> Result<Self, AdmissionError> {
        let key = KeyPair::generate().map_err(AdmissionError::MakeCertificate)?;
        let mut params = authority_params();
        valid(&mut params, now, AUTHORITY_LIFE);
        let certificate = params.self_signed(&key).map_err(AdmissionError::MakeCertificate)?;
        Ok(Self { ca_pem: certificate.pem(), ca_key_pem: key.serialize_pem() })
    }

    /// A new certificate for a server of these DNS names and IP addresses.
    pub fn issue(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<CertificateBundle, AdmissionError> {
        self.sign(names, now).map_err(AdmissionError::MakeCertificate)
    }

    fn sign(&self, names: &[String], now: Timestamp) -> Result<CertificateBundle, rcgen::Error> {
        // An issuer is its name, its usages and its key; the first two are the same for every one.
        let issuer = Issuer::new(authority_params(), KeyPair::from_pem(&self.ca_key_pem)?);
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        name(&mut params, "plimsoll-webhook");
        valid(&mut params, now, CERTIFICATE_LIFE);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &issuer)?;
        Ok(CertificateBundle {
            ca_pem: self.ca_pem.clone(),
            cert_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

/// Whether a certificate, of an authority or a server, has lived two thirds of its life.
pub fn needs_renewal(pem: &str, now: Timestamp) -> Result<bool, AdmissionError> {
    let unreadable =
        |error: &dyn std::fmt::Display| AdmissionError::ReadCertificate(error.to_string());
    let (_, pem) = parse_x509_pem(pem.as_bytes()).map_err(|error| unreadable(&error))?;
    let certificate = pem.parse_x509().map_err(|error| unreadable(&error))?;
    let validity = certificate.validity();
    let (begin, end) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    Ok(now.seconds() >= begin + (end - begin) / 3 * 2)
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    name(&mut params, "plimsoll-webhook-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn name(params: &mut CertificateParams, name: &str) {
    params.distinguished_name.push(DnType::CommonName, name);
}

fn valid(params: &mut CertificateParams, now: Timestamp, life: Duration) {
    let seconds = |at: Timestamp| Duration::from_secs(u64::try_from(at.seconds()).unwrap_or(0));
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + seconds(now.minus(CLOCK_SKEW));
    params.not_after = epoch + seconds(now.plus(life));
}

/// Keys never reach a log.
impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("ca_pem", &self.ca_pem).finish_non_exhaustive()
    }
}

/// Keys never reach a log.
impl std::fmt::Debug for CertificateBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateBundle")
            .field("cert_pem", &self.cert_pem)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

    fn check(pem: &str, days: u64, expect: bool) {
        let later = NOW.plus(Duration::from_hours(days * 24));
        assert_eq!(needs_renewal(pem, later).unwrap(), expect, "after {days} days");
    }

    #[test]
    fn certificates_are_renewed_after_two_thirds_of_their_life() {
        let authority = Authority::generate(NOW).unwrap();
        let bundle = authority.issue(&["localhost".to_owned()], NOW).unwrap();
        for (days, expect) in [(0, false), (59, false), (60, true), (91, true)] {
            check(&bundle.cert_pem, days, expect);
        }
        for (days, expect) in [(0, false), (1216, false), (1217, true)] {
            check(&authority.ca_pem, days, expect);
        }
    }

    #[test]
    fn what_is_no_certificate_is_an_error_that_says_what_to_do() {
        let error = needs_renewal("nonsense", NOW).unwrap_err();
        assert!(error.to_string().contains("delete it to have it made anew"), "{error}");
    }
}
