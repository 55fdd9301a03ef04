//! Many samples at once are as many samples one by one, whatever is known of where the last ones went.

use std::time::Duration;

use plimsoll_domain::{Amount, ContainerKey, PerResource, Sample, Timestamp};
use plimsoll_engine::{Engine, Settings};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixture::{NOW, Scene, memory, uid};

/// Container, pod, millicores and how many minutes ago.
type Reading = (u8, usize, u32, u64);

/// The minutes before each tick, and its samples: containers in any order, some never seen before, some
/// pods told of twice, some late; after nine days all is forgotten that is not told of again.
fn any_ticks() -> impl Strategy<Value = Vec<(u64, Vec<Reading>)>> {
    let minutes = prop_oneof![6 => Just(3_u64), 1 => Just(9 * 24 * 60)];
    let late = prop_oneof![4 => Just(0_u64), 1 => 1..20_u64];
    let reading = (0..6_u8, 0..3_usize, 1..1000_u32, late);
    vec((minutes, vec(reading, 0..12)), 1..12)
}

fn sample(at: Timestamp, (container, pod, millicores, late): &Reading) -> Sample {
    Sample {
        container: ContainerKey {
            workload: Scene::test().workload.id,
            container: container.to_string().into(),
        },
        pod: uid(*pod).into(),
        at: at.minus(Duration::from_mins(*late)),
        age: Duration::from_hours(1),
        usage: PerResource {
            cpu: Some(Amount::from_millicores(*millicores)),
            memory: memory(*millicores),
        },
    }
}

proptest! {
    #[test]
    fn all_at_once_or_one_by_one(ticks in any_ticks()) {
        let mut at_once = Engine::new(Settings::default());
        let mut one_by_one = Engine::new(Settings::default());
        let mut now = NOW;
        for (minutes, readings) in &ticks {
            now = now.plus(Duration::from_mins(*minutes));
            let samples: Vec<Sample> = readings.iter().map(|reading| sample(now, reading)).collect();
            let new = samples.iter().filter(|sample| one_by_one.observe(sample)).count();
            prop_assert_eq!(at_once.observe_all(&samples), u64::try_from(new).unwrap());
            for engine in [&mut at_once, &mut one_by_one] {
                engine.pass(now);
                engine.forget(now);
            }
            let all = |engine: &Engine| -> Vec<_> {
                engine.snapshots().map(|(key, bytes)| (key.clone(), bytes)).collect()
            };
            prop_assert_eq!(all(&at_once), all(&one_by_one));
        }
    }
}
