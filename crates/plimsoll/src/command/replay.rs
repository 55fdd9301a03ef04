//! `plimsoll replay`: a driver over recorded usage, or `--write-history`, by which recorded usage
//! becomes a stored history.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};

use plimsoll_collect::{BackFill, Past, back_fill};
use plimsoll_domain::{
    ContainerKey, PerResource, Ratio, Timestamp, UsageCell, WorkloadId, WorkloadKind,
};
use plimsoll_engine::{Engine, Settings};
use plimsoll_replay::trace::Traces;
use plimsoll_replay::{Backfill, backfill};
use plimsoll_store::{Store, StoreError};
use tokio::sync::mpsc;

use super::{forecast, vertical};
use crate::args::{PrometheusArgs, ReplayArgs, ReplayDriver, WriteHistoryArgs};
use crate::output;
use crate::wire::fill::Fill;
use crate::wire::samples::prometheus;

/// How often a controller collects unless it is told otherwise: each step of the past counts for as
/// many of its samples.
const COLLECT_INTERVAL: Duration = Duration::from_secs(30);

/// Runs what was asked for.
pub(crate) fn run(args: &ReplayArgs) -> anyhow::Result<()> {
    match (&args.driver, &args.history) {
        (Some(ReplayDriver::Vertical(args)), _) => vertical::run(args),
        (Some(ReplayDriver::Forecast(args)), _) => forecast::run(args),
        (None, Some(history)) => write_history(history, &args.prometheus),
        (None, None) => bail!("nothing to do: name a driver, or where to write a history"),
    }
}

/// Reads everything before it writes anything, but for the cells of a Prometheus, which are many:
/// those are written as they come.
fn write_history(args: &WriteHistoryArgs, asking: &PrometheusArgs) -> anyhow::Result<()> {
    let ending = ending(&args.ending)?;
    let open = || Store::open(&args.write_history).context("failed to open the history");
    let (mut store, snapshots, count) = match (&args.prometheus, &args.traces) {
        (Some(url), _) => {
            let mut store = open()?;
            let (snapshots, count) =
                super::blocking(from_prometheus(args, (url, asking), ending, &mut store))?;
            (store, snapshots, count)
        }
        (None, Some(traces)) => {
            let (snapshots, cells) = from_traces(args, traces, ending)?;
            let (mut store, count) = (open()?, cells.len());
            store.append_cells(cells).context("failed to write what was used")?;
            (store, snapshots, count)
        }
        (None, None) => bail!("--traces or --prometheus says where usage was recorded"),
    };
    store
        .save(snapshots.iter().map(|(container, history)| (container, history)))
        .context("failed to write the history")?;
    let folder = args.write_history.display();
    output::remark(&format!(
        "wrote the history of {} containers and {count} cells of five minutes to {folder}",
        snapshots.len()
    ));
    Ok(())
}

type Snapshots = Vec<(ContainerKey, Vec<u8>)>;
type OfFiveMinutes = Vec<(ContainerKey, UsageCell)>;

async fn from_prometheus(
    args: &WriteHistoryArgs,
    (url, asking): (&str, &PrometheusArgs),
    ending: Timestamp,
    store: &mut Store,
) -> anyhow::Result<(Snapshots, usize)> {
    let prometheus = prometheus(url, asking)?;
    let mut plan = BackFill::up_to(ending, args.since);
    plan.collect_interval = COLLECT_INTERVAL;
    let days = plan.until.since(plan.from).as_secs() / 86_400;
    if plan.until.since(plan.from) < args.since {
        output::remark(&format!("asks for {days} days: no more is remembered"));
    }
    let (send, receive) = BackFill::channel();
    let receiving = received(receive, store, args, (plan.from, plan.until));
    let (done, received) = tokio::join!(back_fill(&prometheus, &plan, send), receiving);
    let (engine, count) = received.context("failed to write what was used")?;
    let done = done.context("failed to read the past")?;
    output::remark(&format!(
        "took {} values in with {} questions; {} were no usage, {} series belong to no workload, \
         {} hours of namespaces could not be had",
        done.values, done.questions, done.dropped, done.unknown, done.hours_missed
    ));
    Ok((engine.snapshots().map(|(key, bytes)| (key.clone(), bytes)).collect(), count))
}

/// Takes the past in, and writes its cells. When it fails nobody is asked any further.
async fn received(
    mut receive: mpsc::Receiver<Past>,
    store: &mut Store,
    args: &WriteHistoryArgs,
    span: (Timestamp, Timestamp),
) -> Result<(Engine, usize), StoreError> {
    let mut engine = Engine::new(Settings::default());
    let (mut fill, mut count) = (Fill::default(), 0);
    let mut is_over = false;
    while !is_over {
        match receive.recv().await {
            Some(Past::Cells(cells)) => fill.add(cells),
            Some(Past::Histories(histories)) => {
                for (key, history) in histories {
                    engine.recall(&key, history);
                }
            }
            None => {
                fill.end();
                is_over = true;
            }
        }
        if fill.is_due() {
            count += fill.store(store, &args.write_history, span)?.1;
        }
    }
    Ok((engine, count))
}

