//! Plimsoll's `auto` as a recommender of the replay.

use std::time::Duration;

use plimsoll_domain::{Ratio, Resource, Timestamp};
use plimsoll_engine::auto::{
    BurstableAuto, BurstableConstants, BurstableDecision, CpuAuto, CpuConstants, MemoryAuto,
    MemoryConstants, MemoryTick,
};

use super::drive::{Recommender, Seen, Values};
use super::{Apply, Memory};
use crate::trace::SeriesInfo;

/// `auto` for one container.
pub(super) fn recommender(
    info: &SeriesInfo,
    tick: Duration,
    apply: Apply,
    memory: Memory,
    price: Option<Ratio>,
) -> Box<dyn Recommender> {
    match (info.resource, memory) {
        (Resource::Cpu, _) => {
            let constants = match apply {
                Apply::InPlace => CpuConstants::in_place(),
                Apply::Restart => CpuConstants::restart(),
            };
            let constants = match price {
                Some(price) => constants.with_price(price),
                None => constants,
            };
            Box::new(CpuAuto::new(constants, tick))
        }
        (Resource::Memory, Memory::Guaranteed) => {
            let constants = MemoryConstants::guaranteed();
            let free = info.is_fraction.then(|| constants.clone().scale_free());
            Box::new(MemoryAuto::new(free.unwrap_or(constants), tick))
        }
        (Resource::Memory, Memory::Burstable) => {
            let constants = BurstableConstants::standard();
            let free = info.is_fraction.then(|| constants.clone().scale_free());
            Box::new(BurstableAuto::new(free.unwrap_or(constants), tick))
        }
    }
}

/// What one container's state takes; nothing of it is on the heap.
pub(super) fn state_bytes(resource: Resource, memory: Memory) -> usize {
    match (resource, memory) {
        (Resource::Cpu, _) => CpuAuto::STATE_BYTES_MAX,
        (Resource::Memory, Memory::Guaranteed) => size_of::<MemoryAuto>(),
        (Resource::Memory, Memory::Burstable) => size_of::<BurstableAuto>(),
    }
}

impl Recommender for CpuAuto {
    fn tick(&mut self, _: Timestamp, seen: Seen) {
        self.tick(match seen {
            Seen::Usage(usage) => Some(usage),
            Seen::Gap | Seen::OutOfMemory(_) => None,
        });
    }

    fn decide(&mut self, now: Timestamp) -> Option<Values> {
        let decision = Self::decide(self, now).filter(|decision| decision.verdict.moves())?;
        self.applied(decision.request);
        Some(Values { request: decision.request, limit: None })
    }
}

impl Recommender for MemoryAuto {
    fn tick(&mut self, start: Timestamp, seen: Seen) {
        self.tick(start, memory_tick(seen));
    }

    fn decide(&mut self, now: Timestamp) -> Option<Values> {
        let decision = Self::decide(self, now).filter(|decision| decision.verdict.moves())?;
        self.applied(decision.level);
        Some(Values { request: decision.level, limit: Some(decision.level) })
    }
}

impl Recommender for BurstableAuto {
    fn tick(&mut self, start: Timestamp, seen: Seen) {
        self.tick(start, memory_tick(seen));
    }

    fn decide(&mut self, now: Timestamp) -> Option<Values> {
        let decision = Self::decide(self, now).filter(BurstableDecision::moves)?;
        self.applied(decision.request, decision.limit);
        Some(Values { request: decision.request, limit: Some(decision.limit) })
    }
}

fn memory_tick(seen: Seen) -> MemoryTick {
    match seen {
        Seen::Gap => MemoryTick::Gap,
        Seen::Usage(usage) => MemoryTick::Usage(usage),
        Seen::OutOfMemory(limit) => MemoryTick::killed(limit),
    }
}
