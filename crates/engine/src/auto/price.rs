//! The price of risk: what a request costs, and the request that costs least.

use super::histogram::{Histogram, Level};

/// What a search for the cheapest request goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// What a share of time above the request costs.
    pub(super) price: f64,
    /// The greatest share that is allowed.
    pub(super) share_max: f64,
    /// How much the fast memory counts.
    pub(super) fast_weight: f64,
}

impl Terms {
    /// The cost of a request, in logarithms: its own size plus the price of the time above it. The
    /// power 1.5 makes rare excess cheap and frequent excess dear.
    pub(super) fn cost(&self, ln_request: f64, share_above: f64) -> f64 {
        ln_request + self.price * share_above * share_above.sqrt()
    }

    /// The cheapest level that is allowed, and its cost. The highest level reached is always
    /// allowed; none is below the mean of these hours. `None` before any usage above zero.
    pub(super) fn cheapest(&self, histogram: &Histogram) -> Option<(Level, f64)> {
        let mean = histogram.fast_mean();
        let mut best: Option<(Level, f64)> = None;
        for level in histogram.levels(self.fast_weight) {
            let allowed = level.share_above <= self.share_max && level.edge >= mean;
            if best.is_some() && !allowed {
                break;
            }
            let cost = self.cost(level.ln_edge, level.share_above);
            if best.is_none_or(|(_, least)| cost < least) {
                best = Some((level, cost));
            }
        }
        best
    }
}
