//! What a fleet costs the store: `cargo run --release -p plimsoll-store --example scale -- 100000`
//! prints times and sizes of saving, restoring, and cells. The directory may be named after the
//! number; else it is one below the system's for temporary files.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plimsoll_domain::{
    Amount, ContainerKey, PerResource, Sample, Timestamp, UsageCell, WorkloadId, WorkloadKind,
};
use plimsoll_engine::{Engine, Settings};
use plimsoll_store::{Store, StoredCells};

/// 2026-01-01, midnight UTC.
const BEGIN: i64 = 1_767_225_600;

/// A week of samples every 30 s.
const WEEK: i64 = 7 * 2880;

/// Containers whose past was watched; the others have one of theirs.
const WATCHED: usize = 16;

/// Ticks of cells that are written: an hour's.
const CELL_TICKS: i64 = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let count = args.next().map_or(Ok(100_000), |text| text.parse())?;
    let dir = args.next().map_or_else(
        || std::env::temp_dir().join(format!("plimsoll-scale-{}", std::process::id())),
        PathBuf::from,
    );
    let keys: Vec<ContainerKey> = (0..count).map(key).collect();
    let measured = snapshots(&dir, &keys).and_then(|()| cells(&dir, &keys));
    std::fs::remove_dir_all(&dir)?;
    measured
}

fn snapshots(dir: &Path, keys: &[ContainerKey]) -> Result<(), Box<dyn Error>> {
    let mut engine = fleet(keys)?;
    println!("{} containers with a week of history, resident {}", keys.len(), resident()?);
    let mut store = Store::open(dir)?;
    for round in ["first", "second"] {
        let begun = Watch::start()?;
        let saved = store.save(engine.snapshots())?;
        let took = begun.read()?;
        let megabytes = store.snapshot_bytes() as f64 / 1e6;
        println!(
            "{round} snapshot of {saved}: {took}, {megabytes:.0} MB; resident {}",
            resident()?
        );
        for (key, n) in keys.iter().zip(0..) {
            engine.observe(&sample(key, n, WEEK));
        }
    }
    drop((store, engine));
    let begun = Watch::start()?;
    let mut engine = Engine::new(Settings::default());
    let mut refused = 0;
    Store::open(dir)?.restore(&mut |key, bytes| {
        refused += u64::from(engine.restore_snapshot(&key, bytes).is_err());
    })?;
    let took = begun.read()?;
    let restored = engine.histories().count();
    println!("restored {restored} ({refused} refused): {took}; resident {}", resident()?);
    Ok(())
}

fn cells(dir: &Path, keys: &[ContainerKey]) -> Result<(), Box<dyn Error>> {
    let mut store = Store::open(dir)?;
    store.restore(&mut |_, _| {})?;
    for tick in 0..CELL_TICKS {
        let start = Timestamp::from_seconds(BEGIN + 300 * tick);
        let told: Vec<(ContainerKey, UsageCell)> =
            keys.iter().zip(0..).map(|(key, n)| (key.clone(), cell(n, tick, start))).collect();
        let begun = Watch::start()?;
        store.append_cells(told)?;
        if tick < 2 || tick == CELL_TICKS - 1 {
            println!("cells of tick {tick}: {}; resident {}", begun.read()?, resident()?);
        }
    }
    let file = std::fs::read_dir(dir.join("cells"))?.next().ok_or("no file of cells")??;
    let bytes = file.metadata()?.len();
    let each = bytes as f64 / (keys.len() as f64 * CELL_TICKS as f64);
    println!(
        "{each:.2} bytes a cell, names included; a day of 288 ticks {:.0} MB",
        each * 288.0 * keys.len() as f64 / 1e6
    );
    let begun = Watch::start()?;
    let mut stored = StoredCells::open(dir, Timestamp::from_seconds(0))?;
    let opened = begun.read()?;
    let begun = Watch::start()?;
    let found = stored.of(keys.last().ok_or("no containers")?, Timestamp::from_seconds(0))?.len();
    println!("opened in {opened}, {found} cells of one container in {}", begun.read()?);
    Ok(())
}

