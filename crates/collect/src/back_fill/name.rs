//! Whose a pod may be, by its name alone.
//!
//! Kubernetes builds names of pods from those of their owners: a ReplicaSet's has a hash of its
//! template after its Deployment's name, a Job's the minute of its run after its CronJob's, a pod's
//! five characters more; pods of a StatefulSet are numbered.

use plimsoll_domain::WorkloadKind;

/// The characters of generated suffixes: no vowels, and nothing that looks like one.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The length of a pod's generated suffix.
const SUFFIX: usize = 5;

/// The shortest and the longest hash of a template: 32 bits in decimal, each digit a character.
const HASH: std::ops::RangeInclusive<usize> = 5..=10;

/// Digits in the minute of a CronJob's run, counted from 1970: 8 until the year 2160.
const MINUTE: std::ops::RangeInclusive<usize> = 8..=8;

/// The kinds and names of the workloads a pod of this name may be of, the likeliest first.
pub(super) fn candidates(pod: &str) -> Vec<(WorkloadKind, &str)> {
    let mut candidates = Vec::new();
    let Some((base, suffix)) = split(pod) else { return candidates };
    if suffix.len() == SUFFIX && suffix.bytes().all(|byte| ALPHABET.contains(&byte)) {
        if let Some((name, part)) = split(base) {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            if digits && MINUTE.contains(&part.len()) {
                candidates.push((WorkloadKind::CronJob, name));
            }
            if HASH.contains(&part.len()) && part.bytes().all(|byte| ALPHABET.contains(&byte)) {
                candidates.push((WorkloadKind::Deployment, name));
                candidates.push((WorkloadKind::Rollout, name));
            }
        }
        candidates.push((WorkloadKind::DaemonSet, base));
        candidates.push((WorkloadKind::ReplicaSet, base));
        candidates.push((WorkloadKind::Job, base));
    }
    if suffix.bytes().all(|byte| byte.is_ascii_digit()) {
        candidates.push((WorkloadKind::StatefulSet, base));
    }
    candidates
}

/// What stands before and after the last hyphen.
fn split(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('-').filter(|(base, suffix)| !base.is_empty() && !suffix.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pod's name; expects the likeliest workload, and how many others it may be of.
    fn check(pod: &str, expect: &str) {
        let found = candidates(pod);
        let first = found.first().map_or_else(
            || "-".to_owned(),
            |(kind, name)| format!("{}/{name} +{}", kind.name(), found.len() - 1),
        );
        assert_eq!(first, expect, "{pod}");
    }

    #[test]
    fn names_tell_their_owners() {
        check("web-7d4b9c8f6-x2x4z", "Deployment/web +4");
        check("a-b-5f6d7c8b9d-zzzzz", "Deployment/a-b +4");
        check("backup-29123450-x2x4z", "CronJob/backup +3");
        check("backup-29224456-x2x4z", "CronJob/backup +5");
        check("agent-x2x4z", "DaemonSet/agent +2");
        check("node-agent-x2x4z", "DaemonSet/node-agent +2");
        check("store-0", "StatefulSet/store +0");
        check("store-m2-17", "StatefulSet/store-m2 +0");
        check("web-7d4b9c8f6-24567", "Deployment/web +5");
    }

    #[test]
    fn other_names_tell_nothing() {
        for pod in ["web", "", "-", "web-", "-x2x4z", "web-aaaaa", "web-x2x4z1", "kube-proxy"] {
            check(pod, "-");
        }
    }
}
