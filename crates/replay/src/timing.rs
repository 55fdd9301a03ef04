//! How fast a replay went, and what it took.

use std::time::Duration;

/// Throughput and memory of one run, reading and writing included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Samples read.
    pub samples: u64,
    /// Wall time, seconds.
    pub seconds: f64,
    /// The most memory the process held; 0 where the system does not say.
    pub peak_rss_bytes: u64,
    /// What one container's recommender takes; 0 for peers, which keep whole windows.
    pub state_bytes_per_container: u64,
}

impl Timing {
    pub(crate) fn new(state_bytes: usize) -> Self {
        Self {
            samples: 0,
            seconds: 0.0,
            peak_rss_bytes: 0,
            state_bytes_per_container: u64::try_from(state_bytes).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn count(&mut self, samples: usize) {
        self.samples = self.samples.saturating_add(u64::try_from(samples).unwrap_or(u64::MAX));
    }

    /// Raises the state of one container to what another takes.
    pub(crate) fn state(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.state_bytes_per_container = self.state_bytes_per_container.max(bytes);
    }

    pub(crate) fn finish(self, took: Duration) -> Self {
        Self { seconds: took.as_secs_f64(), peak_rss_bytes: peak_rss(), ..self }
    }

    /// Samples in a second; 0 when no time passed.
    pub fn samples_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.samples as f64 / self.seconds } else { 0.0 }
    }

    pub(crate) fn json(&self) -> String {
        format!(
            "{{\n \"samples\": {},\n \"seconds\": {},\n \"samples_per_second\": {},\n \
             \"peak_rss_bytes\": {},\n \"state_bytes_per_container\": {}\n}}\n",
            self.samples,
            self.seconds,
            self.samples_per_second(),
            self.peak_rss_bytes,
            self.state_bytes_per_container
        )
    }
}

/// The high-water mark of resident memory, from Linux's own account of the process.
fn peak_rss() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kibibytes.unwrap_or(0_u64).saturating_mul(1024)
}
