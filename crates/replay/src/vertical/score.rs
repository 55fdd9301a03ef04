//! The score of a run: what was asked for over what was used, and how often usage was above it.

use std::time::Duration;

use plimsoll_domain::Resource;

use super::cells::Cells;
use super::drive::Row;
use super::summary::{Group, Summary};
use crate::trace::SeriesInfo;

/// Footprint and cost of a series for which nothing was decided.
const PENALTY: f64 = 100.0;
/// CPU above the request costs this many times what CPU unused below it costs.
const UNDER_COST: f64 = 10.0;
/// A kill costs this much of the median request.
const KILL_COST_SECONDS: f64 = 12.0 * 3600.0;
const DAY_SECONDS: f64 = 86_400.0;

/// Which series count.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Series from these sources; from all where none is named.
    pub sources: Vec<String>,
    /// Series that last at least so many days.
    pub min_days: f64,
}

impl Scored {
    /// The sources whose series are long enough to be judged, and three days.
    pub fn standard(resource: Resource) -> Self {
        let both = ["bitbrains", "gcd11", "borg19", "kruize", "alibaba18m", "smd"];
        let cpu_only: &[&str] = match resource {
            Resource::Cpu => &["vasim", "nab"],
            Resource::Memory => &[],
        };
        let sources = both.iter().chain(cpu_only).map(|source| (*source).to_owned()).collect();
        Self { sources, min_days: 3.0 }
    }
}

/// The score of one series; the figures are those of [`Summary`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesScore {
    /// The series.
    pub series: String,
    /// Where it was recorded.
    pub source: String,
    /// Nothing was decided for it.
    pub missing: bool,
    pub(super) late: bool,
    /// Requested over used.
    pub footprint: f64,
    pub(super) limit_footprint: f64,
    /// The share of time in which more was used than was requested.
    pub under_time: f64,
    pub(super) under_volume: f64,
    /// Decisions after the first, a day.
    pub changes_per_day: f64,
    /// Times above the limit, in 100 days.
    pub oom_per_100d: f64,
    /// Requested above use, and what being short costs, over used.
    pub cost: f64,
    /// Requested and used, times time.
    pub(super) requested: f64,
    pub(super) used: f64,
}

/// The scores of all series so far.
#[derive(Debug)]
pub(super) struct Scores {
    resource: Resource,
    scored: Scored,
    warm_up: Duration,
    series: Vec<SeriesScore>,
}

impl Scores {
    pub(super) fn new(resource: Resource, scored: Scored, warm_up: Duration) -> Self {
        Self { resource, scored, warm_up, series: Vec::new() }
    }

    /// Scores one series, if it counts.
    pub(super) fn add(&mut self, info: &SeriesInfo, cells: &Cells, rows: &[Row]) {
        let Scored { sources, .. } = &self.scored;
        let wanted = sources.is_empty() || sources.contains(&info.source);
        // Where the index does not say how long it lasts, its ticks do.
        let ticks = || cells.len() as f64 * cells.tick().as_secs_f64() / DAY_SECONDS;
        if !wanted || info.days.unwrap_or_else(ticks) < self.scored.min_days {
            return;
        }
        let warm_ticks = cells.warm_ticks(self.warm_up);
        if cells.len() < warm_ticks.saturating_mul(2) {
            return;
        }
        let ticks = Ticks::of(cells, rows, warm_ticks);
        if ticks.used <= 0.0 {
            return;
        }
        let score = ticks.score(self.resource, rows);
        self.series.push(SeriesScore {
            series: info.id.clone(),
            source: info.source.clone(),
            ..score
        });
    }

    /// Summaries by group of sources, `all` first; groups without series are left out.
    pub(super) fn groups(&self) -> Vec<(Group, Summary)> {
        let of = |group: Group| {
            let series: Vec<&SeriesScore> =
                self.series.iter().filter(|score| group.holds(&score.source)).collect();
            (!series.is_empty()).then(|| (group, Summary::of(&series)))
        };
        Group::for_resource(self.resource).into_iter().filter_map(of).collect()
    }

    /// Each series' own score.
    pub(super) fn into_series(self) -> Vec<SeriesScore> {
        self.series
    }

