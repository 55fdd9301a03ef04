//! `auto` for one container of a workload: fed by the samples of all its pods, it follows its own
//! recommendation five minutes at a time, exactly as in a replay.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use plimsoll_domain::{
    Allocation, Amount, Judgement, OomKill, PerResource, Quantile, Ratio, Resource, Sample,
    Timestamp, UsageCell, Why,
};
use plimsoll_history::bytes::{ReadError, Reader, Writer};
use plimsoll_history::{ContainerHistory, Span};

use super::cells::{CELL, Cell, Cells, first_open};
use super::{
    BurstableAuto, BurstableConstants, CpuAuto, CpuConstants, MemoryAuto, MemoryConstants,
    MemoryTick, judged, seed,
};

/// How long usage is watched before anything is recommended; from then on what is not known yet is
/// paid for by a higher price of risk, not by waiting.
pub(crate) const WARM_UP: Duration = Duration::from_hours(1);

/// Usage of CPU this soon after a start is the start's: the built-in `startup.period`.
pub(super) const STARTUP: Duration = Duration::from_mins(2);

/// Cells that a gap may have, 30 days: every memory here has faded by then.
const GAP_MAX: i64 = 30 * 288;

/// How far back the busiest pod is looked for, and the samples it must have.
const BUSIEST_LOOK_BACK: Duration = Duration::from_hours(24);
const BUSIEST_SAMPLES: u64 = 10;

/// What all containers go by where nobody set a price.
struct Shipped {
    in_place: Arc<CpuConstants>,
    restart: Arc<CpuConstants>,
    guaranteed: Arc<MemoryConstants>,
    burstable: Arc<BurstableConstants>,
}

static SHIPPED: LazyLock<Shipped> = LazyLock::new(|| Shipped {
    in_place: Arc::new(CpuConstants::in_place()),
    restart: Arc::new(CpuConstants::restart()),
    guaranteed: Arc::new(MemoryConstants::guaranteed()),
    burstable: Arc::new(BurstableConstants::standard()),
});

/// How a container can be given what is recommended, and what risk is taken to cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Means {
    /// A change of CPU restarts it.
    pub(crate) restarts: bool,
    /// The price of risk that somebody set.
    pub(crate) price: Option<Ratio>,
    /// The memory that its template gives it: the limit, else the request.
    pub(crate) memory: Option<Amount>,
}

/// Which levels of memory a container has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Its request is its limit.
    Guaranteed,
    /// It may use more than it requests.
    Burstable,
}

/// What is remembered of one container. About 4 KiB.
#[derive(Clone, Debug)]
pub(crate) struct ContainerAuto {
    cells: Cells,
    cpu: CpuAuto,
    memory: MemoryAuto,
    burstable: BurstableAuto,
    /// What was found last, by CPU, guaranteed memory, burstable memory.
    judged: [Option<Judgement>; 3],
}

/// What `auto` asks for, and why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) allocation: Allocation,
    /// Absent only just after a start.
    pub(crate) judgement: Option<Judgement>,
}

impl Default for ContainerAuto {
    /// Nothing known yet.
    fn default() -> Self {
        Self {
            cells: Cells::default(),
            cpu: CpuAuto::new(Arc::clone(&SHIPPED.in_place), CELL),
            memory: MemoryAuto::new(Arc::clone(&SHIPPED.guaranteed), CELL),
            burstable: BurstableAuto::new(Arc::clone(&SHIPPED.burstable), CELL),
            judged: [None; 3],
        }
    }
}

impl ContainerAuto {
    /// What would be known, had usage been watched as the history tells it; cells that are open, and
    /// how it is changed, stay.
    pub(crate) fn relearn(&mut self, history: &ContainerHistory) {
        let until = self.cells.next().or_else(|| history.last_seen());
        let Some(until) = until else { return };
        let cells = std::mem::take(&mut self.cells);
        let constants = Arc::clone(self.cpu.constants());
        *self = Self::default();
        self.cpu.set_constants(&constants);
        for (start, cell) in seed::cells(history, until) {
            self.close(start, &cell, history);
        }
        self.cells = cells;
        self.cells.resume(until);
    }

    /// How it is changed from now on.
    pub(crate) fn set_means(&mut self, means: Means) {
        let shipped = if means.restarts { &SHIPPED.restart } else { &SHIPPED.in_place };
        let constants = match means.price {
            Some(price) => Arc::new(CpuConstants::clone(shipped).with_price(price)),
            None => Arc::clone(shipped),
        };
        self.cpu.set_constants(&constants);
        self.memory.set_given(means.memory);
        self.burstable.set_given(means.memory);
    }

    /// Takes one sample of one of its pods in.
    pub(crate) fn observe(&mut self, sample: &Sample) {
        self.cells.add(sample);
    }

    /// Takes a kill in.
    pub(crate) fn kill(&mut self, kill: &OomKill) {
        self.cells.kill(kill);
    }

    /// A pod is gone.
    pub(crate) fn end_pod(&mut self, pod: &str) {
        self.cpu.end_pod(pod);
    }

    /// Time has come to `now`: takes in the cells that are over, and gives those in which a pod was
    /// seen to `over`.
    pub(crate) fn pass(
        &mut self,
        now: Timestamp,
        history: &ContainerHistory,
        over: &mut dyn FnMut(UsageCell),
    ) {
        let end = first_open(now);
        while let Some((start, cell)) = self.cells.close(end, GAP_MAX) {
            self.close(start, &cell, history);
            if let Some(usage) = cell.usage(start) {
                over(usage);
            }
            self.cells.reuse(cell);
        }
    }

