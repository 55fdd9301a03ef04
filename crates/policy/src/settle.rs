//! Bounds of different sources that contradict each other: the stronger source's holds.
//!
//! A bound that cannot hold is dropped as if its source had not given it, so that the next weaker
//! source's takes its place. Bounds in different forms, an amount and a share of the template's
//! request, are compared where the template is known; there the greatest request holds.

use std::collections::VecDeque;
use std::mem;

use plimsoll_domain::{
    Beaten, Bound, ContainerPolicy, Diagnostic, Origin, Policy, Resource, ResourcePolicy, Settings,
    Sourced,
};

use crate::configure::warning;

type SourcedBound = Sourced<Option<Bound>>;

/// Settles all bounds of a policy; `defaults` are those that are built in. What had to give way goes
/// to `remarks`.
pub(crate) fn settle(
    policy: &mut Policy,
    is_custom: bool,
    defaults: &Settings,
    remarks: &mut Vec<Diagnostic>,
) {
    for resource in Resource::ALL {
        let path = format!("vertical.{}", resource.name());
        let mut place = Place { resource, path, is_custom, remarks: &mut *remarks };
        let whole = policy.resources.get_mut(resource);
        let default = defaults.resources.get(resource);
        let ResourcePolicy { min, max, .. } = whole;
        place.settle((min, default.min.flatten()), (max, default.max.flatten()));
        for (name, entry) in &mut policy.containers {
            let path = format!("vertical.containers.{name}.{}", resource.name());
            let mut place = Place { resource, path, is_custom, remarks: &mut *remarks };
            let ContainerPolicy { min, max, .. } = entry.get_mut(resource);
            place.settle((min, None), (max, None));
            place.settle_within(End::Min, min, (max, &whole.max));
            place.settle_within(End::Max, max, (min, &whole.min));
        }
    }
}

/// Which bound it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Min,
    Max,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    fn opposite(self) -> Self {
        match self {
            Self::Min => Self::Max,
            Self::Max => Self::Min,
        }
    }
}

/// A bound as one source states it.
struct Stated {
    end: End,
    bound: Bound,
    origin: Origin,
}

impl Stated {
    fn of(end: End, sourced: &SourcedBound) -> Option<Self> {
        Some(Self { end, bound: sourced.value?, origin: sourced.origin.clone() })
    }

    fn contradicts(&self, opposite: &Self) -> bool {
        let (min, max) = match self.end {
            End::Min => (self.bound, opposite.bound),
            End::Max => (opposite.bound, self.bound),
        };
        match (min, max) {
            (Bound::Constant(min), Bound::Constant(max)) => min > max,
            (Bound::OfOriginal(min), Bound::OfOriginal(max)) => min > max,
            (Bound::Constant(_), Bound::OfOriginal(_))
            | (Bound::OfOriginal(_), Bound::Constant(_)) => false,
        }
    }

    /// Of two bounds of one source the least is the stronger: too little harms a workload, too much
    /// costs money.
    fn is_weaker_than(&self, opposite: &Self) -> bool {
        self.origin < opposite.origin || (self.origin == opposite.origin && self.end == End::Max)
    }

    /// `2 (ScalingPolicy team)`.
    fn text(&self, resource: Resource) -> String {
        let origin = source_name(&self.origin);
        match (self.bound, resource) {
            (Bound::OfOriginal(share), _) => format!("{} % ({origin})", share.percent()),
            (Bound::Constant(amount), Resource::Cpu) => format!("{} ({origin})", amount.value()),
            (Bound::Constant(amount), Resource::Memory) => {
                format!("{}Mi ({origin})", amount.value() / MEBIBYTE)
            }
        }
    }
}

/// What a source is called in a remark.
pub(crate) fn source_name(origin: &Origin) -> String {
    match (origin, origin.object()) {
        (_, Some((kind, name))) => format!("{kind} {name}"),
        (Origin::Flag(flag), _) => format!("--{flag}"),
        (Origin::Forced(why), _) => (*why).to_owned(),
        (Origin::ScaledWorkload, _) => "ScaledWorkload".to_owned(),
        (Origin::Annotation | Origin::OlderAnnotations, _) => "annotation".to_owned(),
        (_, None) => "default".to_owned(),
    }
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Where bounds stand, and where to remark on them.
struct Place<'a> {
    resource: Resource,
    path: String,
    is_custom: bool,
    remarks: &'a mut Vec<Diagnostic>,
}

