//! The numbers that many series have in common: priors, shares of the spread, and the calibration
//! that makes coverage exact. They come out of one training program and are kept as text.

use std::fmt::Write as _;

use crate::grid::{ANCHOR, Between, KNOT, KNOTS, PEAK};
use crate::peak::{PEAK_TERM, PEAK_TERMS};
use crate::regressors::{REGRESSOR, REGRESSORS};
use crate::spread::{TERM, TERMS};

/// The constants that ship with the program, as text.
const SHIPPED: &str = include_str!("../constants.txt");
/// The first line of such a text.
const HEADER: &str = "plimsoll forecast constants 1";
/// The quantiles, as they are named in it.
const QUANTILE_NAME: [&str; 4] = ["q10", "q50", "q90", "q95"];
/// The shares of a calibrated offset.
const SHARE: [&str; 3] = ["corrected", "residual", "plain"];

/// What every forecast is made with. All of it is without unit: no number knows what is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Constants {
    /// Which half of the groups it was trained on, if not on all.
    pub(crate) fold: Option<Fold>,
    /// What the location's coefficients are drawn to, by horizon.
    pub(crate) location: [[f64; REGRESSORS]; KNOTS],
    /// The scale's coefficients, by horizon and quantile.
    pub(crate) spread: [[[f64; TERMS]; 4]; KNOTS],
    /// The shares of the corrected scale, of the residuals and of the plain scale.
    pub(crate) calibration: [[[f64; 3]; 4]; KNOTS],
    /// The maximum's coefficients by window: the prior of its median, and its 90th and 95th
    /// percentile.
    pub(crate) peak: [[[f64; PEAK_TERMS]; 3]; 3],
    /// The shares of the corrected and the plain scale of its 90th and 95th percentile.
    pub(crate) peak_calibration: [[[f64; 2]; 2]; 3],
}

/// Half of the groups of series: what belongs together is never in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// One half.
    A,
    /// The other.
    B,
}

impl Fold {
    /// The half a group belongs to, by the lowest bit of its name's FNV-1a hash, mixed as
    /// MurmurHash3 ends: the same in every folder.
    pub fn of(group: &str) -> Self {
        let hash = group.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mix = |hash: u64, by: u64| (hash ^ (hash >> 33)).wrapping_mul(by);
        let mixed = mix(mix(hash, 0xff51_afd7_ed55_8ccd), 0xc4ce_b9fe_1a85_ec53);
        if (mixed ^ (mixed >> 33)) & 1 == 0 { Self::A } else { Self::B }
    }

    /// `A` or `B`.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// A text of constants is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstantsError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl std::fmt::Display for ConstantsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}; `cargo xtask train` writes such files", self.line, self.what)
    }
}

impl std::error::Error for ConstantsError {}

impl Constants {
    /// Those that ship with the program.
    pub fn shipped() -> Result<Self, ConstantsError> {
        Self::parse(SHIPPED)
    }

    /// Which half of the groups these were trained on, if not on all.
    pub fn fold(&self) -> Option<Fold> {
        self.fold
    }

    /// Nothing but zeros: the last value holds, with the spread of nothing.
    pub(crate) fn zero() -> Self {
        Self {
            fold: None,
            location: [[0.0; REGRESSORS]; KNOTS],
            spread: [[[0.0; TERMS]; 4]; KNOTS],
            calibration: [[[0.0; 3]; 4]; KNOTS],
            peak: [[[0.0; PEAK_TERMS]; 3]; 3],
            peak_calibration: [[[0.0; 2]; 2]; 3],
        }
    }

    /// To five digits after the point, as they are written.
    pub(crate) fn rounded(mut self) -> Self {
        let round = |numbers: &mut [f64]| {
            for number in numbers {
                *number = (*number * 1e5).round() / 1e5;
            }
        };
        self.location.iter_mut().for_each(|row| round(row));
        self.spread.iter_mut().flatten().for_each(|row| round(row));
        self.calibration.iter_mut().flatten().for_each(|row| round(row));
        self.peak.iter_mut().flatten().for_each(|row| round(row));
        self.peak_calibration.iter_mut().flatten().for_each(|row| round(row));
        self.fill();
        self
    }

    /// Reads the text that [`Constants::text`] writes.
    pub fn parse(text: &str) -> Result<Self, ConstantsError> {
        let mut constants = Self::zero();
        let mut lines = text.lines().enumerate();
        let fail = |line: usize, what: String| ConstantsError { line: line + 1, what };
        if lines.next().is_none_or(|(_, first)| first != HEADER) {
            return Err(fail(0, format!("{HEADER:?} is expected")));
        }
        for (number, line) in lines {
            let mut words = line.split_whitespace();
            match words.next() {
                None | Some("#") => {}
                Some(table) => constants
                    .take(table, &words.collect::<Vec<&str>>())
                    .map_err(|what| fail(number, what))?,
            }
        }
        constants.fill();
        Ok(constants)
    }

    /// Gives the horizons between those that are named what lies between these.
    pub(crate) fn fill(&mut self) {
        let named = ANCHOR.map(|knot| KNOT[knot]);
        let given = self.clone();
        for knot in (0..KNOTS).filter(|knot| !ANCHOR.contains(knot)) {
            let at = Between::of(KNOT[knot], &named);
            self.location[knot] = at.blend_all(|anchor| given.location[ANCHOR[anchor]]);
            for q in 0..4 {
                let spread = at.blend_all(|anchor| given.spread[ANCHOR[anchor]][q]);
                self.spread[knot][q] = spread;
                let shares = at.blend_all(|anchor| given.calibration[ANCHOR[anchor]][q]);
                self.calibration[knot][q] = shares;
            }
        }
    }

