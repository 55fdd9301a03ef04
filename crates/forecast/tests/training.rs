//! Training: the same lessons give the same constants, and what they give holds for other series.

use plimsoll_domain::Amount;
use plimsoll_forecast::train::{Lesson, train};
use plimsoll_forecast::{Constants, DAY, Fold, Series, fit, predict};

fn chance(seed: usize, cell: usize) -> f64 {
    let mixed = ((cell + seed * 1_000_003) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64
        / (1_u64 << 24) as f64
}

/// A rhythm, its height and its noise another for each seed.
fn usage(seed: usize, cells: usize) -> Vec<f64> {
    let height = 1.0 + 3.0 * chance(seed, 1);
    let noise = 0.5 + 2.0 * chance(seed, 2);
    let value = |cell: usize| {
        let phase = (cell % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
        5.0 + height * phase.sin() + noise * chance(seed, cell)
    };
    (0..cells).map(value).collect()
}

fn lessons() -> Vec<Lesson> {
    (0..8).map(|seed| Lesson { values: usage(seed, 8 * DAY), weight: 1.0 }).collect()
}

/// The share of the cells of some days, each forecast from its beginning, within the 10th and 90th
/// percentile; and of days whose maximum was within its 95th.
fn coverage(constants: &Constants) -> Option<(f64, f64)> {
    let (mut within, mut cells, mut held, mut days) = (0.0, 0.0, 0.0, 0.0);
    for seed in 100..116 {
        let values = usage(seed, 9 * DAY);
        let (past, came) = values.split_at(8 * DAY);
        let mut series = Series::new();
        for (value, cell) in past.iter().zip(0..) {
            series.observe(cell, Amount::new(*value)?);
        }
        let forecast = predict(&fit(&series, constants)?, &series, constants)?;
        for (value, cell) in came.iter().zip(forecast.cells()) {
            within += f64::from(u8::from((cell.q10..=cell.q90).contains(value)));
            cells += 1.0;
        }
        let maximum = came.iter().copied().fold(0.0, f64::max);
        held += f64::from(u8::from(maximum <= forecast.maximum(DAY).q95));
        days += 1.0;
    }
    Some((within / cells, held / days))
}

#[test]
fn what_is_learned_from_some_series_covers_others_and_is_the_same_each_time() {
    let mut steps = 0;
    let constants = train(&lessons(), Some(Fold::A), &mut |_| steps += 1);
    assert_eq!(steps, 5);
    assert_eq!(constants, train(&lessons(), Some(Fold::A), &mut |_| {}));
    assert_eq!(constants.fold(), Some(Fold::A));
    assert_eq!(Constants::parse(&constants.text()), Ok(constants.clone()));
    let (within, held) = coverage(&constants).unwrap();
    assert!((0.7..0.9).contains(&within), "{within}");
    assert!(held >= 0.75, "{held}");
}

#[test]
fn nothing_to_learn_from_gives_constants_that_still_forecast() {
    let constants = train(&[], None, &mut |_| {});
    let (within, _) = coverage(&constants).unwrap();
    assert!((0.0..=1.0).contains(&within), "{within}");
}
