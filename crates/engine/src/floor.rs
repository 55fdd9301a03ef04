//! The least memory that kills for exceeding the limit have taught.

use std::time::Duration;

use plimsoll_domain::{Amount, ContainerKey, OomFloor, Timestamp, Workload};

use crate::Histories;

/// A killed container wanted more than it could have, by an unknown amount: a fifth more than the
/// most it is known to have had (spec: 1.2 x the greater of working set and limit).
const RAISE: f64 = 1.2;

/// The floors in force, in the template's order: those remembered, raised by kills that came after.
///
/// While kills go on, the greatest floor stays until the last of them is out of the look-back. A
/// kill no newer than the remembered one is already counted: read again after a restart it may be
/// told with the limit of today, which would raise the floor with no new kill.
pub(crate) fn floors(
    workload: &Workload,
    histories: &Histories,
    look_back: Duration,
    now: Timestamp,
) -> Vec<OomFloor> {
    let names = workload.containers.iter().map(|spec| &spec.name);
    names
        .filter_map(|name| {
            let remembered = workload.state.oom_floors.iter();
            let remembered = remembered.filter(|floor| &floor.container == name).cloned();
            let floors = remembered.chain(kills(workload, name, histories));
            floors.filter(|floor| now.since(floor.killed_at) < look_back).reduce(joined)
        })
        .collect()
}

/// The floor of one container.
pub(crate) fn of(floors: &[OomFloor], container: &str) -> Option<Amount> {
    let found = floors.iter().find(|floor| floor.container == container);
    found.map(|floor| floor.floor)
}

/// What the history's kills give, oldest first.
fn kills(workload: &Workload, container: &str, histories: &Histories) -> Vec<OomFloor> {
    let key = ContainerKey { workload: workload.id.clone(), container: container.to_owned() };
    let Some(history) = histories.get(&key) else {
        return Vec::new();
    };
    let mut floors: Vec<OomFloor> = history
        .oom_kills()
        .iter()
        .filter_map(|kill| {
            let most = kill.working_set.max(kill.limit)?;
            Some(OomFloor {
                container: container.to_owned(),
                floor: Amount::new(most.value() * RAISE)?,
                killed_at: kill.at,
            })
        })
        .collect();
    floors.sort_by_key(|floor| floor.killed_at);
    floors
}

fn joined(earlier: OomFloor, later: OomFloor) -> OomFloor {
    if later.killed_at <= earlier.killed_at {
        return earlier;
    }
    OomFloor { floor: earlier.floor.max(later.floor), ..later }
}
