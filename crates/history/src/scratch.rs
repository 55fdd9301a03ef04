//! Scratch: many sketches added up in one pass.

use crate::bucket::BUCKETS;
use crate::sketch::{Peak, Sketch};

/// Counts by bucket, to add up many sketches in one pass; used again for the next pod.
#[derive(Debug)]
pub(crate) struct Scratch {
    counts: Vec<u32>,
    peak: Option<Peak>,
}

impl Scratch {
    /// Nothing added up yet.
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; BUCKETS], peak: None }
    }

    /// Adds one sketch.
    pub(crate) fn add(&mut self, peak: Peak, counts: impl Iterator<Item = (u16, u32)>) {
        self.peak = Some(self.peak.map_or(peak, |own| own.and(peak)));
        for (bucket, count) in counts {
            if let Some(total) = self.counts.get_mut(usize::from(bucket)) {
                *total = total.saturating_add(count);
            }
        }
    }

    /// What was added up; nothing is left.
    pub(crate) fn take(&mut self) -> Sketch {
        let peak = self.peak.take();
        let mut sketch = Sketch { peak, counts: Vec::new() };
        if peak.is_some() {
            for (bucket, count) in (0..).zip(&mut self.counts) {
                if *count > 0 {
                    sketch.counts.push((bucket, std::mem::take(count)));
                }
            }
        }
        sketch
    }
}
