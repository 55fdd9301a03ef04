//! Back-fill: the past of a cluster from a Prometheus-compatible server, as histories and as cells of
//! five minutes.
//!
//! Asked once, gently: two questions at a time, each about one namespace, one resource and one day,
//! and after each answer a pause as long as the answer took, so that on average the server works on
//! one question. What was seen live is left alone; what the server tells of other times is counted
//! as if it had been watched. Cells tell of the times that were seen live too: whoever stores them
//! knows which it has. They come day by day, since nobody could hold those of a whole cluster.

mod book;
mod name;
mod outlet;
mod owners;
mod span;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use plimsoll_domain::{ContainerKey, Timestamp, UsageCell};
use plimsoll_history::{ContainerHistory, RETENTION, Seen};
use tokio::sync::mpsc;

pub use outlet::{CELLS_WAITING, PastCells};
pub use owners::Known;

use crate::prometheus::{Prometheus, PrometheusError, namespaces};
use book::Book;
use outlet::Outlet;
use owners::Owners;
use span::{Asking, SPAN};

/// The width of a question's steps: the cells in which histories count their coverage.
pub(crate) const STEP: Duration = UsageCell::LENGTH;

/// How far back cells are of use: what forecasts look back, and what is kept of cells by default.
/// Histories remember less ([`RETENTION`]).
const CELLS_BACK: Duration = Duration::from_hours(30 * 24);

/// Questions at a time, each about another namespace.
const AT_A_TIME: usize = 2;

/// Namespaces whose history may wait to be taken in. Together they are what the engine will hold
/// anyway; ten thousand are the most that a cluster is tested with.
const WAITING: usize = 10_000;

/// How often the list of namespaces is looked at: oftener than a day's work is long.
const NAMESPACES_STEP: Duration = Duration::from_hours(6);

/// What is to be filled.
#[derive(Clone, Debug)]
pub struct BackFill {
    /// Not before.
    pub from: Timestamp,
    /// Before this: from here on usage is seen live.
    pub until: Timestamp,
    /// How often usage is collected live: each step of the past counts for as many samples.
    pub collect_interval: Duration,
    /// The workloads there are; `None`: all that the server tells of, by the names of their pods and
    /// by kube-state-metrics.
    pub known: Option<Vec<Known>>,
    /// In which five minutes which containers were seen live.
    pub seen: BTreeMap<ContainerKey, Seen>,
}

/// A part of the past.
#[derive(Debug)]
pub enum Past {
    /// Cells of some containers of a namespace. Those of a container come in order of time.
    Cells(PastCells),
    /// The histories of a namespace's containers, after the last of its cells.
    Histories(Vec<(ContainerKey, ContainerHistory)>),
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackFilled {
    /// Containers with a past now.
    pub containers: u64,
    /// Values taken in.
    pub values: u64,
    /// Cells of five minutes made of them.
    pub cells: u64,
    /// Values that were no usage.
    pub dropped: u64,
    /// Series of pods that belong to no workload that is known.
    pub unknown: u64,
    /// Questions asked.
    pub questions: u64,
    /// Hours of namespaces that could not be had.
    pub hours_missed: u64,
}

/// Counts of a back-fill under way.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    containers: AtomicU64,
    values: AtomicU64,
    cells: AtomicU64,
    dropped: AtomicU64,
    unknown: AtomicU64,
    questions: AtomicU64,
    hours_missed: AtomicU64,
}

impl BackFill {
    /// The past up to now, `back` long, of these workloads; cut to the 30 days for which cells are of
    /// use, and to whole five minutes. Histories remember the last eight of them.
    pub fn up_to(now: Timestamp, back: Duration) -> Self {
        let step = i64::try_from(STEP.as_secs()).unwrap_or(1);
        let until = Timestamp::from_seconds(now.seconds().div_euclid(step) * step);
        Self {
            from: until.minus(back.min(CELLS_BACK)),
            until,
            collect_interval: STEP,
            known: None,
            seen: BTreeMap::new(),
        }
    }

