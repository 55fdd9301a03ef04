//! The demo as a person runs it: a process whose output is read, cut short, or interrupted.
#![cfg(test)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes that works, on a machine busy with other tests.
const SOON: Duration = Duration::from_mins(2);
/// Far longer than the demo could compute in that time.
const FOR_EVER: &str = "3650d";
/// Clears the screen, before every picture.
const CLEAR: &str = "\u{1b}[2J";

fn demo(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.arg("demo").args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn printed(args: &[&str]) -> String {
    let output = demo(args).output().unwrap();
    let remarks = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && remarks.is_empty(), "{}: {remarks}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Waits for the end of a process, and kills one that does not end.
fn ended(mut child: Child) -> ExitStatus {
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    let waiting = thread::spawn(move || sender.send(child.wait()));
    let Ok(status) = receiver.recv_timeout(SOON) else {
        signal("KILL", id);
        panic!("it did not end within {SOON:?}");
    };
    waiting.join().unwrap().unwrap();
    status.unwrap()
}

fn signal(signal: &str, id: u32) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &id.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Starts a demo that would not end, and reads its first lines.
fn begun() -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = demo(&["--for", FOR_EVER]).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..2 {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.starts_with("day 1 "), "{line}");
    }
    (child, output)
}

#[test]
fn two_runs_with_one_seed_print_the_same_bytes_and_last_as_long_as_asked() {
    let args = ["--seed", "7", "--for", "6h"];
    let first = printed(&args);
    assert_eq!(first, printed(&args));
    assert!(first.contains("\nAfter 0.2 days of recorded usage: 30 workloads"), "{first}");
    assert!(!first.contains("day 1 06:05") && !first.contains("day 2"), "{first}");
}

#[test]
fn an_interrupt_ends_it_cleanly_with_a_summary() {
    let (child, mut output) = begun();
    signal("INT", child.id());
    // Ended, should it go on, by what `ended` does.
    let reading = thread::spawn(move || {
        let mut rest = String::new();
        output.read_to_string(&mut rest).map(|_| rest)
    });
    let status = ended(child);
    let rest = reading.join().unwrap().unwrap();
    assert_eq!(status.code(), Some(0), "{rest}");
    for part in ["\nAfter ", "with Plimsoll", "\nAt the end: "] {
        assert!(rest.contains(part), "{part:?} is not in {rest}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    let (mut child, output) = begun();
    let mut stderr = child.stderr.take().unwrap();
    drop(output);
    let status = ended(child);
    assert_eq!(status.code(), Some(0));
    let mut remarks = String::new();
    stderr.read_to_string(&mut remarks).unwrap();
    assert!(remarks.is_empty(), "{remarks}");
}

/// On a terminal every step of five minutes is a picture at half an hour in a second; at a year in
/// a second there is time for the first alone.
#[test]
fn on_a_terminal_it_is_as_fast_as_asked() {
    let on_terminal = |speed: &str| {
        let began = Instant::now();
        let plimsoll = env!("CARGO_BIN_EXE_plimsoll");
        let line = format!("'{plimsoll}' demo --for 1h --speed {speed}");
        let mut terminal = Command::new("script");
        terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        let output = terminal.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("After 0.0 days"), "{text}");
        (text.matches(CLEAR).count(), began.elapsed())
    };
    let (pictures, took) = on_terminal("30m");
    // The screen is cleared once more before the summary.
    assert_eq!(pictures, 12 + 1);
    assert!(took > Duration::from_millis(1900), "{took:?}");
    let (pictures, _) = on_terminal("365d");
    assert_eq!(pictures, 1 + 1);
}

/// What the README shows is what the demo prints: every line, in this order, but for those left
/// out at `...`, and for the ends of lines that end so.
#[test]
fn the_readme_shows_what_it_prints() {
    let readme = include_str!("../../../README.md");
    let shown = readme.split("```\n").find(|block| block.starts_with("day 1 ")).unwrap();
    let output = printed(&[]);
    let mut lines = output.lines();
    let mut left_out = false;
    for line in shown.lines() {
        if line == "..." {
            left_out = true;
            continue;
        }
        let is_it = |printed: &str| match line.strip_suffix("...") {
            Some(beginning) => printed.starts_with(beginning),
            None => printed == line,
        };
        let found = if left_out { lines.any(is_it) } else { lines.next().is_some_and(is_it) };
        assert!(found, "the README shows, and the demo does not print:\n{line}\nbut\n{output}");
        left_out = false;
    }
    assert_eq!(lines.next(), None, "the README leaves out the end");
}
