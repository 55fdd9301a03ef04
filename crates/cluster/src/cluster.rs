//! One entry to all of it: connect, watch, and the live adapters of three ports.

use std::sync::Arc;

use futures::FutureExt;
use plimsoll_policy::BuiltIn;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::discover;
use crate::intern::Intern;
use crate::kinds::{self, Optional};
use crate::thoras::Thoras;
use crate::watch::Watches;
use crate::{
    Checkpoints, Clients, ClusterError, ClusterSource, Index, Lead, PublishedHook, Resizer,
    StatusSink,
};

/// How a cluster is connected to.
#[derive(Clone)]
pub struct ClusterOptions {
    /// The program's own namespace: never touched, and home of the stop order.
    pub namespace: String,
    /// What flags of the program say where no document does.
    pub built_in: BuiltIn,
    /// Pods are not changed. Status is written all the same: it says what would be done.
    pub dry_run: bool,
    /// Told of every change of published values; for the webhook.
    pub published: Option<PublishedHook>,
    /// Whether this replica leads; an election keeps it.
    pub lead: Lead,
}

impl std::fmt::Debug for ClusterOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterOptions")
            .field("namespace", &self.namespace)
            .field("dry_run", &self.dry_run)
            .finish_non_exhaustive()
    }
}

/// A live cluster.
#[derive(Debug)]
pub struct Cluster {
    clients: Clients,
    index: Arc<Index>,
    intern: Arc<Intern>,
    built_in: BuiltIn,
    lead: Lead,
    namespace: String,
    dry_run: bool,
}

impl Cluster {
    /// Connects to the cluster that the environment names. Makes no call yet:
    /// [`wait_for_api`](crate::wait_for_api) does.
    pub async fn connect(options: ClusterOptions) -> Result<Self, ClusterError> {
        Ok(Self::with_clients(Clients::infer().await?, options))
    }

    /// A cluster behind known clients.
    pub fn with_clients(clients: Clients, options: ClusterOptions) -> Self {
        Self {
            clients,
            index: Arc::new(Index::new(options.published)),
            intern: Arc::default(),
            built_in: options.built_in,
            lead: options.lead,
            namespace: options.namespace,
            dry_run: options.dry_run,
        }
    }

    /// The clients, for what the ports do not cover.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// What is known of the cluster.
    pub fn index(&self) -> Arc<Index> {
        Arc::clone(&self.index)
    }

    /// Whether this replica leads: an election keeps it, and what changes pods or writes status
    /// does so only while it holds.
    pub fn lead(&self) -> Lead {
        self.lead.clone()
    }

    /// Begins to watch. The tasks end when cancelled, and never otherwise: one that ends has
    /// panicked, and the process must too.
    pub fn spawn_watches(&self, cancel: &CancellationToken) -> JoinSet<()> {
        let watches = Watches {
            client: self.clients.watches.clone(),
            index: self.index(),
            intern: Arc::clone(&self.intern),
            cancel: cancel.clone(),
        };
        let mut tasks = JoinSet::new();
        for watch in kinds::always(&watches, &self.namespace) {
            tasks.spawn(watch.map(drop));
        }
        for kind in Optional::ALL {
            let calls = self.clients.calls.clone();
            tasks.spawn(discover::optional(kind, calls, watches.clone()));
        }
        tasks.spawn(discover::capabilities(self.clients.calls.clone(), watches));
        tasks
    }

    /// The source of workloads.
    pub fn workload_source(&self) -> ClusterSource {
        ClusterSource::new(self.index(), self.namespace.clone(), self.built_in)
    }

    /// What changes pods.
    pub fn actuator(&self) -> Resizer {
        Resizer {
            client: self.clients.calls.clone(),
            index: self.index(),
            dry_run: self.dry_run,
            lead: self.lead.clone(),
            unanswered_at: None,
        }
    }

    /// What is kept of histories in the cluster itself.
    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints::new(self.clients.calls.clone(), self.index(), self.lead.clone())
    }

    /// Where evaluations go. `instance` names this replica in events.
    pub fn sink(&self, instance: &str) -> StatusSink {
        let (client, lead) = (self.clients.calls.clone(), self.lead.clone());
        let thoras = Thoras::new(
            client.clone(),
            self.index(),
            lead.clone(),
            self.namespace.clone(),
            self.dry_run,
        );
        StatusSink::new(client, self.index(), lead, instance, thoras)
    }
}
