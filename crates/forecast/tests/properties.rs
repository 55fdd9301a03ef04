//! What holds of every forecast, whatever the usage was.

use plimsoll_domain::Amount;
use plimsoll_forecast::{
    Constants, DAY, Forecast, HORIZON, Maximum, ROUNDING, Series, WINDOW, fit, predict,
};
use proptest::prelude::*;

fn series(values: &[f64], first: i64) -> Series {
    let mut series = Series::new();
    for (value, cell) in values.iter().zip(first..) {
        series.observe(cell, Amount::new(*value).unwrap_or_default());
    }
    series
}

fn forecast(values: &[f64], first: i64) -> Option<Forecast> {
    let constants = Constants::shipped().ok()?;
    let series = series(values, first);
    predict(&fit(&series, &constants)?, &series, &constants)
}

/// Every number of a forecast.
fn numbers(forecast: &Forecast) -> Vec<f64> {
    let cells = forecast.cells().iter().flat_map(|cell| [cell.q10, cell.q50, cell.q90, cell.q95]);
    let maxima = (1..=HORIZON).map(|length| forecast.maximum(length));
    cells.chain(maxima.flat_map(|Maximum { q50, q90, q95 }| [q50, q90, q95])).collect()
}

/// A usage of some shape: a level, a daily rhythm, chance, bursts and stretches of nothing.
fn usage() -> impl Strategy<Value = Vec<f64>> {
    let shape = (0.0..5.0_f64, 0.0..3.0_f64, 0.0..1.0_f64, 0.0..0.5_f64, 0.0..0.9_f64);
    let length = prop_oneof![1..60_usize, 60..900_usize, 900..3000_usize];
    let chances = length.prop_flat_map(|n| prop::collection::vec(0.0..1.0_f64, n));
    (shape, chances).prop_map(|((level, rhythm, noise, bursts, idle), chances)| {
        let value = |(i, chance): (usize, f64)| {
            let phase = (i % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
            let base = level + rhythm * (1.0 + phase.sin()) + noise * chance;
            let burst = if (chance * 1000.0).fract() < bursts { 4.0 } else { 1.0 };
            if (chance * 77.0).fract() < idle { 0.0 } else { base * burst }
        };
        chances.into_iter().enumerate().map(value).collect()
    })
}

/// Any non-negative numbers, the smallest and largest among them.
fn anything() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        Just(0.0),
        0.0..1e-300_f64,
        0.0..1.0_f64,
        1e8..1e12_f64,
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
    ];
    prop::collection::vec(value, 1..700)
}

fn check_sound(forecast: &Forecast) {
    assert_eq!(forecast.cells().len(), HORIZON);
    assert!(numbers(forecast).iter().all(|number| number.is_finite() && *number >= 0.0));
    for cell in forecast.cells() {
        assert!(cell.q10 <= cell.q50 && cell.q50 <= cell.q90 && cell.q90 <= cell.q95, "{cell:?}");
    }
    for length in 0..=HORIZON + 1 {
        let maximum = forecast.maximum(length);
        assert!(maximum.q50 <= maximum.q90 && maximum.q90 <= maximum.q95, "{maximum:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn is_finite_not_negative_and_in_order(values in usage()) {
        check_sound(&forecast(&values, 0).unwrap());
    }

    #[test]
    fn no_number_is_too_odd(values in anything()) {
        check_sound(&forecast(&values, 0).unwrap());
    }

    #[test]
    fn scales_with_the_usage(values in usage(), power in -20..20_i32) {
        let scale = 2_f64.powi(power);
        let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
        let plain = numbers(&forecast(&values, 0).unwrap());
        let scaled = numbers(&forecast(&scaled, 0).unwrap());
        let most = values.iter().copied().fold(0.0, f64::max);
        for (plain, scaled) in plain.iter().zip(scaled) {
            prop_assert!((plain - scaled / scale).abs() <= 1e-6 * most, "{plain} {scaled}");
        }
    }

    #[test]
    fn whole_days_later_it_is_the_same(values in usage(), days in -400..400_i64) {
        let now = forecast(&values, 0).unwrap();
        let later = forecast(&values, 288 * days).unwrap();
        prop_assert_eq!(later.origin() - now.origin(), 288 * days);
        prop_assert_eq!(now.cells(), later.cells());
        prop_assert_eq!(numbers(&now), numbers(&later));
    }

    /// Only the last 30 days count.
    #[test]
    fn what_is_long_past_is_forgotten(old in 0.0..100.0_f64, values in usage()) {
        let recent: Vec<f64> = values.iter().copied().cycle().take(WINDOW).collect();
        let mut whole = vec![old; 500];
        whole.extend(&recent);
        prop_assert_eq!(forecast(&whole, -500), forecast(&recent, 0));
    }
}

#[test]
fn a_steady_usage_is_forecast_to_stay() {
    for value in [0.0, 0.1, 3.0, 1e9] {
        for length in [1, 36, DAY, 10 * DAY] {
            let forecast = forecast(&vec![value; length], 0).unwrap();
            for number in numbers(&forecast) {
                let off = (number - value).abs();
                assert!(off <= 0.2 * value, "{number} for {value} after {length}");
            }
            for cell in forecast.cells() {
                assert!((cell.q50 - value).abs() <= ROUNDING * value, "{cell:?} for {value}");
            }
            let within =
                |cell: &plimsoll_forecast::Quantiles| (cell.q10..=cell.q90).contains(&value);
            assert!(forecast.cells().iter().all(within), "{value} is outside after {length}");
        }
    }
}

#[test]
fn of_nothing_there_is_no_forecast() {
    assert_eq!(forecast(&[], 0), None);
}