fn from_traces(
    args: &WriteHistoryArgs,
    traces: &Path,
    ending: Timestamp,
) -> anyhow::Result<(Snapshots, OfFiveMinutes)> {
    let scale = scale(args)?;
    let traces = Traces::open(traces).context("failed to open the recorded usage")?;
    let (mut histories, mut cells) = (Vec::new(), Vec::new());
    for mapping in &args.mappings {
        let (entity, container) = parse_mapping(mapping)?;
        let wanted = Backfill { entity, container, ending, scale };
        let mut engine =
            backfill(&traces, &wanted).with_context(|| format!("failed for {mapping}"))?;
        let snapshots = engine.snapshots().map(|(key, bytes)| (key.clone(), bytes));
        histories.extend(snapshots);
        cells.extend(engine.take_cells());
    }
    Ok((histories, cells))
}

fn ending(text: &str) -> anyhow::Result<Timestamp> {
    if text == "now" {
        let now =
            SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
        return Ok(Timestamp::from_seconds(i64::try_from(now.as_secs())?));
    }
    let seconds = text.parse().with_context(|| {
        format!("--ending: expected `now` or seconds since the Unix epoch, found {text:?}")
    })?;
    Ok(Timestamp::from_seconds(seconds))
}

fn scale(args: &WriteHistoryArgs) -> anyhow::Result<PerResource<Ratio>> {
    let positive = |value: f64, flag: &str| match Ratio::new(value) {
        Some(ratio) if value > 0.0 => Ok(ratio),
        _ => bail!("{flag}: expected a number above zero, found {value}"),
    };
    Ok(PerResource {
        cpu: positive(args.cpu_scale, "--cpu-scale")?,
        memory: positive(args.memory_scale, "--memory-scale")?,
    })
}

/// `ENTITY=NAMESPACE/KIND/NAME/CONTAINER`; the entity may hold slashes.
fn parse_mapping(text: &str) -> anyhow::Result<(String, ContainerKey)> {
    let parts = text.rsplit_once('=').map(|(entity, target)| {
        (entity.to_owned(), target.split('/').map(str::to_owned).collect::<Vec<_>>())
    });
    match parts {
        Some((entity, target)) if target.len() == 4 => {
            let [namespace, kind, name, container]: [String; 4] =
                target.try_into().map_err(|_| anyhow::anyhow!("four parts are four parts"))?;
            let kind = kind_named(&kind)?;
            let workload = WorkloadId { namespace: namespace.into(), kind, name: name.into() };
            Ok((entity, ContainerKey { workload, container: container.into() }))
        }
        _ => bail!("--as: expected ENTITY=NAMESPACE/KIND/NAME/CONTAINER, found {text:?}"),
    }
}

fn kind_named(text: &str) -> anyhow::Result<WorkloadKind> {
    WorkloadKind::KNOWN
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(text))
        .with_context(|| format!("--as: {text:?} is no kind of workload that Plimsoll knows"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use plimsoll_collect::PastCells;
    use plimsoll_store::StoredCells;

    use super::*;
    use crate::args::{Cli, Command};

    #[tokio::test]
    async fn the_last_cells_of_the_past_are_written_too() {
        let dir = std::env::temp_dir().join(format!("plimsoll-replay-{}", std::process::id()));
        let folder = dir.to_str().unwrap();
        let line = ["plimsoll", "replay", "--prometheus", "http://p", "--write-history", folder];
        let Command::Replay(args) = Cli::parse_from(line).command else { panic!() };
        let key = parse_mapping("a=shop/Deployment/web/app").unwrap().1;
        let start = Timestamp::from_seconds(1_767_571_200);
        let cell = UsageCell { start, cpu_mean: None, cpu_max: None, memory_max: None, pods: 1 };
        let (send, receive) = BackFill::channel();
        send.send(Past::Cells(PastCells::from(vec![(key.clone(), vec![cell])]))).await.unwrap();
        send.send(Past::Histories(Vec::new())).await.unwrap();
        drop(send);
        let mut store = Store::open(&dir).unwrap();
        let history = args.history.unwrap();
        let count = received(receive, &mut store, &history, (start, start)).await.unwrap().1;
        assert_eq!(count, 1);
        assert_eq!(StoredCells::open(&dir, start).unwrap().of(&key, start).unwrap(), [cell]);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
