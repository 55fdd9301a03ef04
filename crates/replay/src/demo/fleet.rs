//! The demo's workloads: which recorded usage drives which, and what their owners asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{Allocation, Amount, PerResource, Ratio, Resource, Resources};
use plimsoll_domain::{Rounding, WorkloadId, WorkloadKind};

use super::chance::Chance;
use crate::trace::{AllSeries, TraceError, Traces};

/// A simulated workload.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: WorkloadId,
    /// What each pod uses.
    pub(crate) pods: Vec<PodUsage>,
    /// What the owner asked for.
    pub(crate) original: Resources,
    /// The text of the configuration annotation; absent when there is none.
    pub(crate) annotation: Option<&'static str>,
    /// When its owner rolls it out anew, counted from the start; absent when never.
    pub(crate) rollout_at: Option<Duration>,
}

/// Recorded usage, read from some point on and from the start again after its end.
#[derive(Clone, Debug)]
pub(crate) struct PodUsage {
    series: PerResource<Arc<[Amount]>>,
    step: Duration,
    offset: Duration,
}

impl PodUsage {
    /// What the pod wants at a time after the start.
    pub(crate) fn at(&self, elapsed: Duration) -> PerResource<Amount> {
        PerResource::from_fn(|resource| {
            let points = self.series.get(resource);
            let step = (elapsed + self.offset).as_secs() / self.step.as_secs().max(1);
            let index = usize::try_from(step).unwrap_or(0) % points.len().max(1);
            points.get(index).copied().unwrap_or_default()
        })
    }
}

/// Recorded jobs whose tasks were recorded one by one: their tasks become pods of one workload.
const JOBS: [(&str, &str, WorkloadKind, &[&str]); 6] = [
    ("search", "indexer-a", WorkloadKind::Deployment, &["113-11", "113-115", "113-22"]),
    ("search", "indexer-b", WorkloadKind::Deployment, &["113-4", "113-61", "113-85"]),
    ("edge", "relay-a", WorkloadKind::Deployment, &["382-115", "382-2", "382-23"]),
    ("edge", "relay-b", WorkloadKind::Deployment, &["382-33", "382-53", "382-93"]),
    ("data", "cache-a", WorkloadKind::StatefulSet, &["399-14", "399-23"]),
    ("data", "cache-b", WorkloadKind::StatefulSet, &["399-40", "399-5"]),
];

/// Annotations as people write them, the plain one most often.
const ANNOTATIONS: [Option<&str>; 10] = [
    Some(ON),
    Some(ON),
    Some(ON),
    Some(ON),
    Some(ON),
    Some("vertical:\n  optimization: on\n  cpu: {target: p95, overhead: 0.15}\n"),
    Some("vertical:\n  optimization: on\n  memory: {limit: {type: keepLimits}}\n"),
    Some("vertical:\n  optimization: on\n  applyType: deferred\n"),
    Some("vertical:\n  optimization: on\n  confidence: {threshold: 0.9}\n"),
    None,
];
const ON: &str = "vertical:\n  optimization: on\n";
/// What an owner with a tab in the wrong place gets: a frozen workload and the line to look at.
const WITH_A_TAB: &str = "vertical:\n\toptimization: on\n";
/// How far apart pods read the same recording, where there is only one for all.
const POD_OFFSET: Duration = Duration::from_mins(35);

/// All workloads, ordered by identity.
pub(crate) fn fleet(traces: &Traces, seed: u64) -> Result<Vec<Member>, TraceError> {
    let recorded = Recorded { all: traces.all()?, traces };
    let mut members = Vec::new();
    for (namespace, name, kind, tasks) in &JOBS {
        let id = id(namespace, kind, name);
        let mut pods = Vec::new();
        for task in *tasks {
            pods.push(recorded.pod(&format!("borg19/{task}"), Duration::ZERO)?);
        }
        members.push(member(id, pods, seed));
    }
    for (entity, id) in singles(traces) {
        let mut chance = Chance::new(seed, &format!("replicas of {id}"));
        let replicas = chance.pick(&[1_u32, 2, 2, 3]).copied().unwrap_or(1);
        let pods: Result<Vec<_>, _> =
            (0..replicas).map(|i| recorded.pod(&entity, POD_OFFSET * i)).collect();
        members.push(member(id, pods?, seed));
    }
    members.sort_by(|a, b| a.id.cmp(&b.id));
    spoil_one(&mut members, seed);
    Ok(members)
}