    /// Leaves out namespaces in which enough was seen live of every workload, as far back as
    /// histories remember; how many workloads there are of which it was not.
    pub fn leave_out_the_rich(&mut self, enough: f64) -> usize {
        let span = self.until.since(self.from).min(RETENTION);
        let (seen, until) = (&self.seen, self.until);
        let is_poor = |key: &ContainerKey| {
            seen.get(key).is_none_or(|seen| seen.share(span, until).value() < enough)
        };
        let Some(known) = &mut self.known else { return 0 };
        let poor = known.iter().filter(|known| known.keys().any(|key| is_poor(&key)));
        let poor: Vec<_> = poor.map(|known| Arc::clone(&known.workload.namespace)).collect();
        let namespaces: BTreeSet<&str> = poor.iter().map(|namespace| &**namespace).collect();
        known.retain(|known| namespaces.contains(&*known.workload.namespace));
        poor.len()
    }

    /// How many samples a step stands for.
    fn times(&self) -> u32 {
        let times = STEP.as_secs() / self.collect_interval.as_secs().max(1);
        u32::try_from(times).unwrap_or(u32::MAX).max(1)
    }
}

/// Fills namespace by namespace; each one's cells are sent day by day, its histories as soon as they
/// are whole. Ends early when nobody receives them any more, or when the server fails again and again.
pub async fn back_fill(
    prometheus: &Prometheus,
    plan: &BackFill,
    send: mpsc::Sender<Past>,
) -> Result<BackFilled, PrometheusError> {
    let counts = Counts::default();
    let asking = Asking::new(prometheus, &counts);
    let outlet = Outlet::new(send);
    let names = namespaces_of(plan, &asking).await?;
    let filled = stream::iter(names).map(async |namespace| {
        if outlet.is_closed() {
            return Ok::<_, PrometheusError>(());
        }
        one_namespace(plan, &asking, &namespace, &outlet).await
    });
    let mut filled = std::pin::pin!(filled.buffer_unordered(AT_A_TIME));
    while let Some(done) = filled.next().await {
        done?;
    }
    Ok(counts.done())
}

impl BackFill {
    /// Both ends of a channel with room for the histories of all namespaces.
    pub fn channel() -> (mpsc::Sender<Past>, mpsc::Receiver<Past>) {
        mpsc::channel(WAITING)
    }
}

async fn namespaces_of(
    plan: &BackFill,
    asking: &Asking<'_>,
) -> Result<BTreeSet<String>, PrometheusError> {
    if let Some(known) = &plan.known {
        return Ok(known.iter().map(|known| known.workload.namespace.to_string()).collect());
    }
    let query = namespaces(asking.prometheus.scope());
    let span = (plan.from, plan.until);
    let series = asking.patiently(&query, span, NAMESPACES_STEP).await?;
    let names = series.iter().map(|series| series.label("namespace").to_owned());
    Ok(names.filter(|name| !name.is_empty()).collect())
}

async fn one_namespace(
    plan: &BackFill,
    asking: &Asking<'_>,
    namespace: &str,
    outlet: &Outlet,
) -> Result<(), PrometheusError> {
    let mut owners = Owners::of(namespace, plan.known.as_deref());
    asking.owners(&mut owners, namespace, (plan.from, plan.until)).await?;
    let mut book = Book::new(plan, &owners, asking.counts);
    let mut begin = plan.from;
    while begin < plan.until {
        let end = begin.plus(SPAN).min(plan.until);
        asking.usage(&mut book, namespace, (begin, end), outlet).await?;
        begin = end;
    }
    let histories = book.close();
    asking.counts.containers.fetch_add(histories.len() as u64, Ordering::Relaxed);
    outlet.histories(histories).await;
    Ok(())
}

impl Counts {
    fn done(&self) -> BackFilled {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        BackFilled {
            containers: read(&self.containers),
            values: read(&self.values),
            cells: read(&self.cells),
            dropped: read(&self.dropped),
            unknown: read(&self.unknown),
            questions: read(&self.questions),
            hours_missed: read(&self.hours_missed),
        }
    }
}

/// A pause as long as the answer took, ten seconds at most.
async fn pause(asked: Instant) {
    tokio::time::sleep(asked.elapsed().min(Duration::from_secs(10))).await;
}

#[cfg(test)]
mod tests;
