//! Who leads: the rules of client-go's leader election, without a clock and without I/O.
//!
//! Two clocks are never compared. A follower takes a lease over when it has itself seen no change
//! of it for the lease's whole duration; a leader counts its time from the moment it sent the
//! last renewal that was accepted, and stops when the renew deadline has passed since. As long as
//! the deadline is shorter than the duration by more than clocks differ in rate, no two lead.

use std::time::Duration;

/// How long what takes. The defaults are client-go's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A lease that did not change for this long is free.
    pub lease: Duration,
    /// A leader that could not renew for this long leads no more. Shorter than `lease`.
    pub renew_deadline: Duration,
    /// How long is waited between two attempts.
    pub retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// What a lease says. Two that are equal mean that nobody renewed in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// Who holds it; empty after a release.
    pub holder: String,
    /// For how long after each change.
    pub duration: Duration,
    /// When it was renewed, by the holder's clock, in microseconds. Only ever compared for being
    /// the same.
    pub renewed_us: i64,
    /// How often it changed hands.
    pub transitions: i32,
}

/// What to do about a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Create it, as its holder.
    Create,
    /// Become its holder.
    Take,
    /// Say that one still holds it.
    Renew,
    /// Nothing: another holds it.
    Wait,
    /// Lead no more, at once: another holds it.
    StepDown,
}

/// A lease as it was last seen to change.
#[derive(Clone, Debug)]
struct Observation {
    record: Record,
    /// When the change was first seen, by the own monotonic clock.
    at: Duration,
}

/// One candidate. `now` is always its own monotonic clock, from any beginning.
#[derive(Clone, Debug)]
pub(crate) struct Elector {
    identity: String,
    timing: Timing,
    observed: Option<Observation>,
    /// When the last accepted renewal was sent; absent before the first.
    renewed_at: Option<Duration>,
}

