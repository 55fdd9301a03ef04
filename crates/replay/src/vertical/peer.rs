//! Other recommenders, written anew from the constants they publish, to compare with.

mod attune;
mod autopilot;
mod histogram;
mod vpa;
mod window;

use std::time::Duration;

use plimsoll_domain::Resource;

use super::drive::Recommender;
use crate::trace::SeriesInfo;

/// A recommender to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Kubernetes' Vertical Pod Autoscaler 1.7 with its defaults: 90th percentile of a histogram
    /// that halves daily (memory: of daily peaks) plus 15 %, changed as its updater would.
    Vpa,
    /// KRR's strategy `simple`: 95th percentile of two weeks; memory their maximum plus 15 %.
    Krr,
    /// KRR's strategy `simple_limit`: the 66th percentile instead.
    KrrLimit,
    /// Crane's percentile recommender: 99th percentile of a week plus 15 %.
    Crane,
    /// The window recommender of Google's Autopilot paper: 98th percentile of load.
    Autopilot,
    /// Attune's defaults: 95th percentile (memory: 99th) of the busiest hour of the day plus 20 %
    /// (30 %), more for bursts and while data is scarce; memory is never lowered.
    Attune,
    /// Cast AI's documented defaults: 80th percentile (memory: maximum) of one day plus 10 %.
    CastDefault,
    /// The maximum of seven days plus 50 %.
    Max7d,
    /// 95th percentile (memory: maximum) of one day plus 15 %, hourly.
    Plain,
}

impl Peer {
    /// Every peer with the name it is called by.
    pub const ALL: [(&'static str, Self); 9] = [
        ("vpa", Self::Vpa),
        ("krr", Self::Krr),
        ("krr-limit", Self::KrrLimit),
        ("crane", Self::Crane),
        ("autopilot", Self::Autopilot),
        ("attune", Self::Attune),
        ("cast-default", Self::CastDefault),
        ("max7d", Self::Max7d),
        ("plain", Self::Plain),
    ];

    pub(super) fn recommender(self, info: &SeriesInfo, tick: Duration) -> Box<dyn Recommender> {
        let window = |rule| Box::new(window::Window::new(rule, info.resource, tick));
        let cpu = info.resource == Resource::Cpu;
        match self {
            Self::Vpa => Box::new(vpa::Vpa::new(info, tick)),
            Self::Krr => window(window::krr(cpu)),
            Self::KrrLimit => window(window::krr_limit(cpu)),
            Self::Crane => window(window::crane()),
            Self::Autopilot => Box::new(autopilot::Autopilot::new(info.resource, tick)),
            Self::Attune => Box::new(attune::Attune::new(info.resource, tick)),
            Self::CastDefault => window(window::cast_default(cpu)),
            Self::Max7d => window(window::max_7d()),
            Self::Plain => window(window::plain(cpu)),
        }
    }
}

/// Whether the tick that ends at `now` holds a boundary of the grid.
fn due(now: i64, tick: i64, grid: i64) -> bool {
    now.div_euclid(grid) != now.saturating_sub(tick).div_euclid(grid)
}

/// Applied only when it differs by more than this from what is in force: peers whose publication
/// names no rule for changes get the one that most of them have.
const CHANGE_MIN: f64 = 0.10;

/// Whether a value is worth applying.
fn differs(value: f64, in_force: Option<f64>) -> bool {
    in_force.is_none_or(|before| (value - before).abs() > CHANGE_MIN * before)
}
