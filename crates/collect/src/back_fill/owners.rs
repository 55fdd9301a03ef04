//! Whose the pods of a namespace were: the living by the cluster's own word, the others by
//! kube-state-metrics, else by their names.

use std::collections::BTreeMap;

use plimsoll_domain::{
    Configured, ContainerKey, Grouping, Timestamp, Workload, WorkloadId, WorkloadKind,
};

use super::name::candidates;
use crate::prometheus::Series;

/// A workload that there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Who it is.
    pub workload: WorkloadId,
    /// The names its containers are known by.
    pub containers: Vec<String>,
    /// Which of them count as one.
    groups: Vec<Grouping>,
    pods: Vec<Living>,
}

/// A pod that there is.
#[derive(Clone, Debug, PartialEq)]
struct Living {
    name: String,
    uid: String,
    /// Containers by name, and when the present run of each began.
    started: Vec<(String, Option<Timestamp>)>,
}

impl Known {
    /// What bears on its past.
    pub fn of(workload: &Workload) -> Self {
        let groups = match &workload.configuration.configured {
            Configured::Policy(policy) => policy.vertical.grouping.value.clone(),
            Configured::Unreadable(_) => Vec::new(),
        };
        let pods = workload.pods.iter().map(|pod| Living {
            name: pod.name.clone(),
            uid: pod.uid.to_string(),
            started: pod.containers.iter().map(|it| (it.name.clone(), it.started_at)).collect(),
        });
        Self {
            workload: workload.id.clone(),
            containers: workload.containers.iter().map(|spec| spec.name.to_string()).collect(),
            groups,
            pods: pods.collect(),
        }
    }

    /// A workload without pods, for tests.
    #[cfg(test)]
    pub(super) fn mk(workload: WorkloadId, containers: &[&str]) -> Self {
        let containers = containers.iter().map(|name| (*name).to_owned()).collect();
        Self { workload, containers, groups: Vec::new(), pods: Vec::new() }
    }

    /// Lets containers whose names hold one of these words count as one, for tests.
    #[cfg(test)]
    pub(super) fn group(&mut self, words: &[&str], into: &str) {
        let contains = words.iter().map(|word| (*word).to_owned()).collect();
        self.groups.push(Grouping { contains, into: into.to_owned() });
    }

    /// The identities of its containers.
    pub(super) fn keys(&self) -> impl Iterator<Item = ContainerKey> + '_ {
        self.containers.iter().map(|container| self.key(container))
    }

    fn key(&self, container: &str) -> ContainerKey {
        ContainerKey { workload: self.workload.clone(), container: container.into() }
    }

    /// Whether several containers of a pod may go by this name.
    fn shares(&self, identity: &str) -> bool {
        self.groups.iter().any(|group| group.into == identity)
    }

    /// The identity of a container of one of its pods; none where its template has no such one.
    fn identity(&self, container: &str) -> Option<ContainerKey> {
        let into = Grouping::name_in(&self.groups, container);
        self.containers.iter().any(|known| known == into).then(|| self.key(into))
    }
}

/// Whose a container of a pod is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Whose<'a> {
    pub(super) key: ContainerKey,
    /// Its pod's uid, where the pod still lives.
    pub(super) uid: Option<&'a str>,
    /// When its present run began.
    pub(super) started: Option<Timestamp>,
    /// Whether other containers of the pod may go by the same name.
    pub(super) shares: bool,
}

/// Owners in one namespace.
#[derive(Debug)]
pub(super) struct Owners<'a> {
    namespace: &'a str,
    /// `None`: whatever there was is known.
    known: Option<BTreeMap<(&'a str, &'a str), &'a Known>>,
    living: BTreeMap<&'a str, (&'a Known, &'a Living)>,
    /// By kind and name, what kube-state-metrics says owns it.
    told: BTreeMap<(&'static str, String), (String, String)>,
}

