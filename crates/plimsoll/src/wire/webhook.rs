//! The admission webhook: its certificate, what it answers from, and the API server's trust in it.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use plimsoll_admission::{
    AdmissionMetrics, Authority, Certificates, PublishedIndex, PublishedLookup, Shutdown, Webhook,
    needs_renewal, router, serve,
};
use plimsoll_cluster::{
    Clients, Index, PublishedHook, SecretData, StoredSecret, publish_ca_bundle,
    read_or_create_secret, replace_secret,
};
use plimsoll_domain::{Published, Timestamp, WorkloadId};
use plimsoll_pipeline::{Clock, Role};

use super::clock::SystemClock;

/// Holds the certificate authority that all replicas share.
const SECRET: &str = "plimsoll-webhook";
const CA_CERT: &str = "ca.crt";
const CA_KEY: &str = "ca.key";
/// The authority before this one: still trusted until every replica has seen the new one.
const OLD_CA_CERT: &str = "old-ca.crt";
/// How often trust and certificate are looked after. An installer that takes the authority away
/// leaves pods unpatched for this long at most.
const CARE_INTERVAL: Duration = Duration::from_mins(1);

/// What the webhook answers from: published values pushed by the watch, the rest read from the
/// watch's rows.
struct Lookup {
    published: Arc<PublishedIndex>,
    index: Arc<Index>,
    dry_run: bool,
}

impl PublishedLookup for Lookup {
    fn find(&self, candidates: &[WorkloadId]) -> Option<(WorkloadId, Arc<Published>)> {
        self.published.find(candidates)
    }

    fn stopped(&self) -> bool {
        self.dry_run || self.index.stop().is_some()
    }

    fn namespace_opted_out(&self, namespace: &str) -> bool {
        self.index.is_ignored(namespace)
    }
}

/// Feeds what the watch sees published into the webhook's memory.
pub(crate) fn hook(published: &Arc<PublishedIndex>) -> PublishedHook {
    let published = Arc::clone(published);
    Arc::new(move |workload: &WorkloadId, values: Option<&Published>| match values {
        Some(values) => published.upsert(workload.clone(), values.clone()),
        None => published.remove(workload),
    })
}

/// What a webhook is made of.
#[derive(Debug)]
pub(crate) struct WebhookParts {
    /// Where it listens.
    pub(crate) bind: SocketAddr,
    /// What its certificate is for.
    pub(crate) names: Vec<String>,
    /// The program's own namespace.
    pub(crate) namespace: String,
    /// No pod is given values, whatever is published.
    pub(crate) dry_run: bool,
    /// What is counted.
    pub(crate) metrics: Arc<AdmissionMetrics>,
}

/// A webhook that serves.
#[derive(Debug)]
pub(crate) struct RunningWebhook {
    shutdown: Shutdown,
    server: tokio::task::JoinHandle<()>,
}

impl RunningWebhook {
    /// Lets requests under way end.
    pub(crate) async fn end(self) {
        self.shutdown.begin();
        self.server.await.ok();
    }
}

/// Starts to serve, and to look after certificate and trust.
pub(crate) async fn start(
    parts: WebhookParts,
    clients: &Clients,
    (published, index): (Arc<PublishedIndex>, Arc<Index>),
    role: watch::Receiver<Role>,
    cancel: CancellationToken,
) -> anyhow::Result<RunningWebhook> {
    let mut care = Care::begin(clients.clone(), &parts, role).await?;
    let webhook = Webhook {
        lookup: Arc::new(Lookup { published, index, dry_run: parts.dry_run }),
        metrics: parts.metrics,
        own_namespace: parts.namespace.into(),
    };
    let listener = TcpListener::bind(parts.bind)
        .with_context(|| format!("failed to listen on {} for the webhook", parts.bind))?;
    let shutdown = Shutdown::default();
    let serving = serve(listener, care.certificates.clone(), router(webhook), shutdown.clone());
    let server = tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "Webhook ended");
        }
    });
    tokio::spawn(async move { care.run(cancel).await });
    Ok(RunningWebhook { shutdown, server })
}

/// Looks after the certificate and the API server's trust in it.
struct Care {
    clients: Clients,
    namespace: String,
    names: Vec<String>,
    certificates: Certificates,
    /// The certificate in use, as PEM.
    leaf: String,
    /// The authority that signed it, as PEM.
    authority: String,
    role: watch::Receiver<Role>,
}