impl Elector {
    /// A candidate. The identity must be another for every run of the program.
    pub(crate) fn new(identity: impl Into<String>, timing: Timing) -> Self {
        Self { identity: identity.into(), timing, observed: None, renewed_at: None }
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    pub(crate) fn timing(&self) -> Timing {
        self.timing
    }

    /// Takes in what a reading of the lease said, and decides. A lease that is gone counts as it
    /// was last seen: deleting it makes no second leader.
    pub(crate) fn decide(&mut self, seen: Option<Record>, now: Duration) -> Action {
        let is_absent = seen.is_none();
        if let Some(record) = seen {
            self.observe(record, now);
        }
        let Some(Observation { record, at }) = &self.observed else {
            return Action::Create;
        };
        let is_own = record.holder == self.identity;
        let is_free = record.holder.is_empty() || now.saturating_sub(*at) >= record.duration;
        match (is_own || is_free, is_absent) {
            (true, true) => Action::Create,
            (true, false) if is_own => Action::Renew,
            (true, false) => Action::Take,
            (false, _) if self.renewed_at.is_some() => Action::StepDown,
            (false, _) => Action::Wait,
        }
    }

    /// Takes in that a write, sent at `sent_at`, was accepted by `now`.
    pub(crate) fn accepted(&mut self, record: Record, sent_at: Duration, now: Duration) {
        self.observe(record, now);
        self.renewed_at = Some(sent_at);
    }

    /// Until when this candidate leads unless it renews; none when it does not lead.
    pub(crate) fn leads_until(&self) -> Option<Duration> {
        self.renewed_at.map(|at| at + self.timing.renew_deadline)
    }

    /// Whether this candidate leads.
    pub(crate) fn leads(&self, now: Duration) -> bool {
        self.leads_until().is_some_and(|until| now < until)
    }

    fn observe(&mut self, record: Record, now: Duration) {
        let is_same = |seen: &Observation| seen.record == record;
        if !self.observed.as_ref().is_some_and(is_same) {
            self.observed = Some(Observation { record, at: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn record(holder: &str, renewed_us: i64) -> Record {
        Record { holder: holder.to_owned(), duration: seconds(15), renewed_us, transitions: 0 }
    }

    /// Candidate `me` sees each record (holder and renewal, `-` for no lease) at each second.
    fn check(seen: &[(u64, &str, i64)], expect: Action) {
        let mut elector = Elector::new("me", Timing::default());
        let mut action = Action::Wait;
        for (at, holder, renewed) in seen {
            let record = (*holder != "-").then(|| record(holder, *renewed));
            action = elector.decide(record, seconds(*at));
        }
        assert_eq!(action, expect, "{seen:?}");
    }

    #[test]
    fn a_lease_that_nobody_holds_is_taken() {
        check(&[(0, "-", 0)], Action::Create);
        check(&[(0, "", 0)], Action::Take);
    }

    #[test]
    fn a_lease_expires_only_by_what_was_seen_here() {
        check(&[(100, "other", 0)], Action::Wait);
        check(&[(100, "other", 0), (114, "other", 0)], Action::Wait);
        check(&[(100, "other", 0), (115, "other", 0)], Action::Take);
        check(&[(100, "other", 0), (114, "other", 1), (115, "other", 1)], Action::Wait);
    }

    #[test]
    fn a_deleted_lease_counts_as_it_was_last_seen() {
        check(&[(0, "other", 0), (1, "-", 0)], Action::Wait);
        check(&[(0, "other", 0), (15, "-", 0)], Action::Create);
    }

    #[test]
    fn a_write_whose_answer_was_lost_is_made_again() {
        check(&[(0, "-", 0), (2, "me", 0)], Action::Renew);
    }

    #[test]
    fn a_leader_leads_from_when_it_sent_and_steps_down_for_another() {
        let mut elector = Elector::new("me", Timing::default());
        elector.accepted(record("me", 0), seconds(5), seconds(8));
        assert!(elector.leads(seconds(14)));
        assert!(!elector.leads(seconds(15)));
        let other = Some(record("other", 1));
        assert_eq!(elector.decide(other, seconds(9)), Action::StepDown);
    }

    /// How one request fares: milliseconds to the server and back, and whether each way is lost.
    #[derive(Clone, Debug)]
    struct Fate {
        there: u64,
        back: u64,
        lost_there: bool,
        lost_back: bool,
    }

    fn fate() -> impl Strategy<Value = Fate> {
        let delay = || prop_oneof![4 => 0..500_u64, 1 => 0..20_000_u64];
        let lost = || prop::bool::weighted(0.15);
        (delay(), delay(), lost(), lost()).prop_map(|(there, back, lost_there, lost_back)| Fate {
            there,
            back,
            lost_there,
            lost_back,
        })
    }

    /// A candidate on a simulated network, with a clock that runs at its own rate.
    struct Candidate {
        elector: Elector,
        runs: u32,
        name: &'static str,
        rate: f64,
        offset: Duration,
        fates: Vec<Fate>,
        next_fate: usize,
        step: Step,
    }

    enum Step {
        Idle { until: u64 },
        Waiting { sent: u64, reply: Option<(u64, Reply)> },
    }

    enum Reply {
        Read(Option<Record>, u64),
        Wrote(Record, Duration),
        Conflict,
    }

    struct Write {
        arrives: u64,
        record: Record,
        version: u64,
        from: usize,
        back: Option<u64>,
        sent_local: Duration,
    }

    impl Candidate {
        fn new(name: &'static str, rate: u32, offset: u64, fates: Vec<Fate>) -> Self {
            Self {
                elector: Elector::new(format!("{name}-0"), Timing::default()),
                runs: 0,
                name,
                rate: f64::from(rate) / 1000.0,
                offset: seconds(offset),
                fates,
                next_fate: 0,
                step: Step::Idle { until: 0 },
            }
        }

        fn clock(&self, at: u64) -> Duration {
            self.offset + Duration::from_millis(at).mul_f64(self.rate)
        }

        fn fate(&mut self) -> Fate {
            self.next_fate += 1;
            self.fates[self.next_fate % self.fates.len()].clone()
        }

        /// What has led and leads no more ends, and a new run begins.
        fn end_if_lost(&mut self, at: u64) {
            let led = self.elector.leads_until().is_some();
            if led && !self.elector.leads(self.clock(at)) {
                self.runs += 1;
                let identity = format!("{}-{}", self.name, self.runs);
                self.elector = Elector::new(identity, Timing::default());
                self.step = Step::Idle { until: at + 1000 };
            }
        }
    }

    const LIMIT_MS: u64 = 3000;

    /// The simulated API server: one lease with a version, and writes on their way to it.
    #[derive(Default)]
    struct Server {
        lease: Option<Record>,
        version: u64,
        writes: Vec<Write>,
    }

    impl Server {
        fn arrive(&mut self, at: u64, candidates: &mut [Candidate; 2]) {
            let (due, later) =
                std::mem::take(&mut self.writes).into_iter().partition(|write| write.arrives <= at);
            self.writes = later;
            let due: Vec<Write> = due;
            for write in due {
                let is_accepted = write.version == self.version;
                if is_accepted {
                    self.lease = Some(write.record.clone());
                    self.version += 1;
                }
                let waiting = &mut candidates[write.from].step;
                if let (Step::Waiting { reply, .. }, Some(back)) = (waiting, write.back) {
                    let answer = if is_accepted {
                        Reply::Wrote(write.record, write.sent_local)
                    } else {
                        Reply::Conflict
                    };
                    *reply = Some((at + back, answer));
                }
            }
        }
    }

    fn step(index: usize, at: u64, server: &mut Server, candidates: &mut [Candidate; 2]) {
        let me = &mut candidates[index];
        me.end_if_lost(at);
        let now = me.clock(at);
        match std::mem::replace(&mut me.step, Step::Idle { until: at + 2000 }) {
            Step::Idle { until } if at < until => me.step = Step::Idle { until },
            Step::Idle { .. } => {
                // A reading sees the server at one moment of its way; here, when it is sent.
                let fate = me.fate();
                let arrives = !fate.lost_there && !fate.lost_back;
                let read = Reply::Read(server.lease.clone(), server.version);
                let reply = arrives.then_some((at + fate.there + fate.back, read));
                me.step = Step::Waiting { sent: at, reply };
            }
            Step::Waiting { sent, reply } if at >= sent + LIMIT_MS => drop((sent, reply)),
            Step::Waiting { sent, reply: Some((due, reply)) } if at >= due => {
                let _ = sent;
                take(index, at, now, reply, server, candidates);
            }
            waiting @ Step::Waiting { .. } => me.step = waiting,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one step of a small simulation")]
    fn take(
        index: usize,
        at: u64,
        now: Duration,
        reply: Reply,
        server: &mut Server,
        candidates: &mut [Candidate; 2],
    ) {
        let me = &mut candidates[index];
        match reply {
            Reply::Conflict => {}
            Reply::Wrote(record, sent) => me.elector.accepted(record, sent, now),
            Reply::Read(seen, version) => match me.elector.decide(seen, now) {
                Action::Wait => {}
                Action::StepDown => {
                    me.elector = Elector::new(format!("{}-x{at}", me.name), Timing::default());
                }
                Action::Create | Action::Take | Action::Renew => {
                    let fate = me.fate();
                    let record = Record {
                        holder: me.elector.identity().to_owned(),
                        duration: Timing::default().lease,
                        renewed_us: i64::try_from(at).unwrap(),
                        transitions: 0,
                    };
                    if !fate.lost_there {
                        server.writes.push(Write {
                            arrives: at + fate.there,
                            record,
                            version,
                            from: index,
                            back: (!fate.lost_back).then_some(fate.back),
                            sent_local: now,
                        });
                    }
                    me.step = Step::Waiting { sent: at, reply: None };
                }
            },
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn two_candidates_never_lead_at_once(
            rates in [850..1150_u32, 850..1150],
            offsets in [0..1_000_000_u64, 0..1_000_000],
            fates in [prop::collection::vec(fate(), 1..60), prop::collection::vec(fate(), 1..60)],
        ) {
            let [a, b] = fates;
            let mut candidates = [
                Candidate::new("a", rates[0], offsets[0], a),
                Candidate::new("b", rates[1], offsets[1], b),
            ];
            let mut server = Server::default();
            for at in (0..300_000).step_by(100) {
                server.arrive(at, &mut candidates);
                for index in 0..2 {
                    step(index, at, &mut server, &mut candidates);
                }
                let leading = candidates.iter().filter(|c| c.elector.leads(c.clock(at)));
                let leading: Vec<_> = leading.map(|c| c.elector.identity().to_owned()).collect();
                prop_assert!(leading.len() < 2, "{leading:?} lead at {at} ms");
            }
        }
    }
}