    /// Series for which nothing was decided.
    pub(super) fn missing(&self) -> Vec<String> {
        let missing = self.series.iter().filter(|score| score.missing);
        missing.map(|score| score.series.clone()).collect()
    }
}

/// The scored ticks of one series: those with a sample after the warm-up.
#[derive(Debug)]
struct Ticks {
    seconds: f64,
    used: f64,
    scored: Vec<ScoredTick>,
}

#[derive(Clone, Copy, Debug)]
struct ScoredTick {
    usage: f64,
    request: f64,
    limit: f64,
    /// Before the first decision.
    late: bool,
}

impl Ticks {
    fn of(cells: &Cells, rows: &[Row], warm_ticks: usize) -> Self {
        let highest = cells.ticks().filter_map(|(_, usage)| usage).fold(0.0, f64::max);
        let mut upcoming = rows.iter().peekable();
        let mut in_force = None;
        let mut scored = Vec::new();
        for (number, (start, usage)) in cells.ticks().enumerate() {
            while let Some(row) = upcoming.next_if(|row| row.at <= start) {
                in_force = Some(row.values);
            }
            let Some(usage) = usage.filter(|_| number >= warm_ticks) else { continue };
            let request = in_force.map_or(highest, |values| values.request.value());
            let first = rows.first().map(|row| row.values);
            let limit = in_force.or(first).and_then(|values| values.limit);
            scored.push(ScoredTick {
                usage,
                request,
                limit: limit.map_or(request, plimsoll_domain::Amount::value),
                late: in_force.is_none(),
            });
        }
        let used = scored.iter().map(|tick: &ScoredTick| tick.usage).sum();
        Self { seconds: cells.tick().as_secs_f64(), used, scored }
    }

    fn sum(&self, of: impl Fn(&ScoredTick) -> f64) -> f64 {
        self.scored.iter().map(of).sum()
    }

    fn count(&self, of: impl Fn(&ScoredTick) -> bool) -> f64 {
        self.scored.iter().filter(|tick| of(tick)).count() as f64
    }

    fn score(&self, resource: Resource, rows: &[Row]) -> SeriesScore {
        let count = self.scored.len() as f64;
        let days = count * self.seconds / DAY_SECONDS;
        if rows.is_empty() {
            return self.nothing_decided(days);
        }
        let kills = self.count(|tick| tick.late || tick.usage > tick.limit);
        let under = self.sum(|tick| (tick.usage - tick.granted()).max(0.0));
        let over = self.sum(|tick| (tick.request - tick.usage).max(0.0));
        let risk = match resource {
            Resource::Cpu => UNDER_COST * under,
            Resource::Memory => kills * KILL_COST_SECONDS / self.seconds * self.median_request(),
        };
        SeriesScore {
            late: self.scored.iter().any(|tick| tick.late),
            footprint: self.sum(|tick| tick.request) / self.used,
            limit_footprint: self.sum(|tick| tick.limit) / self.used,
            under_time: self.count(|tick| tick.late || tick.usage > tick.request) / count,
            under_volume: under / self.used,
            changes_per_day: (rows.len() - 1) as f64 / days,
            oom_per_100d: 100.0 * kills / days,
            cost: (over + risk) / self.used,
            requested: self.sum(|tick| tick.request) * self.seconds,
            used: self.used * self.seconds,
            ..SeriesScore::default()
        }
    }

    fn nothing_decided(&self, days: f64) -> SeriesScore {
        SeriesScore {
            missing: true,
            late: true,
            footprint: PENALTY,
            limit_footprint: PENALTY,
            under_time: 1.0,
            under_volume: 1.0,
            oom_per_100d: 100.0 * self.scored.len() as f64 / days,
            cost: PENALTY,
            requested: PENALTY * self.used * self.seconds,
            used: self.used * self.seconds,
            ..SeriesScore::default()
        }
    }

    fn median_request(&self) -> f64 {
        super::summary::quantile(self.scored.iter().map(|tick| tick.request).collect(), 0.5)
    }
}

impl ScoredTick {
    /// What was there to use: nothing before the first decision.
    fn granted(&self) -> f64 {
        if self.late { 0.0 } else { self.request }
    }
}