impl Care {
    async fn begin(
        clients: Clients,
        parts: &WebhookParts,
        role: watch::Receiver<Role>,
    ) -> anyhow::Result<Self> {
        let now = SystemClock.now();
        let stored = stored_authority(&clients, &parts.namespace, now).await?;
        let bundle = authority(&stored.data)?.issue(&parts.names, now)?;
        Ok(Self {
            clients,
            namespace: parts.namespace.clone(),
            names: parts.names.clone(),
            certificates: Certificates::new(&bundle)?,
            leaf: bundle.cert_pem,
            authority: bundle.ca_pem,
            role,
        })
    }

    async fn run(&mut self, cancel: CancellationToken) {
        // Said once, since it may last: where no webhook is installed, there is none to look after.
        let mut trouble = None;
        loop {
            let failed = self.round().await.err().map(|error| crate::output::chain(&error));
            if let Some(error) = failed.as_ref().filter(|_| failed != trouble) {
                tracing::warn!(error, "Webhook's certificate could not be looked after");
            }
            trouble = failed;
            tokio::select! {
                () = cancel.cancelled() => return,
                // Whoever begins to lead looks after trust at once.
                Ok(()) = self.role.changed() => {}
                () = tokio::time::sleep(CARE_INTERVAL) => {}
            }
        }
    }

    async fn round(&mut self) -> anyhow::Result<()> {
        let now = SystemClock.now();
        let mut stored = stored_authority(&self.clients, &self.namespace, now).await?;
        let leads = *self.role.borrow() == Role::Leader;
        if leads && needs_renewal(&text(&stored.data, CA_CERT)?, now)? {
            stored = self.renew_authority(stored, now).await?;
        }
        let current = authority(&stored.data)?;
        if leads {
            // Before the certificate is used: the API server must trust it by then.
            let old = text(&stored.data, OLD_CA_CERT).unwrap_or_default();
            let bundle = current.ca_pem.clone() + &old;
            if publish_ca_bundle(&self.clients.calls, &bundle).await? {
                tracing::info!("API server was told to trust the webhook");
            }
        }
        if self.authority != current.ca_pem || needs_renewal(&self.leaf, now)? {
            let bundle = current.issue(&self.names, now)?;
            self.certificates.reload(&bundle)?;
            self.leaf = bundle.cert_pem;
            self.authority = bundle.ca_pem;
            tracing::info!("Webhook's certificate was renewed");
        }
        Ok(())
    }

    async fn renew_authority(
        &self,
        stored: StoredSecret,
        now: Timestamp,
    ) -> anyhow::Result<StoredSecret> {
        let mut data = data_of(&Authority::generate(now)?);
        let old = stored.data.get(CA_CERT).cloned().unwrap_or_default();
        data.insert(OLD_CA_CERT.to_owned(), old);
        let new = StoredSecret { data, resource_version: stored.resource_version };
        Ok(replace_secret(&self.clients.calls, &self.namespace, SECRET, new).await?)
    }
}

async fn stored_authority(
    clients: &Clients,
    namespace: &str,
    now: Timestamp,
) -> anyhow::Result<StoredSecret> {
    let fresh = Authority::generate(now)?;
    let make = || data_of(&fresh);
    Ok(read_or_create_secret(&clients.calls, namespace, SECRET, make).await?)
}

fn data_of(authority: &Authority) -> SecretData {
    let entry = |key: &str, text: &str| (key.to_owned(), text.as_bytes().to_vec());
    SecretData::from([entry(CA_CERT, &authority.ca_pem), entry(CA_KEY, &authority.ca_key_pem)])
}

fn authority(data: &SecretData) -> anyhow::Result<Authority> {
    Ok(Authority { ca_pem: text(data, CA_CERT)?, ca_key_pem: text(data, CA_KEY)? })
}

fn text(data: &SecretData, key: &str) -> anyhow::Result<String> {
    let bytes = data.get(key).with_context(|| {
        format!("failed to find {key} in the Secret {SECRET}; delete the Secret to have it renewed")
    })?;
    Ok(String::from_utf8(bytes.clone())?)
}
