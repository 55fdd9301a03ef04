//! `plimsoll lint`: what would be refused or ignored in manifests, before they are applied.

use std::process::ExitCode;

use crate::args::{LintArgs, LintOutput};
use crate::lint::lint;
use crate::output;

/// Not everything could be read, so nobody knows whether it is in order.
const UNREADABLE: u8 = 2;

/// Checks what is named and prints what is found. Ends with 1 where there are errors.
pub(crate) fn run(args: &LintArgs) -> anyhow::Result<ExitCode> {
    let report = lint(&args.paths);
    output::data(&match args.output {
        LintOutput::Text => report.text(),
        LintOutput::Json => report.json()?,
    })?;
    for unreadable in report.unreadable() {
        output::remark(&format!("error: {unreadable}"));
    }
    Ok(match (report.unreadable().is_empty(), report.has_errors()) {
        (false, _) => ExitCode::from(UNREADABLE),
        (true, true) => ExitCode::FAILURE,
        (true, false) => ExitCode::SUCCESS,
    })
}