impl<'a> Owners<'a> {
    pub(super) fn of(namespace: &'a str, known: Option<&'a [Known]>) -> Self {
        let here = known.unwrap_or_default().iter();
        let here: Vec<&Known> =
            here.filter(|known| *known.workload.namespace == *namespace).collect();
        let living = here.iter().flat_map(|known| {
            known.pods.iter().map(|living| (living.name.as_str(), (*known, living)))
        });
        Self {
            namespace,
            living: living.collect(),
            known: known.is_some().then(|| {
                let id = |known: &&'a Known| {
                    let id: &'a WorkloadId = &known.workload;
                    (id.kind.name(), &*id.name)
                };
                here.iter().map(|known| (id(known), *known)).collect()
            }),
            told: BTreeMap::new(),
        }
    }

    /// Takes in what kube-state-metrics says of a pod (`pod`), a ReplicaSet (`replicaset`) or a Job
    /// (`job_name`).
    pub(super) fn learn(&mut self, name: &'static str, series: &Series) {
        let (kind, owner) = (series.label("owner_kind"), series.label("owner_name"));
        // It says `<none>` where there is no owner.
        if !kind.is_empty() && !owner.is_empty() && !kind.starts_with('<') {
            let of = (name, series.label(name).to_owned());
            self.told.insert(of, (kind.to_owned(), owner.to_owned()));
        }
    }

    /// The uid of a pod that lives.
    pub(super) fn living(&self, pod: &str) -> Option<&'a str> {
        self.living.get(pod).map(|(_, living)| living.uid.as_str())
    }

    /// Whose a container of a pod is; none where that is not known, or not for sure.
    pub(super) fn whose(&self, pod: &str, container: &str) -> Option<Whose<'a>> {
        if let Some((known, living)) = self.living.get(pod) {
            let started = living.started.iter().find(|(name, _)| name == container);
            let key = known.identity(container)?;
            return Some(Whose {
                shares: known.shares(&key.container),
                key,
                uid: Some(&living.uid),
                started: started.and_then(|(_, started)| *started),
            });
        }
        let key = match self.told(pod) {
            Some((kind, name)) => self.key(kind, name, container),
            None => self.by_name(pod, container),
        };
        let key = key?;
        let known = self.known.as_ref();
        let known =
            known.and_then(|known| known.get(&(key.workload.kind.name(), &*key.workload.name)));
        let shares = known.is_some_and(|known| known.shares(&key.container));
        Some(Whose { key, uid: None, started: None, shares })
    }

    /// The workload at the top, as far as kube-state-metrics says.
    fn told(&self, pod: &str) -> Option<(&str, &str)> {
        let owner = |kind, name: &str| {
            let owner = self.told.get(&(kind, name.to_owned()));
            owner.map(|(kind, name)| (kind.as_str(), name.as_str()))
        };
        let (kind, name) = owner("pod", pod)?;
        match kind {
            // Without a word on it, its name says more than it does.
            "ReplicaSet" => owner("replicaset", name),
            "Job" => owner("job_name", name).or(Some((kind, name))),
            _ => Some((kind, name)),
        }
    }

    /// Of several workloads that there are, none: better no past than another's.
    fn by_name(&self, pod: &str, container: &str) -> Option<ContainerKey> {
        let candidates = candidates(pod);
        if self.known.is_none() {
            let (kind, name) = candidates.first()?;
            return self.key(kind.name(), name, container);
        }
        let mut keys =
            candidates.iter().filter_map(|(kind, name)| self.key(kind.name(), name, container));
        keys.next().filter(|_| keys.next().is_none())
    }

    fn key(&self, kind: &str, name: &str, container: &str) -> Option<ContainerKey> {
        match &self.known {
            Some(known) => known.get(&(kind, name))?.identity(container),
            None => Some(ContainerKey {
                workload: WorkloadId {
                    namespace: self.namespace.into(),
                    kind: WorkloadKind::from_name(kind),
                    name: name.into(),
                },
                container: container.into(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_known(kind: &str, name: &str, groups: &[(&str, &str)], pods: &[&str]) -> Known {
        let group = |(word, into): &(&str, &str)| Grouping {
            contains: vec![(*word).to_owned()],
            into: (*into).to_owned(),
        };
        Known {
            workload: WorkloadId {
                namespace: "shop".into(),
                kind: WorkloadKind::from_name(kind),
                name: name.into(),
            },
            containers: vec!["app".to_owned()],
            groups: groups.iter().map(group).collect(),
            pods: pods
                .iter()
                .map(|pod| Living {
                    name: (*pod).to_owned(),
                    uid: format!("uid of {pod}"),
                    started: vec![("app".to_owned(), Some(Timestamp::from_seconds(7)))],
                })
                .collect(),
        }
    }

    /// What kube-state-metrics tells, as `pod NAME KIND OWNER`, and a container; expects whose it is.
    fn check(known: Option<&[Known]>, told: &[&str], container: (&str, &str), expect: &str) {
        let mut owners = Owners::of("shop", known);
        for line in told {
            let words: Vec<&str> = line.split(' ').collect();
            let name = ["pod", "replicaset", "job_name"].into_iter().find(|name| *name == words[0]);
            let labels = [(words[0], 1), ("owner_kind", 2), ("owner_name", 3)];
            let labels = labels.map(|(name, word)| (name.to_owned(), words[word].to_owned()));
            let series = Series { labels: labels.into(), points: Vec::new() };
            owners.learn(name.unwrap(), &series);
        }
        let whose = owners.whose(container.0, container.1).map(|whose| {
            let id = whose.key.workload;
            let container = whose.key.container;
            format!("{id}/{container} {}", whose.uid.unwrap_or("gone"))
        });
        assert_eq!(whose.unwrap_or_else(|| "nobody's".to_owned()), expect, "{container:?}");
    }

    #[test]
    fn the_cluster_knows_the_living_and_names_tell_the_gone() {
        let known = [
            mk_known("Deployment", "web", &[("work", "app")], &["web-7d4b9c8f6-x2x4z"]),
            mk_known("StatefulSet", "store", &[], &[]),
        ];
        let known = Some(&known[..]);
        let living = "shop/deployment/web/app uid of web-7d4b9c8f6-x2x4z";
        check(known, &[], ("web-7d4b9c8f6-x2x4z", "app"), living);
        check(known, &[], ("web-7d4b9c8f6-x2x4z", "worker-1"), living);
        check(known, &[], ("web-7d4b9c8f6-x2x4z", "proxy"), "nobody's");
        check(known, &[], ("web-5f6d7c8b9d-zzzzz", "app"), "shop/deployment/web/app gone");
        check(known, &[], ("store-3", "app"), "shop/statefulset/store/app gone");
        check(known, &[], ("other-5f6d7c8b9d-zzzzz", "app"), "nobody's");
    }

    #[test]
    fn of_two_that_it_may_be_it_is_neither() {
        let two = [
            mk_known("Deployment", "web", &[], &[]),
            mk_known("DaemonSet", "web-5f6d7c8b9d", &[], &[]),
        ];
        let pod = ("web-5f6d7c8b9d-zzzzz", "app");
        check(Some(&two), &[], pod, "nobody's");
        let told = ["pod web-5f6d7c8b9d-zzzzz DaemonSet web-5f6d7c8b9d"];
        check(Some(&two), &told, pod, "shop/daemonset/web-5f6d7c8b9d/app gone");
    }

    #[test]
    fn kube_state_metrics_beats_the_name() {
        let told = [
            "pod a-x2x4z ReplicaSet rs",
            "replicaset rs Deployment web",
            "pod b-x2x4z Job run",
            "job_name run CronJob nightly",
            "pod c-x2x4z Job once",
            "job_name once <none> <none>",
            "pod d-0 ReplicaSet unknown",
        ];
        check(None, &told, ("a-x2x4z", "app"), "shop/deployment/web/app gone");
        check(None, &told, ("b-x2x4z", "app"), "shop/cronjob/nightly/app gone");
        check(None, &told, ("c-x2x4z", "app"), "shop/job/once/app gone");
        check(None, &told, ("d-0", "app"), "shop/statefulset/d/app gone");
        check(None, &told, ("e-x2x4z", "app"), "shop/daemonset/e/app gone");
        check(None, &told, ("bare", "app"), "nobody's");
        check(Some(&[]), &told, ("a-x2x4z", "app"), "nobody's");
    }
}
