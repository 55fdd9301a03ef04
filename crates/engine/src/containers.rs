//! All containers that anything is remembered of: by identity, and by their order in what was read last.

use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::sync::Arc;

use plimsoll_domain::{ContainerKey, Sample, Timestamp};

use crate::auto::cells;
use crate::container::Container;
use crate::foresee::ContainerForecast;

/// How many samples of the last reading may be missing before one that is next: a few pods that are
/// gone. Where more are, the identity is looked up.
const SKIPPED_MAX: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Containers {
    /// By identity, the place in `kept`.
    places: BTreeMap<Arc<ContainerKey>, usize>,
    #[expect(clippy::vec_box, reason = "growing moves a pointer of each, not a kilobyte")]
    kept: Vec<Box<Kept>>,
    /// The places of the samples of the last reading. Sources list the same pods in the same order time
    /// and again: to look where the last one stood costs one comparison, to look up one for each level
    /// of a tree. No more than a hint: what it is worth is seen by comparing.
    roster: Vec<usize>,
    /// The cells before this one are closed in every container; `None` where that is not known.
    closed_until: Option<i64>,
}

#[derive(Debug)]
struct Kept {
    key: Arc<ContainerKey>,
    container: Container,
}

impl Containers {
    /// Takes samples in, and tells how many told anything new.
    pub(crate) fn observe_all(&mut self, samples: &[Sample]) -> u64 {
        let before = std::mem::take(&mut self.roster);
        self.roster = self.places_of(samples, &before);
        let mut new = 0;
        for (place, sample) in self.roster.iter().zip(samples) {
            if self.closed_until > Some(cells::number(sample.at)) {
                self.closed_until = None;
            }
            new += u64::from(self.kept[*place].container.observe(sample));
        }
        new
    }

    /// The place of the container of each sample, new where it is not known; `before` are those of the
    /// last reading.
    fn places_of(&mut self, samples: &[Sample], before: &[usize]) -> Vec<usize> {
        let mut next = 0;
        let place = |sample: &Sample| {
            let near = before.iter().skip(next).take(SKIPPED_MAX);
            let found =
                near.zip(next..).find(|(place, _)| is(&self.kept[**place].key, &sample.container));
            match found {
                Some((place, at)) => {
                    next = at + 1;
                    *place
                }
                None => self.place_or_new(&sample.container),
            }
        };
        samples.iter().map(place).collect()
    }

    /// Time has come to `now`: closes the cells that are over, by `close` for each container in order of
    /// their identities. At most moments there is none.
    pub(crate) fn pass(
        &mut self,
        now: Timestamp,
        mut close: impl FnMut(&ContainerKey, &mut Container),
    ) {
        let until = cells::first_open(now);
        if self.closed_until < Some(until) {
            for (key, place) in &self.places {
                close(key, &mut self.kept[*place].container);
            }
            self.closed_until = Some(until);
        }
    }

    pub(crate) fn get(&self, key: &ContainerKey) -> Option<&Container> {
        Some(&self.kept[*self.places.get(key)?].container)
    }

    pub(crate) fn get_mut(&mut self, key: &ContainerKey) -> Option<&mut Container> {
        Some(&mut self.kept[*self.places.get(key)?].container)
    }

    pub(crate) fn get_or_new(&mut self, key: &ContainerKey) -> &mut Container {
        // It may be told of earlier cells, or be put in the place of another.
        self.closed_until = None;
        let place = self.place_or_new(key);
        &mut self.kept[place].container
    }

    /// In order of their identities.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ContainerKey, &Container)> {
        self.range::<std::ops::RangeFull>(..)
    }

    /// Those whose identities are within, in their order.
    pub(crate) fn range<R: RangeBounds<ContainerKey>>(
        &self,
        within: R,
    ) -> impl Iterator<Item = (&ContainerKey, &Container)> {
        let places = self.places.range(within);
        places.map(|(key, place)| (&**key, &self.kept[*place].container))
    }

    /// Those of which forecasts are made, in any order.
    pub(crate) fn forecasts_mut(
        &mut self,
    ) -> impl Iterator<Item = (&ContainerKey, &mut ContainerForecast)> {
        self.kept.iter_mut().filter_map(|kept| {
            let Kept { key, container } = &mut **kept;
            Some((&**key, container.forecast_mut()?))
        })
    }

    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(&mut Container) -> bool) {
        let before = self.kept.len();
        self.kept.retain_mut(|kept| is_kept(&mut kept.container));
        if self.kept.len() < before {
            self.roster.clear();
            let places = self.kept.iter().enumerate();
            self.places = places.map(|(place, kept)| (Arc::clone(&kept.key), place)).collect();
        }
    }

    fn place_or_new(&mut self, key: &ContainerKey) -> usize {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        let place = self.kept.len();
        let key = Arc::new(key.clone());
        self.places.insert(Arc::clone(&key), place);
        self.kept.push(Box::new(Kept { key, container: Container::default() }));
        place
    }
}

/// Whether they are the same: text that is shared need not be read.
fn is(one: &ContainerKey, other: &ContainerKey) -> bool {
    let (workload, others) = (&one.workload, &other.workload);
    let is_shared = Arc::ptr_eq(&one.container, &other.container)
        && Arc::ptr_eq(&workload.name, &others.name)
        && Arc::ptr_eq(&workload.namespace, &others.namespace)
        && workload.kind == others.kind;
    is_shared || one == other
}
