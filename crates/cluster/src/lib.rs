//! Watches into compact rows, and every write to the Kubernetes API.

mod actuator;
mod api_calls;
mod ca_bundle;
mod call;
mod client;
mod cluster;
mod configure;
mod discover;
mod election;
mod error;
mod event;
mod evict;
mod index;
mod kinds;
mod lead;
mod lease;
#[cfg(test)]
mod mock;
mod owner;
mod publish;
mod reference;
mod row;
mod secret;
mod source;
mod status;
pub mod stop;
mod table;
mod watch;
mod written;

pub use actuator::Resizer;
pub use api_calls::{ApiCalls, Verb};
pub use ca_bundle::{WEBHOOK_CONFIGURATION, publish_ca_bundle};
pub use client::{Clients, wait_for_api};
pub use cluster::{Cluster, ClusterOptions};
pub use election::Timing;
pub use error::ClusterError;
pub use evict::{Eviction, Evictor};
pub use index::{Index, PublishedHook};
pub use lead::Lead;
pub use lease::{Election, ElectionEnd};
pub use publish::StatusSink;
pub use secret::{SecretData, StoredSecret, read_or_create_secret, replace_secret};
pub use source::ClusterSource;
