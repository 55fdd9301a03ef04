//! The name of the object that speaks of a workload.

use plimsoll_domain::WorkloadId;

/// Names of objects have at most 253 characters; a label value that repeats one has 63. Staying
/// below that lets the name be used as a label.
const LENGTH_MAX: usize = 63;

/// `<name>-<kind in lower case>`; where that is too long, cut and ended with a hash of the whole.
pub fn scaled_workload_name(workload: &WorkloadId) -> String {
    let name = format!("{}-{}", workload.name, workload.kind.name().to_ascii_lowercase());
    if name.len() <= LENGTH_MAX {
        return name;
    }
    let hash = format!("-{:08x}", fnv1a(name.as_bytes()));
    let mut kept = LENGTH_MAX - hash.len();
    while !name.is_char_boundary(kept) {
        kept -= 1;
    }
    let cut = name.get(..kept).unwrap_or_default().trim_end_matches(['-', '.']);
    format!("{cut}{hash}")
}

/// FNV-1a, 32 bits: stable across versions and platforms, which the standard hasher is not.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use plimsoll_domain::WorkloadKind;

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
    fn a_name_stays_the_same_from_version_to_version() {
        let cut = "a".repeat(54);
        assert_eq!(name(&"a".repeat(100)), format!("{cut}-bc2721b3"));
    }

    proptest::proptest! {
        #[test]
        fn every_name_is_one_that_kubernetes_takes(of in "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9](\\.[a-z0-9]{1,9}){0,9})?") {
            let name = name(&of);
            proptest::prop_assert!(name.len() <= LENGTH_MAX);
            for part in name.split('.') {
                proptest::prop_assert!(!part.is_empty() && !part.starts_with('-') && !part.ends_with('-'), "{name}");
            }
        }
    }
}
