//! Drives the line in real time: collects and evaluates at their intervals until told to end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use plimsoll_engine::Engine;

use crate::{
    Actuator, Clock, EvaluationSink, Line, SampleSource, Tick, TickReport, WorkloadSource,
};

/// An event may bring the next evaluation forward, but never closer than this to the last one:
/// a storm of events costs at most one evaluation every two seconds.
const WAKE_SPACING: Duration = Duration::from_secs(2);

/// How often what is done.
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    /// Usage is collected.
    pub collect: Duration,
    /// Workloads are evaluated.
    pub evaluate: Duration,
}

/// What a replica may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Evaluate, apply and write status.
    Leader,
    /// Collect and keep history, so that a take-over is warm.
    Standby,
}

/// What steers a running line from outside.
#[derive(Clone, Debug)]
pub struct Control {
    /// Whether this replica leads.
    pub role: watch::Receiver<Role>,
    /// Brings the next evaluation forward. It says nothing about why: a tick reads the world.
    pub wake: Arc<Notify>,
    /// Ends the line between two ticks.
    pub cancel: CancellationToken,
}

/// Runs the line until it is cancelled. `after` sees every tick's report: it keeps history,
/// metrics and logs.
pub async fn run<C, S, W, A, E>(
    line: &mut Line<C, S, W, A, E>,
    intervals: Intervals,
    mut control: Control,
    mut after: impl FnMut(&Engine, &TickReport, Duration),
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
            () = control.wake.notified() => {
                schedule.bring_forward();
                continue;
            }
            // Gaining the lead is a reason to look at once.
            Ok(()) = control.role.changed() => {
                schedule.bring_forward();
                continue;
            }
            () = sleep_until(schedule.next()) => {}
        }
        let begun = Instant::now();
        let mut tick = schedule.due(begun);
        tick.evaluate &= *control.role.borrow() == Role::Leader;
        let report = line.tick(tick).await;
        after(&line.engine, &report, begun.elapsed());
        schedule.done(tick, intervals);
    }
}

/// When what is due next. A tick that took longer than its interval delays the next one: ticks
/// never pile up.
struct Schedule {
    collect: Instant,
    evaluate: Instant,
    last_evaluated: Option<Instant>,
}

impl Schedule {
    fn starting_at(now: Instant) -> Self {
        Self { collect: now, evaluate: now, last_evaluated: None }
    }

    fn next(&self) -> Instant {
        self.collect.min(self.evaluate)
    }

    fn due(&mut self, now: Instant) -> Tick {
        let tick = Tick { collect: self.collect <= now, evaluate: self.evaluate <= now };
        if tick.evaluate {
            self.last_evaluated = Some(now);
        }
        tick
    }

    fn done(&mut self, tick: Tick, intervals: Intervals) {
        let now = Instant::now();
        if tick.collect {
            self.collect = now + intervals.collect;
        }
        if self.evaluate <= now {
            self.evaluate = now + intervals.evaluate;
        }
    }

    fn bring_forward(&mut self) {
        let now = Instant::now();
        let earliest = self.last_evaluated.map_or(now, |last| (last + WAKE_SPACING).max(now));
        self.evaluate = self.evaluate.min(earliest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_storm_of_events_brings_one_evaluation_every_two_seconds() {
        let intervals =
            Intervals { collect: Duration::from_secs(30), evaluate: Duration::from_mins(1) };
        let start = Instant::now();
        let mut schedule = Schedule::starting_at(start);
        assert_eq!(schedule.due(start), Tick { collect: true, evaluate: true });
        schedule.done(Tick { collect: true, evaluate: true }, intervals);
        assert_eq!(schedule.next() - start, intervals.collect);
        for _ in 0..100 {
            schedule.bring_forward();
        }
        assert_eq!(schedule.next() - start, WAKE_SPACING);
    }
}
