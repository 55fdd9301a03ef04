//! A tick of the whole line over 1,000 workloads of one pod each, with a day of history: collect,
//! observe, evaluate, ration, publish, on the simulated cluster. Run: `cargo bench -p plimsoll-replay`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken benchmark ends")]

#[path = "../tests/configure/mod.rs"]
mod configure;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll_domain::{
    Allocation, Amount, ContainerSpec, PerResource, Resources, Timestamp, WorkloadId, WorkloadKind,
};
use plimsoll_engine::{Engine, Settings};
use plimsoll_pipeline::{ChangeBudget, Line, Role, Tick};
use plimsoll_replay::simulate::{SimulatedCluster, SimulatedPorts, SimulatedWorkload, Usage};

use configure::configure;

const WORKLOADS: u32 = 1000;
const TICK: Tick = Tick { collect: true, evaluate: true, role: Role::Leader };

fn cluster() -> SimulatedPorts {
    let size = PerResource {
        cpu: Amount::from_millicores(64_000),
        memory: Amount::from_mebibytes(256 * 1024),
    };
    let mut cluster = SimulatedCluster::new(Timestamp::from_seconds(1_767_571_200), size);
    let text = "vertical:\n  optimization: on\n";
    for i in 0..WORKLOADS {
        let id = WorkloadId {
            namespace: format!("team-{}", i % 20).into(),
            kind: WorkloadKind::Deployment,
            name: format!("service-{i}").into(),
        };
        let request = |amount| Allocation { request: Some(amount), limit: None };
        let original = Resources {
            cpu: request(Amount::from_millicores(500)),
            memory: request(Amount::from_mebibytes(512)),
        };
        // A saw tooth of half an hour, another height for each workload.
        let usage: Usage = Arc::new(move |_, elapsed: Duration| {
            let phase = u32::try_from(elapsed.as_secs() / 60 % 30).unwrap();
            PerResource {
                cpu: Amount::from_millicores(50 + i % 200 + phase),
                memory: Amount::from_mebibytes(100 + i % 100 + phase),
            }
        });
        let spec = ContainerSpec { name: "app".into(), original };
        let configuration = configure(&id, Some(text));
        cluster.add(SimulatedWorkload::new(id, vec![spec], configuration, vec![usage]));
    }
    SimulatedPorts::new(cluster)
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a simulated port is always ready"),
    }
}

fn tick(criterion: &mut Criterion) {
    let cluster = cluster();
    let engine = Engine::new(Settings::default());
    let mut line = Line::new(engine, cluster.for_line(), ChangeBudget::new(10));
    for _ in 0..288 {
        cluster.cluster().step(Duration::from_mins(5));
        ready(line.tick(Tick { evaluate: false, ..TICK }));
    }
    criterion.bench_function("tick over 1,000 workloads", |bencher| {
        bencher.iter(|| {
            cluster.cluster().step(Duration::from_mins(1));
            let report = ready(line.tick(TICK));
            assert_eq!(report.evaluations.len(), 1000);
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = tick
}
criterion_main!(benches);
