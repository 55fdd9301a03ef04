//! Scratch: many sketches added up in one pass.

use crate::bucket::BUCKETS;
use crate::sketch::{Extremes, Sketch};

/// Counts by bucket, to add up many sketches in one pass; used again for the next pod.
#[derive(Debug)]
pub(crate) struct Scratch {
    counts: Vec<u32>,
    extremes: Option<Extremes>,
}

impl Scratch {
    /// Nothing added up yet.
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; BUCKETS], extremes: None }
    }

    /// Adds one sketch.
    pub(crate) fn add(
        &mut self,
        extremes: Option<Extremes>,
        counts: impl Iterator<Item = (u16, u32)>,
    ) {
        self.extremes = match (self.extremes, extremes) {
            (Some(own), Some(other)) => Some(own.and(other)),
            (own, other) => own.or(other),
        };
        for (bucket, count) in counts {
            if let Some(total) = self.counts.get_mut(usize::from(bucket)) {
                *total = total.saturating_add(count);
            }
        }
    }

    /// What was added up; nothing is left.
    pub(crate) fn take(&mut self) -> Sketch {
        let extremes = self.extremes.take();
        let mut sketch = Sketch { extremes, counts: Vec::new() };
        if extremes.is_some() {
            for (bucket, count) in (0..).zip(&mut self.counts) {
                if *count > 0 {
                    sketch.counts.push((bucket, std::mem::take(count)));
                }
            }
        }
        sketch
    }
}
