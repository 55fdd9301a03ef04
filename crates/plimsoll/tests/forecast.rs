//! `plimsoll forecast` over the usage that a controller has stored.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use plimsoll_domain::{Amount, ContainerKey, Timestamp, UsageCell, WorkloadId, WorkloadKind};
use plimsoll_store::Store;
use serde_json::Value;

/// 2026-11-02, midnight UTC.
const END: i64 = 1_793_577_600;

/// Nine days of 200m by night and 800m by day, until midnight.
fn stored(name: &str) -> Result<PathBuf> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let workload =
        WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: "web".into() };
    let key = ContainerKey { workload, container: "app".into() };
    let cells = (0..9 * 288).map(|number| {
        let start = END - 300 * (9 * 288 - number);
        let hour = start.rem_euclid(86_400) / 3600;
        let cpu = Amount::from_millicores(if (8..20).contains(&hour) { 800 } else { 200 });
        let cell = UsageCell {
            start: Timestamp::from_seconds(start),
            cpu_mean: Some(cpu),
            cpu_max: Some(cpu),
            memory_max: Some(Amount::from_mebibytes(300)),
            pods: 2,
        };
        (key.clone(), cell)
    });
    let mut store = Store::open(&dir)?;
    store.append_cells(cells.collect())?;
    Ok(dir)
}

fn forecast(dir: &Path, args: &[&str]) -> Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(["forecast", "--data-dir"]).arg(dir).args(args);
    command.output().context("start the program")
}

#[test]
fn a_table_says_the_peaks_and_a_plot_shows_the_day_to_come() -> Result<()> {
    let dir = stored("table")?;
    let output = forecast(&dir, &["deployment/web", "-n", "shop"])?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "shop/deployment/web container app, cpu",
        "shop/deployment/web container app, memory",
        "from 2026-11-02T00:00:00Z on, by repeating the day before; made from 9.0 days of usage",
        "a target would follow this one: over 48 windows of an hour, repeating the day before lost",
        "used # | = median, . 90th percentile",
    ] {
        ensure!(text.contains(part), "{part} is not in\n{text}");
    }
    std::fs::remove_dir_all(dir)?;
    Ok(())
}

#[test]
fn json_has_every_cell_and_the_day_follows_its_rhythm() -> Result<()> {
    let dir = stored("json")?;
    let output = forecast(&dir, &["deployment/web", "-n", "shop", "-c", "app", "-o", "json"])?;
    let all: Value = serde_json::from_slice(&output.stdout)?;
    let cpu = &all[0];
    ensure!(
        cpu["resource"] == "cpu" && cpu["cells"].as_array().map(Vec::len) == Some(288),
        "{cpu}"
    );
    ensure!(cpu["trial"]["isFollowed"] == true, "{}", cpu["trial"]);
    ensure!(cpu["model"] == "DayBefore" && cpu["trial"]["model"] == "DayBefore", "{cpu}");
    // The day before comes again to the minute, as exactly as it is stored: 07:55, 08:00, 19:55, 20:00.
    for (cell, expect) in [(95, 0.2), (96, 0.8), (239, 0.8), (240, 0.2)] {
        for quantile in 0..4 {
            let value = cpu["cells"][cell][quantile].as_f64().context("a quantile")?;
            ensure!((value - expect).abs() < 1e-3, "{cell} {quantile}: {value}");
        }
    }
    let peaks = cpu["peaks"].as_array().context("peaks")?.iter().map(|peak| peak["q50"].as_f64());
    let peaks: Vec<f64> = peaks.collect::<Option<_>>().context("a peak")?;
    ensure!(peaks.iter().zip([0.2, 0.2, 0.2, 0.8]).all(|(a, b)| (a - b).abs() < 1e-3), "{peaks:?}");
    ensure!(all[1]["model"] == "Regression", "{}", all[1]);
    std::fs::remove_dir_all(dir)?;
    Ok(())
}

#[test]
fn what_is_not_there_is_said_with_what_to_do() -> Result<()> {
    let dir = stored("missing")?;
    for (args, expect) in [
        (["deployment/other", "-n", "shop"], "no usage of shop/deployment/other is stored"),
        (["web", "-n", "shop"], "expected KIND/NAME"),
    ] {
        let output = forecast(&dir, &args)?;
        let text = String::from_utf8(output.stderr)?;
        ensure!(output.status.code() == Some(1) && text.contains(expect), "{text}");
    }
    let output = forecast(&dir.join("nowhere"), &["deployment/web"])?;
    ensure!(!output.status.success() && !output.stderr.is_empty(), "{output:?}");
    std::fs::remove_dir_all(dir)?;
    Ok(())
}