    fn close(&mut self, start: Timestamp, cell: &Cell, history: &ContainerHistory) {
        self.tick(start, cell);
        if self.cpu.known() >= WARM_UP || self.cpu.request().is_some() {
            self.judge_cpu(start.plus(CELL), history);
        }
        if self.memory.seen() >= WARM_UP || self.memory.level().is_some() {
            self.judge_memory(start.plus(CELL));
        }
    }

    /// What is asked for of a resource by a container of this form; none before the warm-up.
    pub(crate) fn asked(&self, resource: Resource, form: Form) -> Option<Asked> {
        let [cpu, memory, burstable] = self.judged;
        let one = |request, limit, judgement| Asked {
            allocation: Allocation { request: Some(request), limit },
            judgement,
        };
        match (resource, form) {
            (Resource::Cpu, _) => self.cpu.request().map(|request| one(request, None, cpu)),
            (Resource::Memory, Form::Guaranteed) => {
                self.memory.level().map(|level| one(level, Some(level), memory))
            }
            (Resource::Memory, Form::Burstable) => {
                let (request, limit) = self.burstable.levels()?;
                Some(one(request, Some(limit), burstable))
            }
        }
    }

    /// The memory above which it is given none, while it grows without end.
    pub(crate) fn memory_most(&self) -> Option<Amount> {
        self.memory.most()
    }

    /// How much usage of each resource was seen, as far as it matters.
    pub(crate) fn seen(&self) -> PerResource<Duration> {
        PerResource { cpu: self.cpu.known(), memory: self.memory.seen() }
    }

    /// The same without what is known of single pods: cells that are open, and who is above its
    /// request just now.
    pub(crate) fn compact(&self) -> Self {
        let mut compact = Self { cells: Cells::default(), ..self.clone() };
        if let Some(next) = self.cells.next() {
            compact.cells.resume(next);
        }
        compact.cpu.end_pods();
        compact
    }

    /// Whether it has seen more than another, of both resources together.
    pub(crate) fn watched_longer(&self, than: &Self) -> bool {
        let both = |auto: &Self| auto.seen().iter().map(|(_, seen)| *seen).sum::<Duration>();
        both(self) > both(than)
    }

    /// All of it as bytes.
    pub(crate) fn write(&self, out: &mut Writer) {
        self.cells.write(out);
        self.cpu.write(out);
        self.memory.write(out);
        self.burstable.write(out);
        self.judged.iter().for_each(|judged| out.option(*judged, judged::write));
    }

    /// What [`write`](Self::write) wrote.
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, ReadError> {
        let mut auto = Self { cells: Cells::read(from)?, ..Self::default() };
        auto.cpu.read(from)?;
        auto.memory.read(from)?;
        auto.burstable.read(from)?;
        for judged in &mut auto.judged {
            *judged = from.option(judged::read)?;
        }
        Ok(auto)
    }

    fn tick(&mut self, start: Timestamp, cell: &Cell) {
        self.cpu.tick_pods(cell.cpu());
        let memory = match (cell.killed_at, cell.memory()) {
            (Some((first, limit)), usage) => MemoryTick::OutOfMemory { first, limit, usage },
            (None, Some(usage)) => MemoryTick::Usage(usage),
            (None, None) => MemoryTick::Gap,
        };
        self.memory.tick(start, memory);
        self.burstable.tick(start, memory);
    }

    fn judge_cpu(&mut self, at: Timestamp, history: &ContainerHistory) {
        let busiest = |share_max| busiest(history, share_max, at);
        let Some(decision) = self.cpu.decide_above(at, busiest) else { return };
        if decision.verdict.moves() {
            self.cpu.applied(decision.request);
        }
        self.judged[0] =
            Some(Judgement { at, verdict: decision.verdict, why: Why::Cpu(decision.why) });
    }

    fn judge_memory(&mut self, at: Timestamp) {
        if let Some(decision) = self.memory.decide(at) {
            if decision.verdict.moves() {
                self.memory.applied(decision.level);
            }
            self.judged[1] =
                Some(Judgement { at, verdict: decision.verdict, why: Why::Memory(decision.why) });
        }
        if let Some(decision) = self.burstable.decide(at) {
            if decision.moves() {
                self.burstable.applied(decision.request, decision.limit);
            }
            let why = Why::Burstable { day_peak: decision.day_peak };
            self.judged[2] = Some(Judgement { at, verdict: decision.verdict, why });
        }
    }
}

/// The request above which the busiest of several pods was for no more than this share of the last
/// day. Pooled usage alone would let one busy pod among many idle ones starve.
fn busiest(history: &ContainerHistory, share_max: Ratio, now: Timestamp) -> Option<Amount> {
    if history.sub_histories() < 2 {
        return None;
    }
    let span = Span { look_back: BUSIEST_LOOK_BACK, startup: Duration::ZERO, now };
    let window = history.window(Resource::Cpu, &span);
    if window.pods(BUSIEST_SAMPLES) < 2 {
        return None;
    }
    window.max_quantile(Quantile::new(1.0 - share_max.value())?, BUSIEST_SAMPLES)
}
