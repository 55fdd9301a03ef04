//! A refit, a forecast and a new sample of a series of 30 days with a daily rhythm.
//! Run: `cargo bench -p plimsoll-forecast`.

#![expect(clippy::unwrap_used, reason = "a broken benchmark ends")]

use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll_domain::Amount;
use plimsoll_forecast::{Constants, DAY, Series, WINDOW, fit, predict};

/// A day's rhythm with a wobble that no two days share.
fn rhythm(cell: usize) -> Amount {
    let phase = (cell % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
    let wobble = (cell.wrapping_mul(2_654_435_761) >> 16) % 1000;
    Amount::new(2.0 + phase.sin() + wobble as f64 / 1000.0).unwrap()
}

fn series() -> Series {
    let mut series = Series::new();
    for cell in 0..WINDOW {
        series.observe(i64::try_from(cell).unwrap(), rhythm(cell));
    }
    series
}

fn forecast(criterion: &mut Criterion) {
    let constants = Constants::shipped().unwrap();
    let mut series = series();
    criterion.bench_function("refit of 30 days", |bencher| {
        bencher.iter(|| fit(&series, &constants).unwrap());
    });
    let model = fit(&series, &constants).unwrap();
    criterion.bench_function("forecast of a day", |bencher| {
        bencher.iter(|| predict(&model, &series, &constants).unwrap());
    });
    let mut cell = WINDOW;
    criterion.bench_function("new sample", |bencher| {
        bencher.iter(|| {
            series.observe(i64::try_from(cell).unwrap(), rhythm(cell));
            cell += 1;
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = forecast
}
criterion_main!(benches);
