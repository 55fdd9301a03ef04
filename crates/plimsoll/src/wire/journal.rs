//! What a tick did, as log lines: changes at info, what degrades and heals at warn, and each kind
//! of trouble once when it begins and once when it ends.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_domain::{Evaluation, OutcomeResult, Running, WorkloadId};
use plimsoll_pipeline::TickReport;
use plimsoll_report::sentence;

/// Remembers what was said.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    troubles: BTreeSet<String>,
    holds: BTreeMap<WorkloadId, &'static str>,
    /// Whether the last collection had values that are no usage.
    dropping: bool,
}

impl Journal {
    /// Logs what is new in a tick.
    pub(crate) fn note(&mut self, report: &TickReport) {
        self.note_troubles(report);
        for evaluation in &report.evaluations {
            self.note_evaluation(evaluation);
        }
        if !report.evaluations.is_empty() {
            let known: BTreeSet<&WorkloadId> =
                report.evaluations.iter().map(|evaluation| &evaluation.workload).collect();
            self.holds.retain(|id, _| known.contains(id));
        }
        // Ticks that collect nothing say nothing about values.
        if report.samples + report.unmatched + report.dropped > 0 {
            let dropping = report.dropped > 0;
            if dropping && !self.dropping {
                tracing::warn!(dropped = report.dropped, "Values that are no usage were left out");
            }
            self.dropping = dropping;
        }
    }

    fn note_troubles(&mut self, report: &TickReport) {
        let troubles: BTreeSet<String> =
            report.errors.iter().map(|error| error.attempt.clone()).collect();
        for error in &report.errors {
            if !self.troubles.contains(&error.attempt) {
                let error: &(dyn std::error::Error + 'static) = error;
                tracing::warn!(error, "Failed, trying again at every tick");
            }
        }
        for ended in self.troubles.difference(&troubles) {
            tracing::info!(attempt = ended, "No longer fails");
        }
        self.troubles = troubles;
    }

    fn note_evaluation(&mut self, evaluation: &Evaluation) {
        let workload = &evaluation.workload;
        match &evaluation.decision.running {
            Running::Apply(action) => {
                self.holds.remove(workload);
                let pods = action.changes.len();
                tracing::info!(%workload, pods, "Changed pods");
                note_failures(evaluation);
            }
            Running::Hold(reason) => {
                let before = self.holds.insert(workload.clone(), reason.code());
                if before != Some(reason.code()) {
                    let why = sentence(reason);
                    tracing::debug!(%workload, reason = reason.code(), why, "Held");
                }
            }
        }
    }
}

fn note_failures(evaluation: &Evaluation) {
    let workload = &evaluation.workload;
    for outcome in &evaluation.outcomes {
        let pod = &outcome.pod;
        match &outcome.result {
            OutcomeResult::Refused { message } => {
                tracing::warn!(%workload, pod, message, "Change was refused");
            }
            OutcomeResult::Failed { message } => {
                tracing::warn!(%workload, pod, message, "Change failed");
            }
            OutcomeResult::Accepted | OutcomeResult::DryRun | OutcomeResult::Gone => {}
        }
    }
}
