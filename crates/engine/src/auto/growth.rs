//! Memory that grows without end: a container that fills what it is given, day after day or kill after
//! kill, is to be looked at, not fed.

use std::time::Duration;

use plimsoll_domain::Timestamp;
use plimsoll_history::bytes::{ReadError, Reader, Writer};

/// No more than this many times what a container was content with before it began to grow, or what its
/// template gives it, whichever is more. A legitimate need that was met with too little is found by three
/// or four kills, each of which raises the level to 1.6 times the limit; 1.6^5 is 10.5. Without the
/// template's word nothing is bounded: what was idle and wakes needs a thousand times more at once.
const GROWTH_MAX: f64 = 10.0;

/// So many days in a row each with a higher peak are growth: of unrelated days one run of seven in 5,040
/// is in order.
const DAYS_RISING: u32 = 6;

/// A day's peak counts as higher by more than this.
const HIGHER_BY: f64 = 1.01;

/// How long a container counts as growing after the last sign of it.
const REMEMBERED: Duration = Duration::from_hours(8 * 24);

const DAY_SECONDS: i64 = 24 * 3600;

/// The signs of growth of one container.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Growth {
    /// The day that goes on, counted from the epoch, and its peak.
    today: Option<(i64, f64)>,
    yesterday: Option<f64>,
    days_rising: u32,
    /// The peak of the day before the first of these.
    risen_from: f64,
    /// What it was content with before it began to grow, and until when that is remembered.
    grown: Option<(f64, Timestamp)>,
}

impl Growth {
    /// Time has come to `now`.
    pub(super) fn pass(&mut self, now: Timestamp) {
        if self.grown.is_some_and(|(_, until)| until <= now) {
            self.grown = None;
        }
        let day = now.seconds().div_euclid(DAY_SECONDS);
        let Some((_, peak)) = self.today.filter(|(today, _)| *today < day) else { return };
        self.today = None;
        match self.yesterday {
            Some(before) if peak > before * HIGHER_BY => {
                if self.days_rising == 0 {
                    self.risen_from = before;
                }
                self.days_rising = self.days_rising.saturating_add(1);
            }
            Some(_) | None => self.days_rising = 0,
        }
        self.yesterday = Some(peak);
        if self.days_rising >= DAYS_RISING {
            self.sign(self.risen_from, now);
        }
    }

    /// Usage of the tick that began then.
    pub(super) fn usage(&mut self, start: Timestamp, usage: f64) {
        let day = start.seconds().div_euclid(DAY_SECONDS);
        let peak = self.today.map_or(usage, |(_, peak)| peak.max(usage));
        self.today = Some((day, peak));
    }

    /// It was killed; before that it was content with this much.
    pub(super) fn killed(&mut self, content_with: f64, now: Timestamp) {
        self.sign(content_with, now);
    }

    /// The level above which it is not raised, while it grows; `given` is what the template gives it.
    pub(super) fn most(&self, given: Option<f64>) -> Option<f64> {
        Some(self.grown?.0.max(given?) * GROWTH_MAX)
    }

    fn sign(&mut self, from: f64, now: Timestamp) {
        let from = self.grown.map_or(from, |(before, _)| before);
        self.grown = Some((from, now.plus(REMEMBERED)));
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.option(self.today, |out, (day, peak)| {
            out.i64(day);
            out.f64(peak);
        });
        out.option(self.yesterday, Writer::f64);
        out.u32(self.days_rising);
        out.f64(self.risen_from);
        out.option(self.grown, |out, (from, until)| {
            out.f64(from);
            out.time(until);
        });
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, ReadError> {
        Ok(Self {
            today: from.option(|from| Ok((from.i64()?, from.f64()?)))?,
            yesterday: from.option(Reader::f64)?,
            days_rising: from.u32()?,
            risen_from: from.f64()?,
            grown: from.option(|from| Ok((from.f64()?, from.time()?)))?,
        })
    }
}