impl Place<'_> {
    /// Settles the two bounds of one place, each with the one that is built in.
    fn settle(
        &mut self,
        (min, least): (&mut SourcedBound, Option<Bound>),
        (max, most): (&mut SourcedBound, Option<Bound>),
    ) {
        let mut mins = Candidates::new(End::Min, min, least);
        let mut maxes = Candidates::new(End::Max, max, most);
        if self.is_custom {
            self.drop_shares(&mut mins);
            self.drop_shares(&mut maxes);
        }
        while let (Some(least), Some(most)) = (mins.first(), maxes.first()) {
            if !least.contradicts(&most) {
                break;
            }
            let (weaker, stronger, losing) = if least.is_weaker_than(&most) {
                (least, most, &mut mins)
            } else {
                (most, least, &mut maxes)
            };
            // The default behind what is dropped is nobody's wish.
            if weaker.origin != Origin::Default || losing.dropped.is_empty() {
                self.gives_way(&weaker, &stronger);
            }
            losing.drop_first();
        }
        *min = mins.into_sourced();
        *max = maxes.into_sourced();
    }

    /// Settles a bound of one container with the opposite bound of the resource, which holds where the
    /// container has none of its own. Where that is the weaker one, it becomes the container's bound
    /// for this container: as near as it can be.
    fn settle_within(
        &mut self,
        end: End,
        own: &mut SourcedBound,
        (opposite, whole): (&mut SourcedBound, &SourcedBound),
    ) {
        if opposite.value.is_some() {
            return;
        }
        let Some(whole) = Stated::of(end.opposite(), whole) else { return };
        let mut candidates = Candidates::new(end, own, None);
        while let Some(stated) = candidates.first() {
            if !stated.contradicts(&whole) {
                break;
            }
            if stated.origin < whole.origin {
                candidates.drop_first();
                self.gives_way(&stated, &whole);
            } else {
                self.gives_way(&whole, &stated);
                *opposite = Sourced::new(Some(stated.bound), stated.origin);
                break;
            }
        }
        *own = candidates.into_sourced();
    }

    /// Drops the shares of the template's request: a custom workload has no template of its own.
    fn drop_shares(&mut self, candidates: &mut Candidates) {
        while let Some(stated) = candidates.first() {
            if !matches!(stated.bound, Bound::OfOriginal(_)) {
                break;
            }
            candidates.drop_first();
            let text = stated.text(self.resource);
            let message = format!("{text} is not used for custom workloads, expected a constant");
            self.warn(&stated.origin, stated.end, message);
        }
    }

    /// `vertical.cpu.min: 2 (ScalingPolicy team) is not used, since max is 1 (annotation)`.
    fn gives_way(&mut self, weaker: &Stated, stronger: &Stated) {
        let [weak, strong] = [weaker, stronger].map(|stated| stated.text(self.resource));
        let message = format!("{weak} is not used, since {} is {strong}", stronger.end.word());
        self.warn(&stronger.origin, weaker.end, message);
    }

    fn warn(&mut self, origin: &Origin, end: End, message: String) {
        self.remarks.push(warning(origin, &format!("{}.{}", self.path, end.word()), message));
    }
}

/// What sources say of one bound, strongest first.
struct Candidates {
    end: End,
    left: VecDeque<Beaten<Option<Bound>>>,
    dropped: Vec<Beaten<Option<Bound>>>,
}

impl Candidates {
    fn new(end: End, sourced: &mut SourcedBound, built_in: Option<Bound>) -> Self {
        let first = Beaten { value: sourced.value, origin: sourced.origin.clone() };
        let beaten = mem::take(&mut sourced.beaten);
        // A default that was beaten is not among the beaten.
        let default = built_in.filter(|_| first.origin != Origin::Default);
        let default = default.map(|value| Beaten { value: Some(value), origin: Origin::Default });
        let left = std::iter::once(first).chain(beaten).chain(default).collect();
        Self { end, left, dropped: Vec::new() }
    }

    /// The bound that holds, as long as nothing contradicts it.
    fn first(&self) -> Option<Stated> {
        let Beaten { value, origin } = self.left.front()?;
        Some(Stated { end: self.end, bound: (*value)?, origin: origin.clone() })
    }

    fn drop_first(&mut self) {
        self.dropped.extend(self.left.pop_front());
    }

    fn into_sourced(mut self) -> SourcedBound {
        let first = self.left.pop_front();
        let rest = self.left.into_iter().filter(|beaten| beaten.origin != Origin::Default);
        let beaten = self.dropped.into_iter().chain(rest).collect();
        let Beaten { value, origin } =
            first.unwrap_or(Beaten { value: None, origin: Origin::Default });
        Sourced { value, origin, beaten }
    }
}