    fn take(&mut self, table: &str, words: &[&str]) -> Result<(), String> {
        let fold = |name: &str| [Fold::A, Fold::B].into_iter().find(|fold| fold.name() == name);
        match (table, words) {
            ("fold", [name]) => {
                let fold = fold(name).ok_or_else(|| format!("no fold is called {name:?}"))?;
                self.fold = Some(fold);
                Ok(())
            }
            ("location", [horizon, numbers @ ..]) => {
                read(&mut self.location[knot(horizon)?], &REGRESSOR, numbers)
            }
            ("spread", [horizon, quantile, numbers @ ..]) => {
                read(&mut self.spread[knot(horizon)?][of(quantile)?], &TERM, numbers)
            }
            ("calibration", [horizon, quantile, numbers @ ..]) => {
                read(&mut self.calibration[knot(horizon)?][of(quantile)?], &SHARE, numbers)
            }
            ("peak", [window, quantile, numbers @ ..]) => {
                let q = of(quantile)?.checked_sub(1).ok_or("a peak has no q10")?;
                read(&mut self.peak[at(&PEAK, window)?][q], &PEAK_TERM, numbers)
            }
            ("peak_calibration", [window, quantile, numbers @ ..]) => {
                let q = of(quantile)?.checked_sub(2).ok_or("only q90 and q95 are calibrated")?;
                let shares = [SHARE[0], SHARE[2]];
                read(&mut self.peak_calibration[at(&PEAK, window)?][q], &shares, numbers)
            }
            (other, _) => Err(format!("no table is called {other:?}")),
        }
    }

    /// All of them as text: a line for each horizon and quantile, `name=number` for what is not 0.
    pub fn text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        if let Some(fold) = self.fold {
            writeln!(text, "fold {}", fold.name()).ok();
        }
        for (knot, horizon) in ANCHOR.map(|knot| (knot, KNOT[knot])) {
            line(&mut text, &format!("location {horizon}"), &REGRESSOR, &self.location[knot]);
        }
        for (knot, horizon) in ANCHOR.map(|knot| (knot, KNOT[knot])) {
            for (q, name) in QUANTILE_NAME.iter().enumerate() {
                line(&mut text, &format!("spread {horizon} {name}"), &TERM, &self.spread[knot][q]);
            }
        }
        for (knot, horizon) in ANCHOR.map(|knot| (knot, KNOT[knot])) {
            for (q, name) in QUANTILE_NAME.iter().enumerate() {
                let head = format!("calibration {horizon} {name}");
                line(&mut text, &head, &SHARE, &self.calibration[knot][q]);
            }
        }
        for (w, window) in PEAK.iter().enumerate() {
            for (q, name) in QUANTILE_NAME[1..].iter().enumerate() {
                line(&mut text, &format!("peak {window} {name}"), &PEAK_TERM, &self.peak[w][q]);
            }
        }
        for (w, window) in PEAK.iter().enumerate() {
            for (q, name) in QUANTILE_NAME[2..].iter().enumerate() {
                let head = format!("peak_calibration {window} {name}");
                line(&mut text, &head, &[SHARE[0], SHARE[2]], &self.peak_calibration[w][q]);
            }
        }
        text
    }
}

fn line(text: &mut String, head: &str, names: &[&str], numbers: &[f64]) {
    text.push_str(head);
    for (name, number) in names.iter().zip(numbers).filter(|(_, number)| number.abs() > 0.0) {
        write!(text, " {name}={number}").ok();
    }
    text.push('\n');
}

fn at(fitted: &[usize], horizon: &str) -> Result<usize, String> {
    let parsed: Option<usize> = horizon.parse().ok();
    let found = fitted.iter().position(|knot| Some(*knot) == parsed);
    found.ok_or_else(|| format!("{horizon:?} is none of {fitted:?}"))
}

/// The place of a horizon that is named.
fn knot(horizon: &str) -> Result<usize, String> {
    Ok(ANCHOR[at(&ANCHOR.map(|knot| KNOT[knot]), horizon)?])
}

fn of(quantile: &str) -> Result<usize, String> {
    let found = QUANTILE_NAME.iter().position(|name| *name == quantile);
    found.ok_or_else(|| format!("{quantile:?} is none of {QUANTILE_NAME:?}"))
}

fn read(into: &mut [f64], names: &[&str], words: &[&str]) -> Result<(), String> {
    for word in words {
        let (name, number) =
            word.split_once('=').ok_or_else(|| format!("{word:?} is no name=number"))?;
        let place = names.iter().position(|known| *known == name);
        let place = place.ok_or_else(|| format!("{name:?} is none of {names:?}"))?;
        let number: Option<f64> = number.parse().ok().filter(|number: &f64| number.is_finite());
        into[place] = number.ok_or_else(|| format!("{word:?} has no finite number"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_as_the_same() {
        let shipped = Constants::shipped().unwrap();
        assert_eq!(Constants::parse(&shipped.text()), Ok(shipped.clone()));
        let half = Constants { fold: Some(Fold::B), ..shipped };
        assert_eq!(Constants::parse(&half.text()), Ok(half));
    }

    fn check(lines: &str, line: usize, part: &str) {
        let error = Constants::parse(&format!("{HEADER}\n{lines}")).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        check("fold C", 2, "no fold");
        check("\nlocation 5 mean=1", 3, "none of");
        check("location 12 moon=1", 2, "moon");
        check("location 12 mean", 2, "name=number");
        check("location 12 mean=NaN", 2, "finite");
        check("spread 12 q99 last=1", 2, "q99");
        check("peak 3 q10 last=1", 2, "no q10");
        check("weather 3", 2, "no table");
        assert_eq!(Constants::parse("").unwrap_err().line, 1);
    }
}
