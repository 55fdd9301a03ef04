//! The name of the object that speaks of a workload.

use plimsoll_domain::{WorkloadId, WorkloadKind};

/// Names of objects have at most 253 characters; a label value that repeats one has 63. Staying
/// below that lets the name be used as a label.
const LENGTH_MAX: usize = 63;

/// `<name>-<kind in lower case>`; where that is too long, or no name that Kubernetes takes (the name
/// of a custom workload is a label's value, which may have capitals and underscores), made one and
/// ended with a hash of the whole, so that no two workloads have one name.
pub fn scaled_workload_name(workload: &WorkloadId) -> String {
    let kind = workload.kind.name().to_ascii_lowercase();
    let name = format!("{}-{kind}", workload.name);
    if name.len() <= LENGTH_MAX && is_valid(&name) && !reads_as_custom(workload, &kind) {
        return name;
    }
    let hash = format!("-{:08x}", fnv1a(name.as_bytes()));
    let valid = made_valid(&name);
    let kept = valid.len().min(LENGTH_MAX - hash.len());
    let cut = valid.get(..kept).unwrap_or_default().trim_end_matches(['-', '.']);
    format!("{cut}{hash}")
}

/// Whether a workload that is no custom one would get the name of one: `web-custom-deployment`.
fn reads_as_custom(workload: &WorkloadId, kind: &str) -> bool {
    let is_custom = matches!(workload.kind, WorkloadKind::Custom(_));
    !is_custom && (workload.name.ends_with("-custom") || kind.starts_with("custom-"))
}

/// Whether a name is parts of lower-case letters, digits and hyphens, divided by dots, and no part
/// begins or ends with a hyphen.
fn is_valid(name: &str) -> bool {
    name.split('.').all(|part| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    })
}

/// The same name in characters that are allowed: one byte for each, so that it can be cut anywhere.
fn made_valid(name: &str) -> String {
    let parts = name.split('.').map(|part| {
        let allowed = part.chars().map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '-',
        });
        allowed.collect::<String>().trim_matches('-').to_owned()
    });
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(".")
}

/// FNV-1a, 32 bits: stable across versions and platforms, which the standard hasher is not.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> String {
        scaled_workload_name(&WorkloadId {
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: name.into(),
        })
    }

    #[test]
    fn a_name_says_which_workload_and_stays_short() {
        assert_eq!(name("web"), "web-deployment");
        let long = "a".repeat(100);
        assert_eq!(name(&long).len(), 63);
        assert_ne!(name(&long), name(&format!("{long}b")));
    }

    #[test]
    fn a_label_value_becomes_a_name_that_kubernetes_takes() {
        let name = |value: &str| {
            scaled_workload_name(&WorkloadId {
                namespace: "shop".into(),
                kind: WorkloadKind::custom("Job"),
                name: value.into(),
            })
        };
        assert_eq!(name("nightly"), "nightly-custom-job");
        assert_eq!(name("Nightly_ETL"), "nightly-etl-custom-job-dc1722ec");
        assert_ne!(name("nightly_etl"), name("Nightly_ETL"));
        assert_eq!(name("a._.b"), "a.b-custom-job-3cebd85b");
        assert_eq!(name("a..b"), "a.b-custom-job-cb11a3b4");
    }

    #[test]
    fn no_other_workload_has_the_name_of_a_custom_one() {
        let custom = scaled_workload_name(&WorkloadId {
            namespace: "shop".into(),
            kind: WorkloadKind::custom("Deployment"),
            name: "web".into(),
        });
        assert_eq!(custom, "web-custom-deployment");
        let hash = "cd80bc8d";
        assert_eq!(name("web-custom"), format!("web-custom-deployment-{hash}"));
    }

    #[test]
    fn a_name_stays_the_same_from_version_to_version() {
        let cut = "a".repeat(54);
        assert_eq!(name(&"a".repeat(100)), format!("{cut}-bc2721b3"));
    }

    proptest::proptest! {
        #[test]
        fn every_name_is_one_that_kubernetes_takes(of in "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?") {
            let name = name(&of);
            proptest::prop_assert!(name.len() <= LENGTH_MAX);
            proptest::prop_assert!(is_valid(&name), "{name}");
        }
    }
}
