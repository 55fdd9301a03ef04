//! Slots: which samples share a sketch. A slot is an hour or six, a resource and an age class.

use std::time::Duration;

use plimsoll_domain::{Resource, Timestamp};

/// Nothing older than this is remembered: the longest look-back is 7 d, its far edge may lie in a
/// sketch that began up to 6 h earlier, and the rest is room for clocks and late evaluations.
pub const RETENTION: Duration = Duration::from_hours(8 * 24);

/// [`RETENTION`] in hours.
const RETENTION_HOURS: u32 = 8 * 24;

/// Hours younger than this have sketches of their own: a look-back of 24 h touches 25 hours, and
/// one more is room for a clock that is behind.
const HOURLY_HOURS: u32 = 26;

/// Hours in a slot once they are older. Divides a day, so that slots are the same every day.
const BLOCK_HOURS: u32 = 6;

/// Look-backs of up to this are resolved by hour, longer ones by six.
const HOURLY_LOOK_BACK: Duration = Duration::from_hours(24);

/// Where age classes end, in seconds; the last has no end.
const CLASS_ENDS: [u64; AGE_CLASSES - 1] = [2 * 60, 5 * 60, 15 * 60, 60 * 60];

/// How many age classes there are.
const AGE_CLASSES: usize = 5;

/// The class without an end; the first is 0.
const LAST_CLASS: u32 = 4;

/// A UTC hour since the epoch, below 2^24 (the year 3883).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hour(pub(crate) u32);

impl Hour {
    /// The hour of a moment; `None` before 1970 and after 3883, where no usage is measured.
    pub(crate) fn of(at: Timestamp) -> Option<Self> {
        let hour = u32::try_from(at.seconds().div_euclid(3600)).ok()?;
        Self::from_number(hour)
    }

    /// From its number; `None` when that is too great.
    pub(crate) fn from_number(hour: u32) -> Option<Self> {
        (hour < 1 << 24).then_some(Self(hour))
    }
}

/// The place of a sketch, packed: the hour it begins in (24 bits), three zeros, whether it lasts
/// six hours, the resource (1 bit), the age class (3 bits). Orders by time first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(u32);

const BLOCK_BIT: u32 = 1 << 4;
const MEMORY_BIT: u32 = 1 << 3;
const CLASS_MASK: u32 = 0b111;
/// One of the reserved.
const MARK_BIT: u32 = 1 << 5;
const RESERVED_MASK: u32 = 0b1110_0000;

impl Slot {
    /// The slot of a sample.
    pub(crate) fn new(hour: Hour, resource: Resource, age: Duration) -> Self {
        let resource = match resource {
            Resource::Cpu => 0,
            Resource::Memory => MEMORY_BIT,
        };
        Self(hour.0 << 8 | resource | class_of(age))
    }

    /// The packed form.
    pub(crate) fn code(self) -> u32 {
        self.0
    }

    /// From the packed form; `None` for a form no slot has.
    pub(crate) fn from_code(code: u32) -> Option<Self> {
        let slot = Self(code);
        let aligned = !slot.is_block() || slot.hour().0.is_multiple_of(BLOCK_HOURS);
        let valid = code & RESERVED_MASK == 0 && slot.class() <= LAST_CLASS && aligned;
        valid.then_some(slot)
    }

    /// The packed form with a mark in a bit that no slot has, or without it.
    pub(crate) fn marked(self, is_marked: bool) -> u32 {
        self.0 | if is_marked { MARK_BIT } else { 0 }
    }

    /// From a packed form with or without the mark.
    pub(crate) fn unmarked(code: u32) -> (Self, bool) {
        (Self(code & !MARK_BIT), code & MARK_BIT != 0)
    }

    /// The hour it begins in.
    pub(crate) fn hour(self) -> Hour {
        Hour(self.0 >> 8)
    }

    fn is_block(self) -> bool {
        self.0 & BLOCK_BIT != 0
    }

    fn class(self) -> u32 {
        self.0 & CLASS_MASK
    }

    /// The six hours it belongs to.
    pub(crate) fn block(self) -> Self {
        let hour = self.hour().0 / BLOCK_HOURS * BLOCK_HOURS;
        Self(hour << 8 | BLOCK_BIT | self.0 & (MEMORY_BIT | CLASS_MASK))
    }

