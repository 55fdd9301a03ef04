//! `plimsoll reference`: pages of the reference, made from the code they describe.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory};

use plimsoll_api::{ReferencePage as Dialect, reference_page};

use crate::args::{Cli, ReferenceArgs, ReferencePage};
use crate::output;

/// Prints one page.
pub(crate) fn run(args: &ReferenceArgs) -> anyhow::Result<()> {
    output::data(&match args.page {
        ReferencePage::Reasons => plimsoll_report::reason_reference(),
        ReferencePage::Annotation => reference_page(Dialect::Annotation),
        ReferencePage::OlderAnnotations => reference_page(Dialect::OlderAnnotations),
        ReferencePage::ScalingPolicy => reference_page(Dialect::ScalingPolicy),
        ReferencePage::Thoras => reference_page(Dialect::Thoras),
        ReferencePage::Flags => flags(),
    })
}

fn flags() -> String {
    let mut page = String::from("# Commands and flags\n");
    for command in Cli::command().get_subcommands() {
        section(&mut page, "plimsoll", command);
    }
    page
}

/// A command, then what is below it.
fn section(page: &mut String, above: &str, command: &Command) {
    let name = format!("{above} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    write!(page, "\n## `{name}`\n\n{about}.\n").ok();
    page.push_str(&flag_table(command));
    for command in command.get_subcommands() {
        section(page, &name, command);
    }
}

fn flag_table(command: &Command) -> String {
    let rows: Vec<String> = command.get_arguments().filter(|a| !a.is_hide_set()).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n| flag | default | meaning |\n|---|---|---|\n{}\n", rows.join("\n"))
}

fn row(arg: &Arg) -> String {
    let name = arg.get_long().map_or_else(|| arg.get_id().to_string(), |long| format!("--{long}"));
    let defaults: Vec<_> = arg.get_default_values().iter().map(|v| v.to_string_lossy()).collect();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    format!("| `{name}` | {} | {help} |", defaults.join(", "))
}
