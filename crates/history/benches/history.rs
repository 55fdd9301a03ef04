//! What one sample and one question cost, on a pod with a week of noisy history.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use plimsoll_domain::{
    Amount, ContainerKey, PerResource, Quantile, Resource, Sample, Timestamp, WorkloadId,
    WorkloadKind,
};
use plimsoll_history::{ContainerHistory, Span};

/// 2026-01-01, midnight UTC.
const BEGIN: i64 = 1_767_225_600;

/// A week of samples every 30 s.
const WEEK: i64 = 7 * 2880;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    observe(&mut criterion);
    ask(&mut criterion);
    criterion.final_summary();
}

fn observe(criterion: &mut Criterion) {
    let week = mk_week();
    let next: Vec<Sample> = (WEEK..WEEK + 1000).map(mk_sample).collect();
    criterion.bench_function("observe 1000 samples (8.3 h, packing included)", |bench| {
        bench.iter_batched_ref(
            || week.clone(),
            |history| {
                for sample in &next {
                    history.observe(sample);
                }
            },
            BatchSize::LargeInput,
        );
    });
}

fn ask(criterion: &mut Criterion) {
    let week = mk_week();
    let p80 = Quantile::new(0.8);
    for hours in [24, 168] {
        let span = Span {
            look_back: Duration::from_hours(hours),
            startup: Duration::from_mins(2),
            now: mk_sample(WEEK).at,
        };
        criterion.bench_function(&format!("window of {hours} h and its p80"), |bench| {
            bench.iter(|| {
                let window = week.window(Resource::Cpu, black_box(&span));
                p80.and_then(|p80| window.mean_quantile(p80, 10))
            });
        });
        criterion.bench_function(&format!("coverage of {hours} h"), |bench| {
            bench.iter(|| week.coverage(black_box(span.look_back), span.now));
        });
    }
    criterion.bench_function("snapshot", |bench| bench.iter(|| week.snapshot()));
    let bytes = week.snapshot();
    criterion.bench_function("restore", |bench| {
        bench.iter(|| ContainerHistory::restore(black_box(&bytes)));
    });
}

fn mk_week() -> ContainerHistory {
    let mut history = ContainerHistory::new();
    for index in 0..WEEK {
        history.observe(&mk_sample(index));
    }
    history
}

/// CPU that wanders over a factor of four, memory over a factor of 1.2, without any rhythm.
fn mk_sample(index: i64) -> Sample {
    let chance = |factor: i64| (index * factor % 10_007) as f64 / 10_007.0;
    Sample {
        container: ContainerKey {
            workload: WorkloadId {
                namespace: "shop".into(),
                kind: WorkloadKind::Deployment,
                name: "web".into(),
            },
            container: "app".into(),
        },
        pod: "0b6f7d5c-3c1e-4b52-9d0a-5d2c8f3e9a71".into(),
        at: Timestamp::from_seconds(BEGIN + index * 30),
        age: Duration::from_hours(2),
        usage: PerResource {
            cpu: Amount::new(0.1 * 4f64.powf(chance(7919))),
            memory: Amount::new(4e8 * (1.0 + 0.2 * chance(6101))),
        },
    }
}
