//! What a checkpoint of one container takes: `cargo run --release -p plimsoll-store --example
//! checkpoint` prints bytes in base64 by kind of usage, and how long it takes to make one.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::time::{Duration, Instant};

use plimsoll_domain::{
    Amount, ContainerKey, PerResource, Sample, Timestamp, WorkloadId, WorkloadKind,
};
use plimsoll_engine::{Engine, Settings};
use plimsoll_store::{seal, unseal};

/// 2026-01-01, midnight UTC.
const BEGIN: i64 = 1_767_225_600;

/// Usage of a container: spread of CPU (as sigma of a log-normal), spread of memory, pods, seconds a
/// pod lives.
struct Kind(&'static str, f64, f64, usize, i64);

const KINDS: [Kind; 6] = [
    Kind("idle, constant memory", 0.0, 0.0, 1, i64::MAX),
    Kind("calm: CPU by 10 %, memory by 1 %", 0.1, 0.01, 1, i64::MAX),
    Kind("noisy: CPU by 40 %, memory by 5 %", 0.4, 0.05, 1, i64::MAX),
    Kind("noisy, 20 pods", 0.4, 0.05, 20, i64::MAX),
    Kind("noisy, a new pod every 2 hours", 0.4, 0.05, 1, 7200),
    Kind("very noisy: CPU by a factor of 3", 1.1, 0.2, 3, i64::MAX),
];

fn main() -> Result<(), Box<dyn Error>> {
    for kind in &KINDS {
        let (engine, key) = week(kind);
        let begun = Instant::now();
        let bytes = engine.checkpoint(&key).ok_or("no history")?;
        let sealed = seal(&bytes).ok_or("too large")?;
        let made = begun.elapsed();
        let begun = Instant::now();
        let mut restored = Engine::new(Settings::default());
        let now = Timestamp::from_seconds(BEGIN + 7 * 86_400);
        restored.take_in_checkpoint(&key, &unseal(&sealed)?, now)?;
        let read = begun.elapsed();
        println!(
            "{:<40} {:>6} bytes, {:>6} sealed, {:>6} in base64; made in {made:?}, read in {read:?}",
            kind.0,
            bytes.len(),
            sealed.len(),
            sealed.len().div_ceil(3) * 4,
        );
    }
    Ok(())
}

fn week(Kind(_, cpu_spread, memory_spread, pods, lives): &Kind) -> (Engine, ContainerKey) {
    let workload =
        WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: "web".into() };
    let key = ContainerKey { workload, container: "app".into() };
    let mut engine = Engine::new(Settings::default());
    let mut noise = Noise(7);
    for second in (0..7 * 86_400).step_by(30) {
        let day = f64::from(second) / 86_400.0;
        let rhythm = 1.0 + 0.5 * (day * std::f64::consts::TAU).sin();
        let second = i64::from(second);
        for pod in 0..*pods {
            // As sources give it: whole nanocores, and pages of 4 KiB.
            let cpu = 2e8 * rhythm * (cpu_spread * noise.gauss()).exp();
            let pages = 1e5 * (1.0 + memory_spread * noise.gauss());
            let run = second / lives;
            let age = second - run * if *lives == i64::MAX { 0 } else { *lives };
            engine.observe(&Sample {
                container: key.clone(),
                pod: format!("0b6f7d5c-3c1e-4b52-9d0a-{run:08}{pod:04}").into(),
                at: Timestamp::from_seconds(BEGIN + second),
                age: Duration::from_secs(age.unsigned_abs()),
                usage: PerResource {
                    cpu: Amount::new(cpu.round() / 1e9),
                    memory: Amount::new(pages.round() * 4096.0),
                },
            });
        }
        engine.pass(Timestamp::from_seconds(BEGIN + second));
    }
    (engine, key)
}

/// Chance that is the same in every run.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        // Knuth's MMIX constants.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1 << 24)
    }

    /// Mean 0, deviation 1: twelve uniforms have variance 1.
    fn gauss(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
