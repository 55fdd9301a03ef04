//! Objects of the `thoras.ai` group, as far as the leader writes them: their status, and the
//! AIScaleTargets that templates make.
//!
//! Where Thoras itself runs they are its own: nothing of them is written, not even a status, which
//! two programs would write against each other. The objects of the workloads say whose they are
//! (`ForeignActuator`).

mod carry_out;
mod facts;
mod plan;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use kube::Client;
use plimsoll_domain::{Evaluation, Timestamp};

use crate::foreign::Foreign;
use crate::index::Tables;
use crate::publish::ObjectStatus;
use crate::table::Key;
use crate::told::Told;
use crate::{ClusterError, Index, Lead};
use carry_out::Order;
use facts::Facts;

/// Targets that are made, changed or let go of in one tick. Each takes at most two calls of about
/// 10 ms, 8 at a time: 200 take about half a second, and a template for 2,000 workloads is worked
/// through in ten ticks, slow enough for a person to think better of it.
const PER_TICK: usize = 200;

/// Orders that are carried out at the same time.
const CONCURRENCY: usize = 8;

/// How long one tick may take for them: twice the limit of one call.
const LIMIT: Duration = Duration::from_secs(10);

/// Writes objects of the group.
#[derive(Clone)]
pub(crate) struct Thoras {
    client: Client,
    lead: Lead,
    index: Arc<Index>,
    /// The program's own namespace, never touched.
    namespace: String,
    /// Nothing is made.
    dry_run: bool,
    /// The spec that each target was given last, and the one it had then, as fingerprints. Both the
    /// same again: the API server keeps only part of what is written.
    given: BTreeMap<Key, (u64, u64)>,
}

impl std::fmt::Debug for Thoras {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Thoras").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Thoras {
    pub(crate) fn new(
        client: Client,
        index: Arc<Index>,
        lead: Lead,
        namespace: String,
        dry_run: bool,
    ) -> Self {
        Self { client, lead, index, namespace, dry_run, given: BTreeMap::new() }
    }

    /// Works through what templates ask for. The first error.
    pub(crate) async fn make_targets(&mut self) -> Option<ClusterError> {
        let orders = self.orders();
        self.given.extend(orders.iter().filter_map(Order::gives));
        let (client, lead) = (&self.client, &self.lead);
        let carried = stream::iter(orders).map(|order| order.carry_out(client, lead));
        let mut carried = std::pin::pin!(carried.buffer_unordered(CONCURRENCY));
        let mut first_error = None;
        let all = async {
            while let Some(result) = carried.next().await {
                if let Err(error) = result {
                    first_error.get_or_insert(error);
                }
            }
        };
        // What is not done in time is asked for again at the next tick.
        tokio::time::timeout(LIMIT, all).await.ok();
        first_error
    }

    fn orders(&mut self) -> Vec<Order> {
        let Self { index, namespace, given, dry_run, .. } = self;
        index.read(|tables| {
            given.retain(|key, _| tables.told_of(Told::ScaleTarget, key).is_some());
            let idle = *dry_run
                || !tables.waiting_for().is_empty()
                || tables.stop().is_some()
                || Foreign::of(tables).runs_thoras();
            if idle {
                return Vec::new();
            }
            Facts::of(tables, namespace, given).orders(tables, PER_TICK)
        })
    }

    /// The statuses of all objects of the group that are to change.
    pub(crate) fn statuses(
        &self,
        tables: &Tables,
        evaluations: &[Evaluation],
        at: Timestamp,
    ) -> Vec<ObjectStatus> {
        if Foreign::of(tables).runs_thoras() {
            return Vec::new();
        }
        let mut statuses = status::targets(tables, evaluations, at);
        let facts = Facts::of(tables, &self.namespace, &self.given);
        let idle = if self.dry_run {
            Some("in a dry run nothing is made or changed")
        } else {
            tables.stop().map(|_| "nothing is made or changed while everything stands still")
        };
        statuses.extend(status::templates(tables, &facts, idle, at));
        statuses
    }
}