/// Containers with a week of noisy usage.
fn fleet(keys: &[ContainerKey]) -> Result<Engine, Box<dyn Error>> {
    let mut watched = Engine::new(Settings::default());
    for (key, n) in keys.iter().take(WATCHED).zip(0..) {
        for tick in 0..WEEK {
            let sample = sample(key, n, tick);
            watched.observe(&sample);
            if tick % 10 == 0 {
                watched.pass(sample.at);
            }
        }
    }
    let pasts: Vec<Vec<u8>> = watched.snapshots().map(|(_, bytes)| bytes).collect();
    let mut engine = Engine::new(Settings::default());
    let begun = Watch::start()?;
    for (key, past) in keys.iter().zip(pasts.iter().cycle()) {
        engine.restore_snapshot(key, past)?;
    }
    println!("the engine alone took {} to take their snapshots in", begun.read()?);
    let begun = Watch::start()?;
    let bytes: usize = engine.snapshots().map(|(_, bytes)| bytes.len()).sum();
    println!("and {} to make {:.0} MB of them", begun.read()?, bytes as f64 / 1e6);
    Ok(engine)
}

fn key(n: usize) -> ContainerKey {
    ContainerKey {
        workload: WorkloadId {
            namespace: format!("team-{:03}", n / 200).into(),
            kind: WorkloadKind::Deployment,
            name: format!("service-{n:06}").into(),
        },
        container: "app".into(),
    }
}

fn sample(key: &ContainerKey, n: u64, tick: i64) -> Sample {
    let at = Timestamp::from_seconds(BEGIN + 30 * tick);
    Sample {
        container: key.clone(),
        pod: "0b6f7d5c-3c1e-4b52-9d0a-5d2c8f3e9a71".into(),
        at,
        age: Duration::from_hours(1),
        usage: PerResource { cpu: usage(0.2, 0.4, n, tick), memory: usage(4e8, 0.05, n, tick) },
    }
}

fn cell(n: u64, tick: i64, start: Timestamp) -> UsageCell {
    // The sizes of containers differ by a factor of a thousand.
    let size = 1.0 + (noise(n, -1) * 7.0).exp();
    let cpu = usage(0.01 * size, 0.3, n, tick);
    let memory_max = usage(1e7 * size, 0.02, n, tick);
    UsageCell { start, cpu_mean: cpu, cpu_max: cpu, memory_max, pods: 1 }
}

fn usage(middle: f64, spread: f64, n: u64, tick: i64) -> Option<Amount> {
    Amount::new(middle * (spread * (noise(n, tick) * 4.0 - 2.0)).exp())
}

/// A number from 0 to 1 that looks like chance.
fn noise(n: u64, tick: i64) -> f64 {
    let mut bits =
        (n << 32 ^ tick.cast_unsigned()).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ bits >> 31) as f64 / u64::MAX as f64
}

/// Tells wall-clock time, and the processor time that this process took of it: on a busy machine the
/// latter is what it would be on an idle one.
struct Watch {
    begun: Instant,
    cpu: Duration,
}

impl Watch {
    fn start() -> Result<Self, Box<dyn Error>> {
        Ok(Self { begun: Instant::now(), cpu: cpu_time()? })
    }

    fn read(&self) -> Result<String, Box<dyn Error>> {
        let (wall, cpu) = (self.begun.elapsed(), cpu_time()?.saturating_sub(self.cpu));
        Ok(format!("{:.3} s ({:.2} s of processor)", wall.as_secs_f64(), cpu.as_secs_f64()))
    }
}

/// Processor time so far, in user and kernel, by hundredths of a second.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no name")?.1;
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    Ok(Duration::from_millis(10 * ticks.sum::<Result<u64, _>>()?))
}

/// What of this process is in memory now.
fn resident() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(format!("{:.0} MB", kilobytes / 1000.0))
}
