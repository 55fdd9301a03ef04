//! What the webhook counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How a review of a pod ended. The pod was admitted in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// With the published values.
    Patched,
    /// It asks for the published values already.
    UpToDate,
    /// Nothing is published for its workload, or it has none.
    NothingPublished,
    /// The whole cluster is told to stand still.
    Stopped,
    /// A label or the namespace asks that it be left alone.
    OptedOut,
    /// It sets resources for the pod as a whole.
    PodLevelResources,
    /// The review is not about the creation of a pod.
    NotACreation,
    /// The review could not be read.
    Malformed,
    /// The review was greater than any pod can be.
    TooLarge,
    /// A defect of the program was caught.
    Panicked,
    /// Too many reviews at once, or no answer in time.
    Overloaded,
}

impl Admitted {
    /// All of them, in the order of the metric's labels.
    pub const ALL: [Self; 11] = [
        Self::Patched,
        Self::UpToDate,
        Self::NothingPublished,
        Self::Stopped,
        Self::OptedOut,
        Self::PodLevelResources,
        Self::NotACreation,
        Self::Malformed,
        Self::TooLarge,
        Self::Panicked,
        Self::Overloaded,
    ];

    /// The word used as metric label and log field.
    pub fn code(self) -> &'static str {
        match self {
            Self::Patched => "Patched",
            Self::UpToDate => "UpToDate",
            Self::NothingPublished => "NothingPublished",
            Self::Stopped => "Stopped",
            Self::OptedOut => "OptedOut",
            Self::PodLevelResources => "PodLevelResources",
            Self::NotACreation => "NotACreation",
            Self::Malformed => "Malformed",
            Self::TooLarge => "TooLarge",
            Self::Panicked => "Panicked",
            Self::Overloaded => "Overloaded",
        }
    }
}

/// How a review of settings ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validated {
    /// Admitted without a remark.
    Allowed,
    /// Admitted with warnings.
    Warned,
    /// Refused.
    Denied,
    /// Admitted unseen: the review could not be read.
    Malformed,
    /// Admitted unseen: the review was greater than any settings are.
    TooLarge,
    /// Admitted unseen: a defect of the program was caught.
    Panicked,
    /// Admitted unseen: too many reviews at once, or no answer in time.
    Overloaded,
}

impl Validated {
    /// All of them, in the order of the metric's labels.
    pub const ALL: [Self; 7] = [
        Self::Allowed,
        Self::Warned,
        Self::Denied,
        Self::Malformed,
        Self::TooLarge,
        Self::Panicked,
        Self::Overloaded,
    ];

    /// The word used as metric label.
    pub fn code(self) -> &'static str {
        match self {
            Self::Allowed => "Allowed",
            Self::Warned => "Warned",
            Self::Denied => "Denied",
            Self::Malformed => "Malformed",
            Self::TooLarge => "TooLarge",
            Self::Panicked => "Panicked",
            Self::Overloaded => "Overloaded",
        }
    }
}

/// Upper bounds of the duration buckets in microseconds: around the promise of 5 ms, up to the
/// request's time limit of 200 ms.
const BUCKETS_MICROS: [u64; 9] = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 200_000];

/// Counters of the webhook, for whoever exports them.
#[derive(Debug, Default)]
pub struct AdmissionMetrics {
    reviews: [AtomicU64; Admitted::ALL.len()],
    validations: [AtomicU64; Validated::ALL.len()],
    buckets: [AtomicU64; BUCKETS_MICROS.len() + 1],
    micros: AtomicU64,
}

impl AdmissionMetrics {
    /// Reviews by how they ended, in the order of [`Admitted::ALL`].
    pub fn reviews(&self) -> impl Iterator<Item = (Admitted, u64)> {
        let counts = self.reviews.iter().map(|count| count.load(Ordering::Relaxed));
        Admitted::ALL.into_iter().zip(counts)
    }

    /// How many reviews ended one way.
    pub fn count(&self, how: Admitted) -> u64 {
        self.reviews().find(|(found, _)| *found == how).map_or(0, |(_, count)| count)
    }

    /// Reviews of settings by how they ended, in the order of [`Validated::ALL`].
    pub fn validations(&self) -> impl Iterator<Item = (Validated, u64)> {
        let counts = self.validations.iter().map(|count| count.load(Ordering::Relaxed));
        Validated::ALL.into_iter().zip(counts)
    }

    /// How long reviews took: upper bounds in seconds, the last infinite, each with the number of
    /// reviews at or below it.
    pub fn durations(&self) -> Vec<(f64, u64)> {
        let bounds = BUCKETS_MICROS.iter().map(|micros| *micros as f64 / 1e6);
        let mut total = 0;
        bounds
            .chain([f64::INFINITY])
            .zip(&self.buckets)
            .map(|(bound, count)| {
                total += count.load(Ordering::Relaxed);
                (bound, total)
            })
            .collect()
    }

    /// The time all reviews took, in seconds.
    pub fn seconds_total(&self) -> f64 {
        self.micros.load(Ordering::Relaxed) as f64 / 1e6
    }

    pub(crate) fn record(&self, how: Admitted) {
        for (counter, found) in self.reviews.iter().zip(Admitted::ALL) {
            if found == how {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn record_validation(&self, how: Validated) {
        for (counter, found) in self.validations.iter().zip(Validated::ALL) {
            if found == how {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(counter) = self.buckets.get(bucket) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}