/// Recordings that drive a workload of their own, with that workload's identity.
fn singles(traces: &Traces) -> Vec<(String, WorkloadId)> {
    let mut taken: BTreeMap<WorkloadId, u32> = BTreeMap::new();
    let entities = traces.index().iter().filter(|info| info.resource == Resource::Cpu);
    entities
        .filter_map(|info| {
            let (source, rest) = info.entity.split_once('/')?;
            let (namespace, kind, name) = match source {
                "smd" => ("data", WorkloadKind::StatefulSet, format!("store-{rest}")),
                "kruize" => ("platform", WorkloadKind::Deployment, tidy(rest)),
                "nezha" => ("shop", WorkloadKind::Deployment, rest.get(9..)?.to_owned()),
                _ => return None,
            };
            let mut id = id(namespace, &kind, &name);
            let times = taken.entry(id.clone()).or_default();
            *times += 1;
            if *times > 1 {
                id.name = format!("{}-{times}", id.name).into();
            }
            Some((info.entity.clone(), id))
        })
        .collect()
}

/// `sso_rhsso-operator_rhsso-operator-2ac7` becomes `rhsso-operator`.
fn tidy(entity: &str) -> String {
    let last = entity.rsplit('_').find(|part| part.len() > 6).unwrap_or(entity);
    last.rsplit_once('-').map_or(last, |(name, _hash)| name).trim_matches('-').to_owned()
}

fn id(namespace: &str, kind: &WorkloadKind, name: &str) -> WorkloadId {
    WorkloadId { namespace: namespace.into(), kind: kind.clone(), name: name.into() }
}

/// The recordings, read once.
struct Recorded<'a> {
    traces: &'a Traces,
    all: AllSeries,
}

impl Recorded<'_> {
    fn pod(&self, entity: &str, offset: Duration) -> Result<PodUsage, TraceError> {
        let infos = self.traces.index().iter();
        let step = infos.filter(|info| info.entity == entity).map(|info| info.step).next();
        let series = PerResource {
            cpu: self.values(entity, Resource::Cpu)?,
            memory: self.values(entity, Resource::Memory)?,
        };
        Ok(PodUsage { series, step: step.unwrap_or(Duration::from_mins(5)), offset })
    }

    fn values(&self, entity: &str, resource: Resource) -> Result<Arc<[Amount]>, TraceError> {
        let series = self
            .all
            .get(&(entity.to_owned(), resource))
            .ok_or_else(|| TraceError::NoSuchEntity { entity: entity.to_owned(), resource })?;
        Ok(series.points.iter().map(|(_, value)| *value).collect())
    }
}

fn member(id: WorkloadId, pods: Vec<PodUsage>, seed: u64) -> Member {
    let mut chance = Chance::new(seed, &id.to_string());
    let peak = PerResource::from_fn(|resource| {
        let values = pods.iter().flat_map(|pod| pod.series.get(resource).iter().copied());
        values.max().unwrap_or_default()
    });
    let original = Resources {
        cpu: habit_cpu(peak.cpu, &mut chance),
        memory: habit_memory(peak.memory, &mut chance),
    };
    let annotation = chance.pick(&ANNOTATIONS).copied().flatten();
    let hour = Duration::from_hours(1);
    let rollout_at = chance.pick(&[None, None, Some(20 * hour), Some(44 * hour)]).copied();
    Member { id, pods, original, annotation, rollout_at: rollout_at.flatten() }
}

/// CPU as owners ask for it: mostly far above the peak, now and then below; every other one with
/// a limit.
fn habit_cpu(peak: Amount, chance: &mut Chance) -> Allocation {
    let request = times(peak, *chance.pick(&[0.7, 1.5, 2.0, 3.0, 4.0]).unwrap_or(&2.0));
    let request = request.max(Amount::from_millicores(20)).rounded_up(Resource::Cpu);
    let limit = chance.pick(&[None, None, Some(1.0), Some(2.0)]).copied().flatten();
    Allocation { request: Some(request), limit: limit.map(|factor| times(request, factor)) }
}

/// Memory as owners ask for it: mostly above the peak, some just below it, limit equal to request
/// as a rule.
fn habit_memory(peak: Amount, chance: &mut Chance) -> Allocation {
    let request = times(peak, *chance.pick(&[0.95, 1.2, 1.5, 2.0, 3.0]).unwrap_or(&1.5));
    let request =
        Rounding::Kubernetes.apply(request.max(Amount::from_mebibytes(32)), Resource::Memory);
    let limit = chance.pick(&[None, Some(1.0), Some(1.0), Some(1.5)]).copied().flatten();
    Allocation { request: Some(request), limit: limit.map(|factor| times(request, factor)) }
}

fn times(amount: Amount, factor: f64) -> Amount {
    amount.scaled(Ratio::new(factor).unwrap_or(Ratio::ONE))
}

fn spoil_one(members: &mut [Member], seed: u64) {
    let mut chance = Chance::new(seed, "a tab");
    let places: Vec<usize> = (0..members.len()).collect();
    if let Some(member) = chance.pick(&places).and_then(|&i| members.get_mut(i)) {
        member.annotation = Some(WITH_A_TAB);
    }
}
