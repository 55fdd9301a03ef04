//! Samples and histories for tests.

use std::time::Duration;

use plimsoll_domain::{
    Amount, ContainerKey, PerResource, Quantile, Sample, Timestamp, WorkloadId, WorkloadKind,
};
use plimsoll_history::{ContainerHistory, Span};

/// Midnight UTC of 2026-01-01: the beginning of all tests.
const BEGIN: i64 = 1_767_225_600;

pub(crate) fn mk_time(second: i64) -> Timestamp {
    Timestamp::from_seconds(BEGIN + second)
}

pub(crate) fn mk_sample(pod: &str, second: i64, age_s: u64, cpu: f64, memory: f64) -> Sample {
    Sample {
        container: ContainerKey {
            workload: WorkloadId {
                namespace: "shop".into(),
                kind: WorkloadKind::Deployment,
                name: "web".into(),
            },
            container: "app".into(),
        },
        pod: pod.into(),
        at: mk_time(second),
        age: Duration::from_secs(age_s),
        usage: PerResource { cpu: Amount::new(cpu), memory: Amount::new(memory) },
    }
}

pub(crate) fn mk_span(look_back_hours: u64, startup_s: u64, now: i64) -> Span {
    Span {
        look_back: Duration::from_hours(look_back_hours),
        startup: Duration::from_secs(startup_s),
        now: mk_time(now),
    }
}

pub(crate) fn mk_quantile(value: f64) -> Quantile {
    Quantile::new(value).unwrap()
}

/// One pod, 3 hours old at second 0, with a week of noisy usage every 30 s: CPU with a daily rhythm,
/// spread by a factor of 1.5 around it (log-normal, sigma 0.4); memory that grows by a fifth over
/// the week, spread by 5 %.
pub(crate) fn mk_noisy_week(pod: &str) -> ContainerHistory {
    let mut history = ContainerHistory::new();
    let mut noise = Noise(7);
    for second in (0..7 * 86_400).step_by(30) {
        let day = f64::from(second) / 86_400.0;
        let rhythm = 1.0 + 0.5 * (day * std::f64::consts::TAU).sin();
        let cpu = 0.2 * rhythm * (0.4 * noise.gauss()).exp();
        let memory = 4e8 * (1.0 + day / 35.0) * (1.0 + 0.05 * noise.gauss());
        let age = u64::try_from(second).unwrap() + 10_800;
        history.observe(&mk_sample(pod, i64::from(second), age, cpu, memory));
    }
    history
}

/// Chance that is the same in every run.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    /// Between 0 and 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        // Knuth's MMIX constants.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1 << 24)
    }

    /// Mean 0, deviation 1: twelve uniforms have variance 1.
    pub(crate) fn gauss(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
