//! Replay of forecasts over made-up recordings: a forecast depends on what was before its origin
//! alone, the score is what a hand computes, and a bad recording leaves nothing behind.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use plimsoll_forecast::{Constants, DAY, Fold};
use plimsoll_replay::forecast::{ForecastReplay, ForecastReport, Kind, ReplayError};

/// An empty folder of one test.
fn folder(name: &str) -> std::io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("forecast-{name}"));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A folder with one recording of requests, a sample every five minutes.
fn recording(name: &str, values: &[String]) -> std::io::Result<PathBuf> {
    let to = folder(name)?;
    let days = values.len() as f64 / DAY as f64;
    let index = format!(
        "series_id,metric,file,source,entity,group,unit,step_s,days\n\
         a,rps,rps/a.csv.gz,made,a,a,requests_per_s,300,{days:.2}\n"
    );
    fs::write(to.join("series.csv"), index)?;
    fs::create_dir_all(to.join("rps"))?;
    let mut file = GzEncoder::new(File::create(to.join("rps/a.csv.gz"))?, Compression::fast());
    writeln!(file, "series_id,timestamp_s,requests_per_s")?;
    for (place, value) in values.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
        writeln!(file, "a,{},{value}", 300 * place)?;
    }
    file.finish()?;
    Ok(to)
}

/// A day's rhythm with a wobble.
fn usage(cells: usize) -> Vec<String> {
    let value = |cell: usize| {
        let phase = (cell % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
        let wobble = (cell.wrapping_mul(2_654_435_761) >> 12) % 97;
        format!("{:.3}", 30.0 + 10.0 * phase.sin() + wobble as f64 / 20.0)
    };
    (0..cells).map(value).collect()
}

fn run(traces: &Path) -> Result<(ForecastReport, PathBuf), ReplayError> {
    let forecasts = traces.join("forecasts.csv.gz");
    let replay = ForecastReplay {
        metric: None,
        history: None,
        constants: Constants::shipped().into_iter().collect(),
        forecasts: Some(forecasts.clone()),
        score: Some(traces.join("score.json")),
        timing: None,
    };
    Ok((replay.run(traces, &mut |_| {})?, forecasts))
}

/// The rows of each origin.
fn by_origin(path: &Path) -> std::io::Result<BTreeMap<String, Vec<String>>> {
    let mut text = String::new();
    GzDecoder::new(File::open(path)?).read_to_string(&mut text)?;
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let origin = line.split(',').nth(1).unwrap_or_default().to_owned();
        all.entry(origin).or_default().push(line.to_owned());
    }
    Ok(all)
}

/// Cut by as much as lies between origins, all but the last are the same; the recording has gaps.
#[test]
fn cutting_the_future_does_not_change_the_past() {
    let mut values = usage(12 * DAY);
    for gap in [1000..1030, 3000..3001] {
        values[gap].iter_mut().for_each(String::clear);
    }
    let whole = recording("whole", &values).unwrap();
    let whole = by_origin(&run(&whole).unwrap().1).unwrap();
    assert_eq!(whole.len(), 5);
    for cuts in 1..=2 {
        let cut = values[..values.len() - cuts * (DAY + 37)].to_vec();
        let cut = recording(&format!("cut-{cuts}"), &cut).unwrap();
        let cut = by_origin(&run(&cut).unwrap().1).unwrap();
        let same = cut.iter().filter(|(origin, _)| whole.contains_key(*origin));
        assert_eq!(same.clone().count(), 5 - cuts);
        for (origin, rows) in same {
            assert_eq!(Some(rows), whole.get(origin), "{origin}");
        }
    }
}

#[test]
fn a_file_has_a_row_for_each_cell_and_maxima_on_three() {
    let traces = recording("rows", &usage(10 * DAY)).unwrap();
    let (report, path) = run(&traces).unwrap();
    assert_eq!((report.series, report.forecasts), (1, 5));
    for (origin, rows) in by_origin(&path).unwrap() {
        assert_eq!(rows.len(), DAY, "{origin}");
        let with_maxima = rows.iter().zip(1..).filter(|(row, _)| !row.ends_with(",,,"));
        let horizons: Vec<i32> = with_maxima.map(|(_, horizon)| horizon).collect();
        assert_eq!(horizons, [3, 12, 288], "{origin}");
    }
}

#[test]
fn a_rhythm_is_forecast_better_than_by_yesterday() {
    let traces = recording("score", &usage(12 * DAY)).unwrap();
    let (report, _) = run(&traces).unwrap();
    for kinds in &report.windows {
        let names: Vec<&str> = kinds.iter().map(|(kind, _)| kind.name()).collect();
        assert_eq!(names, [Kind::All.name(), Kind::Demand.name()]);
        let loss = kinds[0].1.figure("rel_wql").unwrap();
        assert!(loss < 0.95, "{loss}");
    }
    assert!(fs::read_to_string(traces.join("score.json")).unwrap().contains("\"24h\""));
}

/// What is said of a recording with this value in its line 102, and how much lies in its folder
/// afterwards.
fn refused(name: &str, value: &str) -> std::io::Result<(String, usize)> {
    let mut values = usage(10 * DAY);
    value.clone_into(&mut values[100]);
    let traces = recording(name, &values)?;
    let said = run(&traces).err().map(|error| error.to_string()).unwrap_or_default();
    Ok((said, fs::read_dir(&traces)?.count()))
}

#[test]
fn a_bad_recording_is_named_and_leaves_nothing_behind() {
    let cases = [("x", "no number"), ("NaN", "finite"), ("inf", "finite"), ("-1", "not negative")];
    for (value, what) in cases {
        let (said, files) = refused("refused", value).unwrap();
        assert!(said.contains("rps/a.csv.gz, line 102"), "{said}");
        assert!(said.contains(what), "{said}");
        assert_eq!(files, 2, "something was left behind");
    }
}

#[test]
fn short_and_dead_recordings_are_left_out() {
    let short = recording("short", &usage(8 * DAY)).unwrap();
    assert_eq!(run(&short).unwrap().0.series, 0);
    let mut values = usage(4 * DAY);
    values.extend(vec!["5".to_owned(); 8 * DAY]);
    let dead = recording("dead", &values).unwrap();
    assert_eq!(run(&dead).unwrap().0.series, 0);
}

/// The halves are about even, and what belongs together is in one of them.
#[test]
fn groups_fall_into_two_halves() {
    let groups = (0..1000).map(|n| format!("bitbrains/vm{n}"));
    let half = groups.filter(|group| Fold::of(group) == Fold::A).count();
    assert!((400..600).contains(&half), "{half}");
}
