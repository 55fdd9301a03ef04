//! Drives the line in real time: collects and evaluates at their intervals until told to end.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use plimsoll_engine::Engine;

use crate::{
    Actuator, Clock, EvaluationSink, Line, Role, SampleSource, Tick, TickReport, WorkloadSource,
};

/// How often what is done.
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    /// Usage is collected.
    pub collect: Duration,
    /// Workloads are evaluated.
    pub evaluate: Duration,
}

/// What steers a running line from outside.
#[derive(Clone, Debug)]
pub struct Control {
    /// Whether this replica leads.
    pub role: watch::Receiver<Role>,
    /// Ends the line between two ticks.
    pub cancel: CancellationToken,
}

/// Runs the line until it is cancelled. `after` sees every tick's report: it keeps history,
/// metrics and logs, and gives the engine what was learned of the past meanwhile.
pub async fn run<C, S, W, A, E>(
    line: &mut Line<C, S, W, A, E>,
    intervals: Intervals,
    mut control: Control,
    mut after: impl FnMut(&mut Engine, &TickReport, Duration),
) where
    C: Clock,
    S: SampleSource,
    W: WorkloadSource,
    A: Actuator,
    E: EvaluationSink,
{
    let mut schedule = Schedule::starting_at(Instant::now());
    loop {
        tokio::select! {
            () = control.cancel.cancelled() => return,
            // Gaining the lead is a reason to look at once.
            Ok(()) = control.role.changed() => schedule.evaluate = Instant::now(),
            () = sleep_until(schedule.next()) => {}
        }
        let begun = Instant::now();
        let tick = schedule.due(begun, *control.role.borrow());
        let report = line.tick(tick).await;
        after(&mut line.engine, &report, begun.elapsed());
        schedule.done(tick, intervals);
    }
}

/// When what is due next. A tick that took longer than its interval delays the next one: ticks
/// never pile up.
struct Schedule {
    collect: Instant,
    evaluate: Instant,
}

impl Schedule {
    fn starting_at(now: Instant) -> Self {
        Self { collect: now, evaluate: now }
    }

    fn next(&self) -> Instant {
        self.collect.min(self.evaluate)
    }

    fn due(&self, now: Instant, role: Role) -> Tick {
        Tick { collect: self.collect <= now, evaluate: self.evaluate <= now, role }
    }

    fn done(&mut self, tick: Tick, intervals: Intervals) {
        let now = Instant::now();
        if tick.collect {
            self.collect = now + intervals.collect;
        }
        if tick.evaluate {
            self.evaluate = now + intervals.evaluate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_slow_tick_delays_the_next_one_and_none_pile_up() {
        let seconds = Duration::from_secs;
        let intervals = Intervals { collect: seconds(30), evaluate: seconds(60) };
        let start = Instant::now();
        let mut schedule = Schedule::starting_at(start);
        let both = Tick { collect: true, evaluate: true, role: Role::Leader };
        assert_eq!(schedule.due(start, Role::Leader), both);
        tokio::time::advance(seconds(100)).await;
        schedule.done(both, intervals);
        assert_eq!(schedule.next() - start, seconds(130));
        let one = Tick { collect: true, evaluate: false, role: Role::Standby };
        assert_eq!(schedule.due(start + seconds(130), Role::Standby), one);
    }
}
