//! `plimsoll demo`: the line over a simulated cluster. On a terminal the picture is renewed in
//! place at the pace of `--speed`; piped, plain lines come as fast as the machine makes them.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{IsTerminal, stdout};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;

use plimsoll_api::read_annotation;
use plimsoll_domain::{Configuration, WorkloadId};
use plimsoll_policy::{BuiltIn, Catalog, Sources};
use plimsoll_replay::Demo;

use crate::args::DemoArgs;
use crate::output;

/// Pictures in a second on a terminal: smooth, and slow enough to read.
const PICTURES_PER_SECOND: u32 = 8;
/// Lines of narration a picture shows: with the summary below them it fits 40 rows.
const LINES_SHOWN: usize = 18;
/// Clears the screen and goes to its top left corner.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// Runs the demo to its end, or until Ctrl-C; the summary comes last either way.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let mut demo = Demo::new(args.seed, args.length, &configure).context("failed to set up")?;
    let interrupted = interrupted()?;
    let shown = if stdout().is_terminal() {
        on_terminal(&mut demo, args.speed, &interrupted)?
    } else {
        as_lines(&mut demo, &interrupted)?
    };
    match shown {
        ControlFlow::Continue(()) => output::data(&format!("\n{}", demo.summary())),
        ControlFlow::Break(()) => Ok(()),
    }
}

/// Breaks once nobody reads any more.
fn as_lines(demo: &mut Demo, interrupted: &AtomicBool) -> anyhow::Result<ControlFlow<()>> {
    while let Some(step) = demo.step() {
        for line in step.lines {
            if output::part(&format!("{line}\n"))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn on_terminal(
    demo: &mut Demo,
    speed: Duration,
    interrupted: &AtomicBool,
) -> anyhow::Result<ControlFlow<()>> {
    let started = Instant::now();
    let mut lines = VecDeque::new();
    let mut picture = started;
    while let Some(step) = demo.step() {
        lines.extend(step.lines);
        while lines.len() > LINES_SHOWN {
            lines.pop_front();
        }
        let due = started + pace(step.elapsed, speed);
        if due > picture {
            if draw(demo, &lines)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            picture = due + Duration::from_secs(1) / PICTURES_PER_SECOND;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
    }
    output::part(CLEAR)
}

/// Real time that should have passed after some simulated time.
fn pace(simulated: Duration, speed: Duration) -> Duration {
    Duration::try_from_secs_f64(simulated.as_secs_f64() / speed.as_secs_f64().max(1.0))
        .unwrap_or_default()
}

fn draw(demo: &Demo, lines: &VecDeque<String>) -> anyhow::Result<ControlFlow<()>> {
    let mut picture = String::from(CLEAR);
    for line in lines {
        let shown: String = line.chars().take(150).collect();
        writeln!(picture, "{shown}").ok();
    }
    for _ in lines.len()..LINES_SHOWN {
        picture.push('\n');
    }
    write!(picture, "\n{}\n(Ctrl-C ends the demo)\n", demo.summary()).ok();
    output::part(&picture)
}

/// What holds for a workload with this annotation and nothing else, exactly as the controller has it
/// that is told to wait until it is sure (`--confidence-required`), as is wise in production.
fn configure(id: &WorkloadId, annotation: Option<&str>) -> Configuration {
    let annotation = annotation.map(|text| Arc::new(read_annotation(text)));
    let sources = Sources {
        annotation: annotation.as_ref(),
        ..Sources::silent(&id.namespace, id.kind.name())
    };
    let built_in = BuiltIn { confidence_required: true };
    plimsoll_policy::configure(&sources, &Catalog::default(), &built_in)
}

/// Becomes true at Ctrl-C.
fn interrupted() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            seen.store(true, Ordering::Relaxed);
        }
    });
    Ok(flag)
}