    /// The first hour after it.
    fn end(self) -> u32 {
        self.hour().0 + if self.is_block() { BLOCK_HOURS } else { 1 }
    }

    /// Where its sketch belongs when `newest` is the newest hour: here, in a slot of six hours, or
    /// nowhere any more.
    pub(crate) fn settled(self, newest: Hour) -> Option<Self> {
        let slot = if self.block().end() + HOURLY_HOURS <= newest.0 { self.block() } else { self };
        (slot.end() + RETENTION_HOURS > newest.0).then_some(slot)
    }
}

fn class_of(age: Duration) -> u32 {
    CLASS_ENDS.iter().map(|end| u32::from(age.as_secs() >= *end)).sum()
}

/// Which slots a question is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    resource_bit: u32,
    first_class: u32,
    by_block: bool,
    from: i64,
    to: i64,
}

impl Selection {
    /// Slots of a resource that overlap the `look_back` before `now` and begin, in age, no earlier
    /// than `startup`.
    pub(crate) fn new(resource: Resource, span: &crate::Span) -> Self {
        Self {
            resource_bit: u32::from(resource == Resource::Memory) * MEMORY_BIT,
            first_class: first_class(span.startup),
            by_block: span.look_back > HOURLY_LOOK_BACK,
            from: span.now.minus(span.look_back).seconds(),
            to: span.now.seconds(),
        }
    }

    /// Whether a slot is one of them.
    ///
    /// Beyond 24 h an hour counts when its six hours do, whether or not they share a sketch yet:
    /// the answer depends on the samples alone, not on when old hours were put together.
    pub(crate) fn includes(&self, slot: Slot) -> bool {
        let time = if self.by_block { slot.block() } else { slot };
        slot.0 & MEMORY_BIT == self.resource_bit
            && slot.class() >= self.first_class
            && i64::from(time.hour().0) * 3600 <= self.to
            && i64::from(time.end()) * 3600 > self.from
    }
}

/// The first class that begins at `startup` or later; the last at most.
fn first_class(startup: Duration) -> u32 {
    let begins = [0].into_iter().chain(CLASS_ENDS);
    begins.take(AGE_CLASSES - 1).map(|begin| u32::from(Duration::from_secs(begin) < startup)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a sample of this age (seconds) counts under this startup (seconds).
    fn check(age: u64, startup: u64, expect: bool) {
        let slot = Slot::new(Hour(100), Resource::Cpu, Duration::from_secs(age));
        let span = crate::Span {
            look_back: Duration::from_hours(3),
            startup: Duration::from_secs(startup),
            now: Timestamp::from_seconds(100 * 3600 + 10),
        };
        assert_eq!(
            Selection::new(Resource::Cpu, &span).includes(slot),
            expect,
            "age {age} s, startup {startup} s"
        );
    }

    #[test]
    fn startup_leaves_out_whole_age_classes() {
        check(0, 0, true);
        check(119, 120, false);
        check(120, 120, true);
        check(120, 121, false);
        check(299, 121, false);
        check(300, 121, true);
        check(300, 301, false);
        check(900, 900, true);
        check(3599, 3600, false);
        check(3600, 3600, true);
    }

    #[test]
    fn the_oldest_class_counts_under_any_startup() {
        check(3600, 7200, true);
    }

    #[test]
    fn an_hour_joins_its_six_hours_once_all_of_them_are_older_than_26_hours() {
        let slot = Slot::new(Hour(601), Resource::Memory, Duration::ZERO);
        assert_eq!(slot.settled(Hour(606 + 25)), Some(slot));
        assert_eq!(slot.settled(Hour(606 + 26)), Some(slot.block()));
        assert_eq!(slot.settled(Hour(606 + 191)), Some(slot.block()));
        assert_eq!(slot.settled(Hour(606 + 192)), None);
    }

    #[test]
    fn a_code_that_no_slot_has_is_refused() {
        let slot = Slot::new(Hour(602), Resource::Memory, Duration::from_hours(5));
        assert_eq!(Slot::from_code(slot.code()), Some(slot));
        assert_eq!(Slot::from_code(slot.code() | 1 << 5), None);
        assert_eq!(Slot::from_code(slot.code() | 7), None);
        assert_eq!(Slot::from_code(slot.code() | BLOCK_BIT), None);
    }
}
