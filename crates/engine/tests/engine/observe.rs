//! Many samples at once are as many samples one by one.

use std::time::Duration;

use plimsoll_domain::{Amount, ContainerKey, PerResource, Sample};
use plimsoll_engine::{Engine, Settings};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixture::{NOW, Scene, memory, uid};

/// Container, pod and millicores of each sample of each tick: containers in any order, some never seen
/// before, some pods told of twice.
fn any_ticks() -> impl Strategy<Value = Vec<Vec<(u8, usize, u32)>>> {
    vec(vec((0..6_u8, 0..3_usize, 1..1000_u32), 0..12), 1..8)
}

fn samples(ticks: &[Vec<(u8, usize, u32)>]) -> Vec<Vec<Sample>> {
    let workload = Scene::test().workload.id;
    let sample = |tick: u64, (container, pod, millicores): &(u8, usize, u32)| Sample {
        container: ContainerKey {
            workload: workload.clone(),
            container: container.to_string().into(),
        },
        pod: uid(*pod).into(),
        at: NOW.plus(Duration::from_mins(3 * tick)),
        age: Duration::from_hours(1),
        usage: PerResource {
            cpu: Some(Amount::from_millicores(*millicores)),
            memory: memory(*millicores),
        },
    };
    let tick =
        |(number, samples): (u64, &Vec<_>)| samples.iter().map(|of| sample(number, of)).collect();
    (0..).zip(ticks).map(tick).collect()
}

proptest! {
    #[test]
    fn all_at_once_or_one_by_one(ticks in any_ticks()) {
        let mut at_once = Engine::new(Settings::default());
        let mut one_by_one = Engine::new(Settings::default());
        for tick in samples(&ticks) {
            let new = tick.iter().filter(|sample| one_by_one.observe(sample)).count();
            prop_assert_eq!(at_once.observe_all(&tick), u64::try_from(new).unwrap());
        }
        let all = |engine: &Engine| -> Vec<_> {
            engine.snapshots().map(|(key, bytes)| (key.clone(), bytes)).collect()
        };
        prop_assert_eq!(all(&at_once), all(&one_by_one));
    }
}
