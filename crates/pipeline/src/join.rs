//! Joins usage, named by pod, with the workloads that own the pods.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{ContainerKey, Pod, Sample, Signal, Timestamp, Workload, World};

use crate::PodUsage;

/// Clocks of nodes differ by seconds. A sample from further in the future than this would push
/// real ones out of the history, which has no clock to know better.
const AHEAD_MAX: Duration = Duration::from_mins(2);

/// Samples for the engine, and how many values belonged to no container of a known workload, or
/// to no time that can be.
pub(crate) fn samples(world: &World, usage: &[PodUsage], now: Timestamp) -> (Vec<Sample>, u64) {
    let owners = owners(world);
    let latest = now.plus(AHEAD_MAX);
    let mut unmatched = 0;
    let samples = usage
        .iter()
        .filter_map(|usage| {
            let owner = owners.get(&(usage.namespace.as_str(), usage.pod.as_str()));
            let sample = owner.and_then(|(workload, pod)| sample(workload, pod, usage));
            let sample = sample.filter(|sample| sample.at <= latest);
            unmatched += u64::from(sample.is_none());
            sample
        })
        .collect();
    (samples, unmatched)
}

/// What the pods' statuses say happened to their containers. Told again at every tick: the engine
/// knows what it knew before.
pub(crate) fn signals(world: &World) -> impl Iterator<Item = Signal> {
    world.workloads.iter().flat_map(|workload| {
        workload.pods.iter().flat_map(move |pod| {
            pod.containers.iter().filter_map(move |container| {
                Some(Signal::OomKill {
                    container: key(workload, &container.name),
                    pod: pod.uid.clone(),
                    kill: container.last_oom?,
                })
            })
        })
    })
}

type Owners<'a> = BTreeMap<(&'a str, &'a str), (&'a Workload, &'a Pod)>;

fn owners(world: &World) -> Owners<'_> {
    let pods = world.workloads.iter().flat_map(|workload| {
        workload
            .pods
            .iter()
            .map(move |pod| ((workload.id.namespace.as_str(), pod.name.as_str()), (workload, pod)))
    });
    pods.collect()
}

fn sample(workload: &Workload, pod: &Pod, usage: &PodUsage) -> Option<Sample> {
    let container = pod.containers.iter().find(|c| c.name == usage.container)?;
    let started_at = container.started_at?;
    workload.containers.iter().find(|spec| spec.name == usage.container)?;
    Some(Sample {
        container: key(workload, &usage.container),
        pod: pod.uid.clone(),
        at: usage.at,
        age: usage.at.since(started_at),
        usage: usage.usage,
    })
}

fn key(workload: &Workload, container: &str) -> ContainerKey {
    ContainerKey { workload: workload.id.clone(), container: container.to_owned() }
}
