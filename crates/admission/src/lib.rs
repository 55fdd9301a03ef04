//! The webhooks: one gives new pods their published values, one judges settings as they are written.
//!
//! It answers from memory alone: a [`PublishedLookup`] that a watch keeps up to date, and the pod in
//! the request. Whatever goes wrong, the pod is admitted unchanged, and so are settings. The overview is
//! `ARCHITECTURE.md`.

mod body;
mod certificate;
mod connections;
mod error;
mod handler;
mod judge;
mod lookup;
mod metrics;
mod owner;
mod patch;
mod pod;
mod review;
mod server;
mod validate;

pub use certificate::{Authority, CertificateBundle, needs_renewal};
pub use error::AdmissionError;
pub use handler::{PATH, Webhook, router};
pub use lookup::{PublishedIndex, PublishedLookup};
pub use metrics::{AdmissionMetrics, Admitted, Validated};
pub use owner::{Controller, candidates};
pub use patch::PUBLISHED_ANNOTATION;
pub use server::{Certificates, Shutdown, serve};
pub use validate::VALIDATE_PATH;
