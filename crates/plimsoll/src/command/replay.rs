//! `plimsoll replay --write-history`: recorded usage becomes a stored history.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};

use plimsoll_domain::{ContainerKey, PerResource, Ratio, Timestamp, WorkloadId, WorkloadKind};
use plimsoll_replay::trace::Traces;
use plimsoll_replay::{Backfill, backfill};
use plimsoll_store::Store;

use crate::args::ReplayArgs;
use crate::output;

/// Reads every mapped series before it writes anything.
pub(crate) fn run(args: &ReplayArgs) -> anyhow::Result<()> {
    let ending = ending(&args.ending)?;
    let scale = scale(args)?;
    let traces = Traces::open(&args.traces).context("failed to open the recorded usage")?;
    let mut histories = Vec::new();
    for mapping in &args.mappings {
        let (entity, container) = parse_mapping(mapping)?;
        let wanted = Backfill { entity, container, ending, scale };
        let history =
            backfill(&traces, &wanted).with_context(|| format!("failed for {mapping}"))?;
        histories.push((wanted.container, history));
    }
    let mut store = Store::open(&args.write_history).context("failed to open the history")?;
    for (container, history) in &histories {
        store.save(container, &history.snapshot()).context("failed to write the history")?;
    }
    let folder = args.write_history.display();
    output::remark(&format!("wrote the history of {} containers to {folder}", histories.len()));
    Ok(())
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

fn scale(args: &ReplayArgs) -> anyhow::Result<PerResource<Ratio>> {
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
            let workload = WorkloadId { namespace, kind, name };
            Ok((entity, ContainerKey { workload, container }))
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
