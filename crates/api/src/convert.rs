//! The decision state between its object's status and the domain, by exhaustive destructuring.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff;

use plimsoll_domain::{
    DecisionState, Grouping, Move, OomFloor, Published, Resource, Resources, Timestamp,
};

use crate::crd::{
    ContainerResources, GroupingStatus, MoveStatus, OomFloorStatus, PublishedStatus,
    ScaledWorkloadStatus,
};
use crate::quantity::{format_quantity, parse_quantity, resources_from_k8s, resources_to_k8s};

/// The decision state that a status holds.
pub fn state_from_status(status: &ScaledWorkloadStatus) -> DecisionState {
    DecisionState {
        published: status.published.as_ref().map(published_from),
        last_move: status.last_move.as_ref().map(|MoveStatus { at, containers }| Move {
            at: timestamp(at),
            containers: containers.iter().map(container_from).collect(),
        }),
        moves: u64::try_from(status.moves).unwrap_or(0),
        oom_floors: status.oom_floors.iter().filter_map(floor_from).collect(),
    }
}

/// Writes the decision state into a status; the rest of the status is left alone.
pub fn state_to_status(state: &DecisionState, status: &mut ScaledWorkloadStatus) {
    let DecisionState { published, last_move, moves, oom_floors } = state;
    status.published = published.as_ref().map(published_to);
    status.last_move = last_move.as_ref().map(|Move { at, containers }| MoveStatus {
        at: time(*at),
        containers: containers.iter().map(container_to).collect(),
    });
    status.moves = i64::try_from(*moves).unwrap_or(i64::MAX);
    status.oom_floors = oom_floors.iter().map(floor_to).collect();
}

/// A point in time as Kubernetes has it.
pub fn timestamp(time: &Time) -> Timestamp {
    Timestamp::from_seconds(time.0.as_second())
}

/// A point in time as Kubernetes wants it; beyond the year 9999 the epoch stands in.
pub fn time(at: Timestamp) -> Time {
    Time(jiff::Timestamp::from_second(at.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

fn published_from(PublishedStatus { containers, grouping }: &PublishedStatus) -> Published {
    let grouping = grouping.iter().map(|GroupingStatus { contains, into }| Grouping {
        contains: contains.clone(),
        into: into.clone(),
    });
    Published {
        containers: containers.iter().map(container_from).collect(),
        grouping: grouping.collect(),
    }
}

fn published_to(Published { containers, grouping }: &Published) -> PublishedStatus {
    let grouping = grouping.iter().map(|Grouping { contains, into }| GroupingStatus {
        contains: contains.clone(),
        into: into.clone(),
    });
    PublishedStatus {
        containers: containers.iter().map(container_to).collect(),
        grouping: grouping.collect(),
    }
}

fn container_from(
    ContainerResources { name, resources }: &ContainerResources,
) -> (String, Resources) {
    (name.clone(), resources_from_k8s(Some(resources)))
}

fn container_to((name, resources): &(String, Resources)) -> ContainerResources {
    ContainerResources { name: name.clone(), resources: resources_to_k8s(resources) }
}

fn floor_from(OomFloorStatus { container, floor, killed_at }: &OomFloorStatus) -> Option<OomFloor> {
    Some(OomFloor {
        container: container.clone(),
        floor: parse_quantity(floor).ok()?,
        killed_at: timestamp(killed_at),
    })
}

fn floor_to(OomFloor { container, floor, killed_at }: &OomFloor) -> OomFloorStatus {
    OomFloorStatus {
        container: container.clone(),
        floor: format_quantity(Resource::Memory, *floor),
        killed_at: time(*killed_at),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_domain::{Allocation, Amount};

    use super::*;

    #[test]
    fn a_state_survives_its_status() {
        let resources = Resources {
            cpu: Allocation { request: Some(Amount::from_millicores(220)), limit: None },
            memory: Allocation {
                request: Some(Amount::from_mebibytes(451)),
                limit: Some(Amount::from_mebibytes(677)),
            },
        };
        let containers =
            vec![("app".to_owned(), resources), ("log".to_owned(), Resources::default())];
        let at = Timestamp::from_seconds(1_763_900_000);
        let group = Grouping { contains: vec!["job-".to_owned()], into: "job".to_owned() };
        let state = DecisionState {
            published: Some(Published { containers: containers.clone(), grouping: vec![group] }),
            last_move: Some(Move { at, containers }),
            moves: 7,
            oom_floors: vec![OomFloor {
                container: "app".into(),
                floor: Amount::new(123_456_789.0).unwrap(),
                killed_at: at,
            }],
        };
        let mut status = ScaledWorkloadStatus::default();
        state_to_status(&state, &mut status);
        let text = serde_json::to_string(&status).unwrap();
        let read: ScaledWorkloadStatus = serde_json::from_str(&text).unwrap();
        assert_eq!(state_from_status(&read), state);
    }

    fn allocation(request: Option<u32>, limit: Option<u32>, of: fn(u32) -> Amount) -> Allocation {
        Allocation { request: request.map(of), limit: limit.map(of) }
    }

    proptest::proptest! {
        #[test]
        fn any_resources_survive_with_what_is_absent_absent(
            cpu in proptest::prelude::any::<(Option<u32>, Option<u32>)>(),
            memory in proptest::prelude::any::<(Option<u32>, Option<u32>)>(),
            at in -1_000_000_000_i64..100_000_000_000,
            moves in 0..i64::MAX.unsigned_abs(),
        ) {
            let resources = Resources {
                cpu: allocation(cpu.0, cpu.1, Amount::from_millicores),
                memory: allocation(memory.0, memory.1, Amount::from_mebibytes),
            };
            let at = Timestamp::from_seconds(at);
            let last_move = Some(Move { at, containers: vec![("app".into(), resources)] });
            let state = DecisionState { last_move, moves, ..DecisionState::default() };
            let mut status = ScaledWorkloadStatus::default();
            state_to_status(&state, &mut status);
            let text = serde_json::to_string(&status).unwrap();
            let read: ScaledWorkloadStatus = serde_json::from_str(&text).unwrap();
            proptest::prop_assert_eq!(state_from_status(&read), state);
        }
    }
}
