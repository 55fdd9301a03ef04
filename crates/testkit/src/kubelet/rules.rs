//! What a test sets while the kubelet runs: usage, wrong answers, failing resizes.

use plimsoll_domain::Timestamp;
use plimsoll_replay::node::ResizeFault;

use super::usage::UsageModel;

/// Which containers a rule is about. Of several rules that match, the one set last counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodMatcher {
    /// Their pods' namespace; absent means all.
    pub namespace: Option<String>,
    /// What their pods' names begin with; empty means all.
    pub pod_prefix: String,
    /// Their name; absent means all of the pod's containers.
    pub container: Option<String>,
}

impl PodMatcher {
    /// Every container.
    pub fn all() -> Self {
        Self::default()
    }

    /// The containers of pods in `namespace` whose names begin with `pod_prefix`.
    pub fn pods(namespace: &str, pod_prefix: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            pod_prefix: pod_prefix.to_owned(),
            container: None,
        }
    }

    /// Of these, only containers of this name.
    #[must_use]
    pub fn container(mut self, name: &str) -> Self {
        self.container = Some(name.to_owned());
        self
    }

    pub(super) fn matches_pod(&self, namespace: &str, pod: &str) -> bool {
        self.namespace.as_deref().is_none_or(|wanted| wanted == namespace)
            && pod.starts_with(&self.pod_prefix)
    }

    pub(super) fn matches(&self, namespace: &str, pod: &str, container: &str) -> bool {
        self.matches_pod(namespace, pod)
            && self.container.as_deref().is_none_or(|wanted| wanted == container)
    }
}

/// Quantities that the metrics API gives instead of the true ones, as they are, sense or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportedUsage {
    /// Instead of the CPU.
    pub cpu: Option<String>,
    /// Instead of the memory.
    pub memory: Option<String>,
}

/// All rules of one kind, in the order they were set.
#[derive(Debug)]
pub(super) struct Rules<T>(Vec<(PodMatcher, T)>);

impl<T> Default for Rules<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Rules<T> {
    /// A rule for the same containers is replaced.
    pub(super) fn set(&mut self, matcher: PodMatcher, rule: T) {
        self.0.retain(|(old, _)| *old != matcher);
        self.0.push((matcher, rule));
    }

    pub(super) fn find(&self, namespace: &str, pod: &str, container: &str) -> Option<&T> {
        let mut newest = self.0.iter().rev();
        newest.find(|(matcher, _)| matcher.matches(namespace, pod, container)).map(|(_, rule)| rule)
    }

    pub(super) fn find_pod(&self, namespace: &str, pod: &str) -> Option<&T> {
        let mut newest = self.0.iter().rev();
        newest.find(|(matcher, _)| matcher.matches_pod(namespace, pod)).map(|(_, rule)| rule)
    }
}

/// Everything a test has set.
#[derive(Debug, Default)]
pub(super) struct RuleBook {
    /// With the time it was set, from which its script counts.
    pub usage: Rules<(UsageModel, Timestamp)>,
    pub reported: Rules<ReportedUsage>,
    pub resize_faults: Rules<Option<ResizeFault>>,
}
