//! Usage taken in, by containers that have a week of it: each the only one of its pod and its workload,
//! read every 30 s. The peer on the same samples is `testbed/vpa`.
//! Run: `cargo bench -p plimsoll-engine`.

#![expect(clippy::unwrap_used, reason = "a broken benchmark ends")]

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plimsoll_domain::{
    Amount, ContainerKey, PerResource, Sample, Timestamp, WorkloadId, WorkloadKind,
};
use plimsoll_engine::{Engine, Settings};

const CONTAINERS: usize = 1_000;
const WEEK: usize = 7 * 2_880;
/// Readings in five minutes, at the end of which `auto` judges.
const READINGS: usize = 10;

fn ingest(criterion: &mut Criterion) {
    let mut fleet = Fleet::new();
    let mut group = criterion.benchmark_group("ingest");
    group.throughput(Throughput::Elements(u64::try_from(CONTAINERS * READINGS).unwrap()));
    group.bench_function("five minutes of 1,000 containers", |bencher| {
        bencher.iter(|| (0..READINGS).for_each(|_| fleet.read()));
    });
}

struct Fleet {
    engine: Engine,
    samples: Vec<Sample>,
    reading: usize,
}

impl Fleet {
    /// What one container lived through in a week, all did.
    fn new() -> Self {
        let mut fleet =
            Self { engine: Engine::new(Settings::default()), samples: vec![sample(0)], reading: 0 };
        (0..WEEK).for_each(|_| fleet.read());
        let lived = fleet.engine.snapshots().next().unwrap().1;
        fleet.samples = (0..CONTAINERS).map(sample).collect();
        for sample in &fleet.samples {
            fleet.engine.restore_snapshot(&sample.container, &lived).unwrap();
        }
        fleet
    }

    /// One reading of every container, and the tick that follows.
    fn read(&mut self) {
        let at = Timestamp::from_seconds(1_767_225_600 + i64::try_from(self.reading).unwrap() * 30);
        for (number, sample) in self.samples.iter_mut().enumerate() {
            (sample.at, sample.usage) = (at, usage(number, self.reading));
        }
        self.engine.observe_all(&self.samples);
        self.engine.pass(at);
        self.reading += 1;
    }
}

fn sample(number: usize) -> Sample {
    Sample {
        container: ContainerKey {
            workload: WorkloadId {
                namespace: format!("team-{}", number % 100).into(),
                kind: WorkloadKind::Deployment,
                name: format!("service-{number}").into(),
            },
            container: "app".into(),
        },
        pod: "0f2d1c3b-4a59-4e68-8776-95a4b3c2d1e0".into(),
        at: Timestamp::default(),
        age: Duration::from_hours(2),
        usage: PerResource::default(),
    }
}

/// CPU that wanders over a factor of four, memory over a factor of 1.2, without any rhythm.
fn usage(number: usize, reading: usize) -> PerResource<Option<Amount>> {
    let chance = |factor: usize| ((reading + number * 31) * factor % 10_007) as f64 / 10_007.0;
    PerResource {
        cpu: Amount::new(0.1 + 0.3 * chance(7919)),
        memory: Amount::new(4e8 + 8e7 * chance(6271)),
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = ingest
}
criterion_main!(benches);
