//! The least memory that kills for exceeding the limit have taught.

use std::time::Duration;

use plimsoll_domain::{Amount, ContainerSpec, OomFloor, Policy, Resource, Timestamp, Workload};
use plimsoll_history::{ContainerHistory, Span};

use crate::Engine;

/// A killed container wanted more than it could have, by an unknown amount: a fifth more than the
/// most it is known to have had (spec: 1.2 x the greater of working set and limit).
const RAISE: f64 = 1.2;

/// The most a floor may be of the greatest memory that is known to make sense: one, and an overhead
/// of 2.5, the most a person can ask for. Each kill raises the limit that the next floor is computed
/// from, so that a container that leaks would be given ever more until its node is full; one that
/// needs more than this is to be looked at, not fed.
const MOST: f64 = 3.5;

/// How far back the greatest memory is looked for: all that is remembered.
const REMEMBERED: Duration = Duration::from_hours(8 * 24);

/// The floors in force, in the template's order: those remembered, raised by kills that came after.
///
/// While kills go on, the greatest floor stays until the last of them is out of the window: the
/// policy's own, else memory's look-back. There are none where the policy wants no remedy. A kill no
/// newer than the remembered one is already counted: read again after a restart it may be
/// told with the limit of today, which would raise the floor with no new kill.
pub(crate) fn floors(
    engine: &Engine,
    workload: &Workload,
    policy: &Policy,
    now: Timestamp,
) -> Vec<OomFloor> {
    if !policy.vertical.oom_remediation.value {
        return Vec::new();
    }
    let look_back = policy.resources.memory.look_back.value;
    let window = policy.vertical.oom_window.value.unwrap_or(look_back);
    let floors = workload.containers.iter().filter_map(|spec| {
        let name = &spec.name;
        let container = engine.of(workload, name);
        let history = container.map(|container| &container.history);
        let remembered = workload.state.oom_floors.iter().find(|floor| *floor.container == **name);
        let floors = remembered.cloned().into_iter().chain(kills(name, history));
        let floors = floors.filter(|floor| now.since(floor.killed_at) < window);
        let floor = floors.reduce(joined)?;
        let most = most(spec, history, now).or_else(|| remembered.map(|floor| floor.floor));
        // Each kill raises what is seen, too: growth without end has a bound of its own.
        let grown = container.and_then(|container| container.auto.memory_most());
        let most = [most, grown].into_iter().flatten().min();
        Some(OomFloor { floor: most.map_or(floor.floor, |most| floor.floor.min(most)), ..floor })
    });
    floors.collect()
}

/// What no floor of the container exceeds: [`MOST`] of the greatest memory seen in it or, where that
/// is more, of what its template gives it, since a kill under that limit says that even this was too
/// little, however little was seen between two samples. `None` where neither is known.
fn most(
    spec: &ContainerSpec,
    history: Option<&ContainerHistory>,
    now: Timestamp,
) -> Option<Amount> {
    let span = Span { look_back: REMEMBERED, startup: Duration::ZERO, now };
    let seen = history.and_then(|history| history.window(Resource::Memory, &span).max(1));
    let given = spec.original.memory.limit.or(spec.original.memory.request);
    Amount::new(seen.max(given)?.value() * MOST)
}

/// The floor of one container.
pub(crate) fn of(floors: &[OomFloor], container: &str) -> Option<Amount> {
    let found = floors.iter().find(|floor| floor.container == container);
    found.map(|floor| floor.floor)
}

/// What the history's kills give, oldest first.
fn kills(container: &str, history: Option<&ContainerHistory>) -> Vec<OomFloor> {
    let kills = history.map_or(&[][..], ContainerHistory::oom_kills);
    let mut floors: Vec<OomFloor> = kills
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
