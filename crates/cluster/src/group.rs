//! Containers that count as one: their usage is pooled, and they get the same values.

use plimsoll_domain::{Configuration, Configured, ContainerSpec, Grouping, Pod};

use crate::row::pod::PodRow;

/// The groups that hold for a workload.
pub(crate) fn groups(configuration: &Configuration) -> Vec<Grouping> {
    match &configuration.configured {
        Configured::Policy(policy) => policy.vertical.grouping.value.clone(),
        Configured::Unreadable(_) => Vec::new(),
    }
}

/// The containers of a template, each group once, with what its first member declares.
pub(crate) fn containers(specs: Vec<ContainerSpec>, groups: &[Grouping]) -> Vec<ContainerSpec> {
    if groups.is_empty() {
        return specs;
    }
    let mut once: Vec<ContainerSpec> = Vec::with_capacity(specs.len());
    for mut spec in specs {
        if let Some(name) = counts_as(&spec.name, groups) {
            spec.name = name.into();
        }
        if !once.iter().any(|other| other.name == spec.name) {
            once.push(spec);
        }
    }
    once
}

/// A pod whose containers know what they count as.
pub(crate) fn pod(row: &PodRow, groups: &[Grouping]) -> Pod {
    let mut pod = row.pod.clone();
    for container in pod.containers.iter_mut().filter(|_| !groups.is_empty()) {
        container.counts_as = counts_as(&container.name, groups).map(str::to_owned);
    }
    pod
}

/// The name of the group that a container is in. A container that is called like its group is in it
/// as well, beside others.
fn counts_as<'a>(container: &str, groups: &'a [Grouping]) -> Option<&'a str> {
    let name = Grouping::name_in(groups, container);
    groups.iter().map(|group| group.into.as_str()).find(|into| *into == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Resources;

    fn group(into: &str, contains: &[&str]) -> Grouping {
        let contains = contains.iter().map(|word| (*word).to_owned()).collect();
        Grouping { contains, into: into.to_owned() }
    }

    /// What containers become, and what each counts as.
    fn check(groups: &[Grouping], names: &[&str], once: &[&str], counts: &[Option<&str>]) {
        let spec =
            |name: &&str| ContainerSpec { name: (*name).into(), original: Resources::default() };
        let specs = containers(names.iter().map(spec).collect(), groups);
        let specs: Vec<_> = specs.iter().map(|spec| &*spec.name).collect();
        assert_eq!(specs, once);
        let counted: Vec<_> = names.iter().map(|name| counts_as(name, groups)).collect();
        assert_eq!(counted, counts);
    }

    #[test]
    fn containers_that_share_a_word_count_as_one() {
        check(
            &[group("worker", &["data-", "etl-"])],
            &["data-7f3", "proxy", "etl-1"],
            &["worker", "proxy"],
            &[Some("worker"), None, Some("worker")],
        );
    }

    #[test]
    fn a_container_called_like_the_group_is_in_it() {
        let names = ["data", "worker"];
        check(&[group("worker", &["data"])], &names, &["worker"], &[Some("worker"); 2]);
    }

    #[test]
    fn the_first_group_that_matches_wins() {
        let groups = [group("a", &["data"]), group("b", &["data", "etl"])];
        check(&groups, &["data-1", "etl-1"], &["a", "b"], &[Some("a"), Some("b")]);
    }

    #[test]
    fn without_groups_containers_stand_for_themselves() {
        check(&[], &["a", "b"], &["a", "b"], &[None, None]);
    }
}
