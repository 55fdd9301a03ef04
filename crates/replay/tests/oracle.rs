//! Forecasts beside a published method, of its authors' making: STL, a decomposition into season,
//! trend and rest, from the crate `stlrs`, whose season and last trend are taken to go on. On the
//! recordings that ship with the program, a day ahead from four to six days.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::path::Path;

use flate2::read::GzDecoder;
use plimsoll_domain::Amount;
use plimsoll_forecast::{Constants, DAY, Series, fit, predict};

/// Cells of a recording.
const LENGTH: usize = 7 * DAY;
const HOUR: usize = 12;

/// Every recording of a metric that has seven days, cell by cell; gaps have the value before them.
fn recordings(metric: &str) -> Result<BTreeMap<String, Vec<f64>>, Box<dyn Error>> {
    let path = format!("{}/data/{metric}/demo.csv.gz", env!("CARGO_MANIFEST_DIR"));
    let mut table = csv::Reader::from_reader(GzDecoder::new(File::open(Path::new(&path))?));
    let mut all: BTreeMap<String, (usize, Vec<f64>)> = BTreeMap::new();
    for row in table.records() {
        let row = row?;
        let cell = row[1].parse::<usize>()? / 300;
        let (first, values) = all.entry(row[0].to_owned()).or_insert((cell, Vec::new()));
        let value: f64 = row[2].parse()?;
        let before = values.last().copied().unwrap_or(value);
        values.resize(cell - *first, before);
        values.push(value);
    }
    let whole = all.into_iter().filter(|(_, (_, values))| values.len() >= LENGTH);
    Ok(whole
        .map(|(id, (_, mut values))| {
            values.truncate(LENGTH);
            (id, values)
        })
        .collect())
}

fn ours(known: &[f64]) -> Option<Vec<f64>> {
    let constants = Constants::shipped().ok()?;
    let mut series = Series::new();
    for (cell, value) in (0..).zip(known) {
        series.observe(cell, Amount::new(*value)?);
    }
    let forecast = predict(&fit(&series, &constants)?, &series, &constants)?;
    Some(forecast.cells().iter().map(|cell| cell.q50).collect())
}

fn decomposed(known: &[f64]) -> Option<Vec<f64>> {
    // In single precision: bytes as shares of the greatest.
    let top = known.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    #[expect(clippy::cast_possible_truncation, reason = "the oracle knows no other")]
    let scaled: Vec<f32> = known.iter().map(|value| (value / top) as f32).collect();
    let parts = stlrs::params().robust(true).fit(&scaled, DAY).ok()?;
    let trend = *parts.trend().last()?;
    let season = &parts.seasonal()[known.len() - DAY..];
    Some(season.iter().map(|season| f64::from(season + trend).max(0.0) * top).collect())
}

/// The mean absolute error of ours over that of the other in the next hour and in the next day, neither
/// told apart below a thousandth of the usage; from each six hours of the fifth and sixth day.
fn relative_errors(values: &[f64]) -> Option<[f64; 2]> {
    let [mut of_ours, mut of_oracle] = [[f64::MIN_POSITIVE; 2]; 2];
    for origin in (4 * DAY..=values.len() - DAY).step_by(DAY / 4) {
        let (known, actual) = values.split_at(origin);
        let (ours, oracle) = (ours(known)?, decomposed(known)?);
        for (place, length) in [HOUR, DAY].into_iter().enumerate() {
            let actual = &actual[..length];
            let negligible = 0.001 * actual.iter().sum::<f64>();
            let error = |forecast: &[f64]| -> f64 {
                let errors = forecast.iter().zip(actual).map(|(one, other)| (one - other).abs());
                negligible + errors.sum::<f64>()
            };
            of_ours[place] += error(&ours);
            of_oracle[place] += error(&oracle);
        }
    }
    Some([of_ours[0] / of_oracle[0], of_ours[1] / of_oracle[1]])
}

/// The geometric means over all recordings of a metric: the nearest hour is foreseen better. Of a day,
/// after few days, the decomposition tells as much about the median: how far off usage may be, which it
/// does not tell, is what forecasts are for.
fn check(metric: &str) -> Result<(), Box<dyn Error>> {
    let recordings = recordings(metric)?;
    assert!(recordings.len() >= 8, "{}", recordings.len());
    let mut logs = [0.0; 2];
    for values in recordings.values() {
        let ratios = relative_errors(values).ok_or("no forecast")?;
        logs = [logs[0] + ratios[0].ln(), logs[1] + ratios[1].ln()];
    }
    let [hour, day] = logs.map(|sum| (sum / recordings.len() as f64).exp());
    assert!(hour < 0.85, "{metric}: {hour:.3} times the oracle's error in an hour");
    assert!(day < 1.15, "{metric}: {day:.3} times the oracle's error in a day");
    Ok(())
}

#[test]
fn cpu_is_foreseen_as_well_as_by_a_decomposition() -> Result<(), Box<dyn Error>> {
    check("cpu")
}

#[test]
fn memory_is_foreseen_as_well_as_by_a_decomposition() -> Result<(), Box<dyn Error>> {
    check("mem")
}
