//! Joins usage, named by pod, with the workloads that own the pods.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{ContainerKey, PerResource, Pod, Sample, Signal, Timestamp, Workload, World};

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
    let samples = usage.iter().filter_map(|usage| {
        let owner = owners.get(&(usage.namespace.as_str(), usage.pod.as_str()));
        let sample = owner.and_then(|(workload, pod)| sample(workload, pod, usage));
        let sample = sample.filter(|(sample, _)| sample.at <= latest);
        unmatched += u64::from(sample.is_none());
        sample
    });
    (joined(samples), unmatched)
}

/// Samples with those made one that are of one pod and count under one name: the most that any of
/// the containers used, since each is given what all of them share; as young as the youngest, so
/// that no start counts. Without this the history would take the first and refuse the rest as told
/// again. Beside each sample whether its container shares its name.
fn joined(samples: impl Iterator<Item = (Sample, bool)>) -> Vec<Sample> {
    let mut places: BTreeMap<(Arc<str>, Arc<str>), usize> = BTreeMap::new();
    let mut joined: Vec<Sample> = Vec::new();
    for (sample, shares) in samples {
        if shares {
            let place = (sample.pod.clone(), sample.container.container.clone());
            let place = *places.entry(place).or_insert(joined.len());
            if let Some(other) = joined.get_mut(place) {
                join(other, &sample);
                continue;
            }
        }
        joined.push(sample);
    }
    joined
}

fn join(one: &mut Sample, other: &Sample) {
    one.at = one.at.max(other.at);
    one.age = one.age.min(other.age);
    one.usage = PerResource::from_fn(|resource| {
        let (one, other) = (*one.usage.get(resource), *other.usage.get(resource));
        one.max(other)
    });
}

/// What the pods' statuses say happened to their containers. Told again at every tick: the engine
/// knows what it knew before.
pub(crate) fn signals(world: &World) -> impl Iterator<Item = Signal> {
    world.workloads.iter().flat_map(|workload| {
        workload.pods.iter().flat_map(move |pod| {
            pod.containers.iter().filter_map(move |container| {
                Some(Signal::OomKill {
                    container: key(workload, container.identity().into()),
                    pod: Arc::clone(&pod.uid),
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
            .map(move |pod| ((&*workload.id.namespace, pod.name.as_str()), (workload, pod)))
    });
    pods.collect()
}

fn sample(workload: &Workload, pod: &Pod, usage: &PodUsage) -> Option<(Sample, bool)> {
    let container = pod.containers.iter().find(|c| c.name == usage.container)?;
    let started_at = container.started_at?;
    let spec = workload.containers.iter().find(|spec| *spec.name == *container.identity())?;
    let sample = Sample {
        container: key(workload, Arc::clone(&spec.name)),
        pod: Arc::clone(&pod.uid),
        at: usage.at,
        age: usage.at.since(started_at),
        usage: usage.usage,
    };
    Some((sample, container.counts_as.is_some()))
}

fn key(workload: &Workload, container: Arc<str>) -> ContainerKey {
    ContainerKey { workload: workload.id.clone(), container }
}

#[cfg(test)]
mod tests {
    use plimsoll_domain::{Amount, WorkloadId, WorkloadKind};

    use super::*;

    /// Samples as (pod, container, millicores, age in seconds, shares its name), and what becomes of
    /// them as (pod, container, millicores, age).
    fn check(samples: &[(&str, &str, u32, u64, bool)], expect: &[(&str, &str, u32, u64)]) {
        let made = samples.iter().map(|(pod, container, millicores, age, shares)| {
            let workload = WorkloadId {
                namespace: "shop".into(),
                kind: WorkloadKind::Deployment,
                name: "web".into(),
            };
            let sample = Sample {
                container: ContainerKey { workload, container: (*container).into() },
                pod: (*pod).into(),
                at: Timestamp::from_seconds(100),
                age: Duration::from_secs(*age),
                usage: PerResource {
                    cpu: Some(Amount::from_millicores(*millicores)),
                    memory: None,
                },
            };
            (sample, *shares)
        });
        let found = joined(made);
        let found = found.iter().map(|sample| {
            let cpu = sample.usage.cpu.map_or(0.0, Amount::value) * 1000.0;
            (&*sample.pod, &*sample.container.container, cpu, sample.age.as_secs())
        });
        let expect =
            expect.iter().map(|(pod, name, cpu, age)| (*pod, *name, f64::from(*cpu), *age));
        assert_eq!(found.collect::<Vec<_>>(), expect.collect::<Vec<_>>());
    }

    #[test]
    fn containers_of_one_pod_that_count_as_one_give_one_sample() {
        check(
            &[
                ("a", "worker", 100, 60, true),
                ("a", "proxy", 10, 60, false),
                ("a", "worker", 300, 30, true),
                ("b", "worker", 200, 60, true),
            ],
            &[("a", "worker", 300, 30), ("a", "proxy", 10, 60), ("b", "worker", 200, 60)],
        );
    }

    #[test]
    fn other_samples_are_left_alone() {
        check(
            &[("a", "app", 100, 60, false), ("a", "app", 200, 60, false)],
            &[("a", "app", 100, 60), ("a", "app", 200, 60)],
        );
    }
}
