//! The part of a history that a question is about, and the answers to it.

use std::time::Duration;

use plimsoll_domain::{Amount, Quantile, Timestamp};

use crate::scratch::Scratch;
use crate::sketch::Sketch;

/// Which part of a history a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How far back from `now`; up to 8 days are remembered.
    pub look_back: Duration,
    /// Usage of containers younger than this is left out.
    pub startup: Duration,
    /// The end of the span.
    pub now: Timestamp,
}

/// Usage of one resource in a [`Span`]: one sketch for each sub-history that has any.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    pub(crate) sketches: Vec<Sketch>,
}

impl Window {
    /// All samples, of pods that count and of pods that do not.
    pub fn samples(&self) -> u64 {
        self.sketches.iter().map(Sketch::samples).sum()
    }

    /// The samples of the sub-history that has most; all pods that are gone are one.
    pub fn most_samples_of_a_pod(&self) -> u64 {
        let samples = self.sketches.iter().map(Sketch::samples);
        samples.max().unwrap_or(0)
    }

    /// How many sub-histories have at least `min_samples`: only these count below.
    pub fn pods(&self, min_samples: u64) -> u32 {
        u32::try_from(self.counting(min_samples).count()).unwrap_or(u32::MAX)
    }

    /// The mean over the counting sub-histories of each one's quantile by nearest rank, within
    /// 2.5 %; exact for constant usage. `None` when none counts.
    pub fn mean_quantile(&self, quantile: Quantile, min_samples: u64) -> Option<Amount> {
        let quantiles: Vec<Amount> =
            self.counting(min_samples).filter_map(|sketch| sketch.quantile(quantile)).collect();
        let (least, greatest) = (quantiles.iter().min()?, quantiles.iter().max()?);
        let sum: f64 = quantiles.iter().map(|amount| amount.value()).sum();
        // Three times 0.2 is 0.6000000000000001: held between its parts, the mean of equals is exact.
        let mean = Amount::new(sum / quantiles.len() as f64).unwrap_or(*greatest);
        Some(mean.clamp(*least, *greatest))
    }

    /// The quantile by nearest rank of the counting sub-histories together, each sample counting once,
    /// within 2.5 %. `None` when none counts.
    pub fn pooled_quantile(&self, quantile: Quantile, min_samples: u64) -> Option<Amount> {
        let mut scratch = Scratch::new();
        for sketch in self.counting(min_samples) {
            if let Some(peak) = sketch.peak {
                scratch.add(peak, sketch.counts.iter().copied());
            }
        }
        scratch.take().quantile(quantile)
    }

    /// The quantile of each counting sub-history.
    pub fn quantiles(&self, quantile: Quantile, min_samples: u64) -> Vec<Amount> {
        self.counting(min_samples).filter_map(|sketch| sketch.quantile(quantile)).collect()
    }

    /// The least and the greatest of these; `None` where fewer than two count.
    pub fn spread(&self, quantile: Quantile, min_samples: u64) -> Option<(Amount, Amount)> {
        let quantiles = self.quantiles(quantile, min_samples);
        let (least, greatest) = (quantiles.iter().min()?, quantiles.iter().max()?);
        (quantiles.len() > 1).then_some((*least, *greatest))
    }

    /// The greatest over the counting sub-histories of each one's quantile; `None` when none counts.
    pub fn max_quantile(&self, quantile: Quantile, min_samples: u64) -> Option<Amount> {
        self.counting(min_samples).filter_map(|sketch| sketch.quantile(quantile)).max()
    }

    /// The greatest sample of any counting sub-history, exactly. `None` when none counts.
    pub fn max(&self, min_samples: u64) -> Option<Amount> {
        self.counting(min_samples).filter_map(|sketch| sketch.peak.map(|peak| peak.max)).max()
    }

    fn counting(&self, min_samples: u64) -> impl Iterator<Item = &Sketch> {
        self.sketches.iter().filter(move |sketch| sketch.samples() >= min_samples)
    }
}
