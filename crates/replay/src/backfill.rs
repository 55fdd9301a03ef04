//! Turns recorded usage into the history a controller would have, had it watched that usage.

use std::time::Duration;

use plimsoll_domain::{Amount, ContainerKey, PerResource, Ratio, Resource, Sample, Timestamp};
use plimsoll_engine::{Engine, Settings};

use crate::trace::{TraceError, Traces};

/// The history's only pod; once a controller finds that no such pod exists, it counts as ended.
const RECORDED_POD: &str = "recorded";
/// Older than any startup period: recorded usage says nothing about the age of its containers.
const SETTLED_AGE: Duration = Duration::from_hours(24);
/// A coarser step is repeated in every cell of this width it stands for, so that coverage is right.
const CELL: Duration = Duration::from_mins(5);

/// Which recorded usage becomes whose history.
#[derive(Clone, Debug, PartialEq)]
pub struct Backfill {
    /// The recorded entity.
    pub entity: String,
    /// The container it stands for.
    pub container: ContainerKey,
    /// When its last sample was taken, in the history's time.
    pub ending: Timestamp,
    /// What recorded values are multiplied by.
    pub scale: PerResource<Ratio>,
}

/// An engine that watched one container use what was recorded, and has [kept](Engine::keep_cells)
/// the cells that were over, all but the last. An entity of which only one resource
/// was recorded gives a history of that one.
pub fn backfill(traces: &Traces, wanted: &Backfill) -> Result<Engine, TraceError> {
    let cpu = usage(traces, wanted, Resource::Cpu);
    let memory = usage(traces, wanted, Resource::Memory);
    let usages = match (cpu, memory) {
        (Err(TraceError::NoSuchEntity { .. }), Ok(memory)) => vec![(Resource::Memory, memory)],
        (Ok(cpu), Err(TraceError::NoSuchEntity { .. })) => vec![(Resource::Cpu, cpu)],
        (cpu, memory) => vec![(Resource::Cpu, cpu?), (Resource::Memory, memory?)],
    };
    let ends = usages.iter().filter_map(|(_, points)| points.last().map(|(at, _)| *at)).max();
    let shift = wanted.ending.seconds() - ends.unwrap_or_default().seconds();
    let mut samples: Vec<Sample> = usages
        .into_iter()
        .flat_map(|(resource, points)| {
            points.into_iter().map(move |(at, value)| sample(wanted, resource, at, value))
        })
        .map(|mut sample| {
            sample.at = Timestamp::from_seconds(sample.at.seconds() + shift);
            sample
        })
        .collect();
    samples.sort_by_key(|sample| sample.at);
    let mut engine = Engine::new(Settings::default());
    engine.keep_cells();
    for sample in merged(samples) {
        engine.observe(&sample);
        engine.pass(sample.at);
    }
    Ok(engine)
}

type Points = Vec<(Timestamp, Amount)>;

fn usage(traces: &Traces, wanted: &Backfill, resource: Resource) -> Result<Points, TraceError> {
    let step = traces
        .index()
        .iter()
        .find(|info| info.entity == wanted.entity && info.resource == resource)
        .map_or(CELL, |info| info.step);
    let series = traces.series(&wanted.entity, resource)?;
    let scale = *wanted.scale.get(resource);
    let repeats = (step.as_secs() / CELL.as_secs()).max(1);
    let points = series.points.into_iter().flat_map(|(at, value)| {
        (0..repeats).map(move |i| {
            let later = u32::try_from(i).map_or(Duration::ZERO, |i| CELL * i);
            (at.plus(later), value.scaled(scale))
        })
    });
    Ok(points.collect())
}

fn sample(wanted: &Backfill, resource: Resource, at: Timestamp, value: Amount) -> Sample {
    let mut usage = PerResource::default();
    *usage.get_mut(resource) = Some(value);
    Sample {
        container: wanted.container.clone(),
        pod: RECORDED_POD.into(),
        at,
        age: SETTLED_AGE,
        usage,
    }
}

/// One sample for each time: CPU and memory measured together count as one sample.
fn merged(samples: Vec<Sample>) -> Vec<Sample> {
    let mut merged: Vec<Sample> = Vec::with_capacity(samples.len());
    for sample in samples {
        match merged.last_mut() {
            Some(last) if last.at == sample.at => {
                last.usage.cpu = last.usage.cpu.or(sample.usage.cpu);
                last.usage.memory = last.usage.memory.or(sample.usage.memory);
            }
            _ => merged.push(sample),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use plimsoll_domain::{WorkloadId, WorkloadKind};

    use super::*;

    #[test]
    fn recorded_usage_ends_when_it_is_told_to_and_covers_a_day() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let workload = WorkloadId {
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: "web".into(),
        };
        let wanted = Backfill {
            entity: "borg19/113-11".into(),
            container: ContainerKey { workload, container: "app".into() },
            ending: now,
            scale: PerResource { cpu: Ratio::ONE, memory: Ratio::ONE },
        };
        let engine = backfill(&Traces::shipped().unwrap(), &wanted).unwrap();
        let (_, history) = engine.histories().next().unwrap();
        assert_eq!(history.last_seen(), Some(now));
        let coverage = history.coverage(Duration::from_hours(24), now);
        assert!(coverage.value() > 0.95, "{coverage:?}");
    }
}
