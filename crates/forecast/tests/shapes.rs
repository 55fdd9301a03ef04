//! Usage of known shapes: what a person would expect is what is forecast.

use plimsoll_domain::Amount;
use plimsoll_forecast::{Constants, DAY, Forecast, Series, fit, predict};

/// A number from 0 to 1 that looks like chance.
fn chance(cell: usize) -> f64 {
    let mixed = (cell as u64 ^ 0x9e37).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64
        / (1_u64 << 24) as f64
}

fn forecast(length: usize, usage: impl Fn(usize) -> f64) -> Option<Forecast> {
    let constants = Constants::shipped().ok()?;
    let mut series = Series::new();
    for (place, cell) in (0..length).zip(0..) {
        series.observe(cell, Amount::new(usage(place))?);
    }
    predict(&fit(&series, &constants)?, &series, &constants)
}

/// Busy from the eighth hour to the eighteenth.
fn office(cell: usize) -> f64 {
    let hour = cell % DAY / 12;
    let busy = if (8..18).contains(&hour) { 4.0 } else { 1.0 };
    busy + 0.2 * chance(cell)
}

#[test]
fn a_daily_rhythm_is_foreseen() {
    let forecast = forecast(14 * DAY, office).unwrap();
    let night = forecast.cells()[3 * 12];
    let noon = forecast.cells()[12 * 12];
    assert!(night.q95 < 2.0, "{night:?}");
    assert!(noon.q10 > 3.0 && noon.q90 < 5.0, "{noon:?}");
    assert!(forecast.maximum(3 * 12).q95 < 2.5, "{:?}", forecast.maximum(36));
    assert!(forecast.maximum(DAY).q50 > 3.9, "{:?}", forecast.maximum(DAY));
}

#[test]
fn a_shifted_level_is_followed_at_once() {
    let length = 10 * DAY;
    let forecast = forecast(length, |cell| {
        let level = if cell < length - 24 { 1.0 } else { 5.0 };
        level + 0.1 * chance(cell)
    })
    .unwrap();
    let soon = forecast.cells()[2];
    assert!(soon.q50 > 4.0 && soon.q50 < 6.0, "{soon:?}");
}

#[test]
fn one_outlier_moves_no_median() {
    let length = 10 * DAY;
    let forecast = forecast(length, |cell| {
        let spike = if cell == length - 100 { 50.0 } else { 0.0 };
        1.0 + 0.1 * chance(cell) + spike
    })
    .unwrap();
    for cell in [0, 2, 11, 287] {
        let quantiles = forecast.cells()[cell];
        assert!((quantiles.q50 - 1.05).abs() < 0.2, "{cell}: {quantiles:?}");
    }
}

/// Something in one cell of forty, by chance: the median is nothing, and the maximum of a day is
/// not.
#[test]
fn a_sparse_usage_is_mostly_nothing_with_a_maximum() {
    let usage = |cell| if chance(cell) < 0.025 { 2.0 + chance(cell + 1_000_000) } else { 0.0 };
    let forecast = forecast(14 * DAY, usage).unwrap();
    let median = forecast.cells().iter().map(|cell| cell.q50).sum::<f64>() / DAY as f64;
    assert!(median < 0.05, "{median}");
    let maximum = forecast.maximum(DAY);
    assert!(maximum.q90 > 2.0 && maximum.q90 < 6.0, "{maximum:?}");
}

/// On for half an hour of every two, by the clock.
#[test]
fn an_intermittent_usage_has_an_interval_as_wide_as_it_swings() {
    let usage = |cell: usize| if cell % 24 < 6 { 3.0 } else { 0.1 } + 0.05 * chance(cell);
    let forecast = forecast(14 * DAY, usage).unwrap();
    let maximum = forecast.maximum(DAY);
    assert!(maximum.q50 > 2.5 && maximum.q95 < 4.0, "{maximum:?}");
    let within = forecast.cells().iter().zip(14 * DAY..).filter(|(cell, place)| {
        let value = usage(*place);
        (cell.q10..=cell.q90).contains(&value)
    });
    assert!(within.count() > DAY / 2);
}

/// Bursts by chance, an hour each: a forecaster cannot know when, but how high and how often.
#[test]
fn bursts_widen_the_interval_and_raise_the_maximum() {
    let calm = |cell: usize| 1.0 + 0.1 * chance(cell);
    let bursty = |cell: usize| {
        let burst = if chance(cell / 12 + 5_000_000) < 0.15 { 4.0 } else { 0.0 };
        calm(cell) + burst
    };
    let (calm, bursty) = (forecast(14 * DAY, calm).unwrap(), forecast(14 * DAY, bursty).unwrap());
    let width = |forecast: &Forecast| {
        let far = &forecast.cells()[200..];
        far.iter().map(|cell| cell.q95 - cell.q10).sum::<f64>() / far.len() as f64
    };
    assert!(width(&bursty) > 5.0 * width(&calm), "{} {}", width(&bursty), width(&calm));
    assert!(bursty.maximum(DAY).q50 > 4.0, "{:?}", bursty.maximum(DAY));
}

#[test]
fn three_hours_are_enough_to_begin_with() {
    let forecast = forecast(36, |cell| 2.0 + 0.2 * chance(cell)).unwrap();
    let (soon, late) = (forecast.cells()[0], forecast.cells()[287]);
    assert!((soon.q50 - 2.1).abs() < 0.2, "{soon:?}");
    assert!(late.q90 - late.q10 >= soon.q90 - soon.q10, "{soon:?} {late:?}");
}

#[test]
fn the_series_fills_gaps_forward_and_takes_nothing_late() {
    let mut series = Series::new();
    let amount = |value| Amount::new(value).unwrap();
    series.observe(10, amount(1.0));
    series.observe(13, amount(2.0));
    series.observe(12, amount(9.0));
    assert_eq!((series.values(), series.origin()), (vec![1.0, 1.0, 1.0, 2.0], 14));
    series.observe(13, amount(3.0));
    assert_eq!((series.values(), series.origin()), (vec![1.0, 1.0, 1.0, 3.0], 14));
    series.observe(i64::MAX, amount(4.0));
    assert_eq!(series.len(), plimsoll_forecast::WINDOW);
}

#[test]
fn a_series_with_its_model_takes_less_than_64_kib() {
    let mut series = Series::new();
    for cell in 0..10_000 {
        series.observe(cell, Amount::new(1.0).unwrap());
    }
    let model = fit(&series, &Constants::shipped().unwrap()).unwrap();
    assert!(series.bytes() + model.bytes() <= 64 * 1024);
}
