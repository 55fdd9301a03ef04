//! The webhook that gives new pods their published values.
//!
//! It answers from memory alone: a [`PublishedLookup`] that a watch keeps up to date, and the pod in
//! the request. Whatever goes wrong, the pod is admitted unchanged. The overview is
//! `ARCHITECTURE.md`.

mod certificate;
mod error;
mod handler;
mod lookup;
mod metrics;
mod owner;
mod patch;
mod pod;
mod review;
mod server;

pub use certificate::{Authority, CertificateBundle, needs_renewal};
pub use error::AdmissionError;
pub use handler::{PATH, Webhook, router};
pub use lookup::{PublishedIndex, PublishedLookup};
pub use metrics::{AdmissionMetrics, Admitted};
pub use owner::{Controller, candidates};
pub use patch::PUBLISHED_ANNOTATION;
pub use server::{Certificates, Shutdown, serve};
