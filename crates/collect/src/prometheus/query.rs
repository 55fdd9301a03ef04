//! What is asked, in PromQL.
//!
//! Usage is the maximum over all series of a container, never the sum: the same container is told
//! of by two pages of its kubelet, and by both of two servers that scrape it.

use std::time::Duration;

use plimsoll_domain::Resource;

/// How long an answer may take: half of what Prometheus itself gives an expression by default
/// (2 min), so that what was given up here does not go on there for long.
pub(super) const LIMIT: Duration = Duration::from_mins(1);

/// Where the last two scrapes are looked for while usage is read live: three at Prometheus's default
/// of a minute, so that one that failed leaves two. CPU is the mean between those two, as in the
/// metrics API; a mean over the whole window would be too low for a container younger than it.
const LIVE_WINDOW: &str = "3m";

/// Series of containers alone: without names are cgroups of pods and nodes, `POD` is the sandbox.
const CONTAINERS: &str = r#"container!="",container!="POD""#;

const CPU: &str = "container_cpu_usage_seconds_total";
const MEMORY: &str = "container_memory_working_set_bytes";

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query(pub(super) String);

/// Which series an expression is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// Matchers that every selector ends with.
    pub(super) matchers: &'a str,
}

impl super::Prometheus {
    /// The series of this server that expressions are about.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope { matchers: &self.matchers }
    }
}

/// A text as PromQL writes it.
pub(super) fn text(value: &str) -> String {
    let escaped = value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
    format!("\"{escaped}\"")
}

/// What every container uses at present.
pub(super) fn usage_now(scope: Scope<'_>, resource: Resource) -> Query {
    let matchers = scope.matchers;
    let by = "max by (namespace,pod,container)";
    Query(match resource {
        Resource::Cpu => format!("{by} (irate({CPU}{{{CONTAINERS}{matchers}}}[{LIVE_WINDOW}]))"),
        Resource::Memory => format!("{by} ({MEMORY}{{{CONTAINERS}{matchers}}})"),
    })
}

/// What the containers of a namespace used in the `step` before each moment: CPU as the mean, memory
/// as the maximum.
pub(crate) fn usage_over_time(
    scope: Scope<'_>,
    namespace: &str,
    resource: Resource,
    step: Duration,
) -> Query {
    let (matchers, namespace, step) = (scope.matchers, text(namespace), step.as_secs());
    let (function, metric) = match resource {
        Resource::Cpu => ("rate", CPU),
        Resource::Memory => ("max_over_time", MEMORY),
    };
    Query(format!(
        "max by (pod,container) \
         ({function}({metric}{{namespace={namespace},{CONTAINERS}{matchers}}}[{step}s]))"
    ))
}

/// The namespaces that containers ran in.
pub(crate) fn namespaces(scope: Scope<'_>) -> Query {
    Query(format!("group by (namespace) ({MEMORY}{{{CONTAINERS}{}}})", scope.matchers))
}

/// Who owns the pods of a namespace, by kube-state-metrics.
pub(crate) fn owners_of_pods(scope: Scope<'_>, namespace: &str) -> Query {
    owners("kube_pod_owner", "pod", scope, namespace)
}

/// Who owns its ReplicaSets.
pub(crate) fn owners_of_replica_sets(scope: Scope<'_>, namespace: &str) -> Query {
    owners("kube_replicaset_owner", "replicaset", scope, namespace)
}

/// Who owns its Jobs.
pub(crate) fn owners_of_jobs(scope: Scope<'_>, namespace: &str) -> Query {
    owners("kube_job_owner", "job_name", scope, namespace)
}

fn owners(metric: &str, name: &str, scope: Scope<'_>, namespace: &str) -> Query {
    let (matchers, namespace) = (scope.matchers, text(namespace));
    Query(format!(
        "group by ({name},owner_kind,owner_name) ({metric}{{namespace={namespace}{matchers}}})"
    ))
}
