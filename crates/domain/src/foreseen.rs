//! What a forecast says of the usage to come, in numbers that can be said in one sentence each.

use std::time::Duration;

use crate::{Amount, Ratio, Timestamp};

/// The last forecast of one resource of a container.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Foreseen {
    /// When it was made: the end of the last five minutes it knows.
    pub at: Timestamp,
    /// How far ahead it reaches.
    pub horizon: Duration,
    /// When the next one is due; absent where its schedule names no further minute.
    pub next: Option<Timestamp>,
    /// How much usage it was made from.
    pub history: Duration,
    /// Whether that is all since the program's last start, since nobody stores usage.
    pub begins_anew: bool,
    /// The median of the greatest usage until then.
    pub expected: Amount,
    /// Which quantile of the greatest usage is asked for, 0 to 1.
    pub quantile: Ratio,
    /// That quantile.
    pub covered: Amount,
    /// How such forecasts would have done; absent while there is too little usage to tell.
    pub trial: Option<Trial>,
}

/// How forecasts of the last days would have done, made by a model that knew nothing of those days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The model that did best, and is used.
    pub model: ForecastModel,
    /// How many forecasts were compared with what came.
    pub windows: u32,
    /// Its pinball loss over that of taking the window just over to come again; below 1 is better.
    pub loss_ratio: Ratio,
    /// The share of windows whose greatest usage was above the 90th percentile forecast; one in ten
    /// is as it should be.
    pub above: Ratio,
}

/// What forecasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForecastModel {
    /// A robust regression on recent usage, the day's and the week's rhythm.
    Regression,
    /// The day before comes again.
    DayBefore,
}

impl Trial {
    /// What a forecast may lose of what a naive one does. A tenth more is allowed: where usage stands
    /// still nothing can beat repeating, until the day it moves.
    pub const LOSS_RATIO_MAX: f64 = 1.1;

    /// Whether such forecasts are worth following.
    pub fn has_skill(&self) -> bool {
        self.loss_ratio.value() <= Self::LOSS_RATIO_MAX
    }
}

impl Foreseen {
    /// Whether the request follows it.
    pub fn is_followed(&self) -> bool {
        self.trial.is_some_and(|trial| trial.has_skill())
    }

    /// Whether it is followed, and why not, in one word.
    pub fn code(&self) -> &'static str {
        match self.trial {
            None => "NotTried",
            Some(trial) if trial.has_skill() => "Followed",
            Some(_) => "NoSkill",
        }
    }
}
