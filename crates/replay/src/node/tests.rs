//! Scripts over a node of 4 cores and 8 GiB. `start|resize POD REQUEST/LIMIT REQUEST/LIMIT` names
//! CPU in millicores and memory in MiB, `-` being absent; `use POD CPU MEMORY` sets the demand;
//! `step SECONDS` goes on. What comes out is one line per effect, and one per `show POD`.

use std::{collections::BTreeMap, fmt::Write as _};

use plimsoll_domain::{Allocation, ResizeRestart};

use super::*;

fn check(script: &str, expect: &[&str]) {
    let mut run = Run::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        run.line(line);
    }
    assert_eq!(run.out.lines().collect::<Vec<_>>(), expect, "{script}");
}

#[test]
fn cpu_beyond_the_limit_is_throttled_and_counted() {
    check(
        "start a 500/1000 256/512
         use a 1500 300
         step 10
         show a",
        &["10 a runs 1000m 300Mi throttled 500m, total 10s throttled 5s, restarts 0"],
    );
}

#[test]
fn without_limits_everything_demanded_is_used() {
    check(
        "start a 500/- 256/-
         use a 9000 9000
         step 10
         show a",
        &["10 a runs 9000m 9000Mi throttled 0m, total 90s throttled 0s, restarts 0"],
    );
}

#[test]
fn memory_at_the_limit_lives_and_above_it_is_killed_and_restarted() {
    check("start a 500/- 256/512\n use a 100 512\n step 10", &[]);
    check(
        "start a 500/- 256/512
         use a 100 513
         step 10
         show a",
        &[
            "10 a killed at 512Mi",
            "10 a restarted",
            "10 a runs 0m 0Mi throttled 0m, total 0s throttled 0s, restarts 1",
        ],
    );
}

#[test]
fn the_wait_before_a_restart_doubles_and_forgets_after_a_long_run() {
    check(
        "start a 100/- 256/512
         kill a
         kill a
         step 9
         step 1
         kill a
         show a
         step 19
         step 1
         step 600
         kill a",
        &[
            "0 a killed at 512Mi",
            "0 a restarted",
            "0 a killed at 512Mi",
            "10 a restarted",
            "10 a killed at 512Mi",
            "10 a waits 20s, restarts 2",
            "30 a restarted",
            "630 a killed at 512Mi",
            "630 a restarted",
        ],
    );
}

#[test]
fn a_resize_with_room_is_done_at_once_and_changes_what_throttles() {
    check(
        "start a 500/1000 256/512
         use a 3000 300
         step 10
         resize a 600/2000 256/512
         step 10
         show a",
        &["20 a runs 2000m 300Mi throttled 1000m, total 30s throttled 30s, restarts 0"],
    );
}

#[test]
fn a_resize_without_room_waits_and_completes_when_room_appears() {
    check(
        "start a 2000/- 256/-
         start b 1500/- 256/-
         resize a 3000/- 256/-
         step 10
         remove b
         step 10",
        &[
            "0 a deferred: Node didn't have enough resource: cpu, \
             requested: 3000, used: 1500, capacity: 4000",
            "20 a settled",
        ],
    );
}

#[test]
fn room_goes_to_those_that_shrink_and_then_to_the_longest_wait() {
    check(
        "start a 1000/- 256/-
         start b 1000/- 256/-
         start c 2000/- 256/-
         resize b 2000/- 256/-
         step 10
         resize a 2000/- 256/-
         resize c 1000/- 256/-
         step 10
         remove c
         step 10",
        &[
            "0 b deferred: Node didn't have enough resource: cpu, \
             requested: 2000, used: 3000, capacity: 4000",
            "10 a deferred: Node didn't have enough resource: cpu, \
             requested: 2000, used: 3000, capacity: 4000",
            "20 b settled",
            "30 a settled",
        ],
    );
}

#[test]
fn a_resize_above_the_node_is_infeasible_until_it_is_taken_back() {
    check(
        "start a 500/- 256/-
         resize a 500/- 9000/-
         step 10
         resize a 500/- 256/-",
        &[
            "0 a infeasible: Node didn't have enough capacity: memory, \
             requested: 9437184000, capacity: 8589934592",
            "10 a settled",
        ],
    );
}

#[test]
fn an_exact_fit_in_fractions_of_a_core_is_room() {
    check("start a 3900/- 0/-\n start b 100/- 0/-\n resize b 100/- 8192/-", &[]);
}

#[test]
fn a_pod_that_does_not_fit_is_not_started() {
    check("start a 3000/- 0/-\n start b 1001/- 0/-", &["0 b has no room: cpu"]);
}

#[test]
fn a_memory_limit_is_not_lowered_below_what_is_in_use_until_use_falls() {
    check(
        "start a 500/- 256/512
         use a 100 400
         step 10
         resize a 500/- 256/300
         use a 100 300
         step 10
         use a 100 299
         step 10
         step 10
         show a",
        &[
            "10 a failed: cannot decrease memory limits: \
             attempting to set container \"main\" memory limit (314572800) \
             below current usage (419430400)",
            "20 a failed: cannot decrease memory limits: \
             attempting to set container \"main\" memory limit (314572800) \
             below current usage (314572800)",
            "30 a settled",
            "40 a runs 100m 299Mi throttled 0m, total 4s throttled 0s, restarts 0",
        ],
    );
}

#[test]
fn a_container_that_restarts_for_memory_gets_the_lower_limit_at_once() {
    check(
        "start a 500/- 256/512 restart
         use a 100 400
         step 10
         resize a 600/- 256/512
         resize a 600/- 256/300
         show a",
        &["10 a restarted", "10 a runs 0m 0Mi throttled 0m, total 0s throttled 0s, restarts 1"],
    );
}

#[test]
fn faults_fail_or_stall_a_resize_until_they_are_lifted() {
    check(
        "start a 500/- 256/512
         fault a boom
         resize a 600/- 256/512
         step 10
         fault a stall
         step 10
         fault a -
         step 10",
        &["0 a failed: boom", "20 a in progress", "30 a settled"],
    );
}

struct Run {
    node: Node,
    now: Timestamp,
    demand: BTreeMap<String, PerResource<Amount>>,
    out: String,
}

impl Run {
    fn new() -> Self {
        let allocatable = PerResource {
            cpu: Amount::from_millicores(4000),
            memory: Amount::from_mebibytes(8192),
        };
        Self {
            node: Node::new(allocatable),
            now: Timestamp::default(),
            demand: BTreeMap::new(),
            out: String::new(),
        }
    }

    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let effects = match words[..] {
            ["start", pod, cpu, memory] => return self.start(pod, resources(cpu, memory), false),
            ["start", pod, cpu, memory, "restart"] => {
                return self.start(pod, resources(cpu, memory), true);
            }
            ["resize", pod, cpu, memory] => {
                let wanted = BTreeMap::from([("main".to_owned(), resources(cpu, memory))]);
                self.node.resize(pod, &wanted, self.now)
            }
            ["use", pod, cpu, memory] => {
                let demand = PerResource {
                    cpu: Amount::from_millicores(cpu.parse().unwrap()),
                    memory: Amount::from_mebibytes(memory.parse().unwrap()),
                };
                self.demand.insert(pod.to_owned(), demand);
                return;
            }
            ["step", seconds] => {
                self.now =
                    Timestamp::from_seconds(self.now.seconds() + seconds.parse::<i64>().unwrap());
                let demand = &self.demand;
                self.node.step(self.now, |pod, _| demand.get(pod).copied().unwrap_or_default())
            }
            ["remove", pod] => return assert!(self.node.remove(pod).is_some()),
            ["kill", pod] => self.node.kill_out_of_memory(pod, "main", self.now),
            ["fault", pod, fault] => {
                let fault = match fault {
                    "-" => None,
                    "stall" => Some(ResizeFault::Stall),
                    message => Some(ResizeFault::Error(message.to_owned())),
                };
                return self.node.set_resize_fault(pod, fault);
            }
            ["show", pod] => return self.show(pod),
            _ => panic!("no such line: {line}"),
        };
        for effect in effects {
            self.say(&effect);
        }
    }

    fn start(&mut self, pod: &str, resources: Resources, restart: bool) {
        let memory =
            if restart { ResizeRestart::RestartContainer } else { ResizeRestart::NotRequired };
        let container = RunningContainer {
            name: "main".to_owned(),
            counts_as: None,
            resources,
            resize_restart: PerResource { cpu: ResizeRestart::NotRequired, memory },
            started_at: None,
            restart_count: 0,
            last_oom: None,
        };
        if let Err(error) = self.node.start(pod, vec![container], self.now) {
            let at = self.now.seconds();
            writeln!(self.out, "{at} {pod} has no room: {}", error.lacking.name()).unwrap();
        }
    }

    fn say(&mut self, effect: &Effect) {
        let what = match effect {
            Effect::OomKilled { limit, .. } => {
                format!("killed at {:.0}Mi", limit.unwrap().value() / f64::from(1 << 20))
            }
            Effect::Restarted { .. } => "restarted".to_owned(),
            Effect::Resize { status, .. } => match status {
                ResizeStatus::Settled => "settled".to_owned(),
                ResizeStatus::InProgress => "in progress".to_owned(),
                ResizeStatus::Deferred { message } => format!("deferred: {message}"),
                ResizeStatus::Infeasible { message } => format!("infeasible: {message}"),
                ResizeStatus::Failed { message } => format!("failed: {message}"),
            },
        };
        writeln!(self.out, "{} {} {what}", self.now.seconds(), effect.pod()).unwrap();
    }

    fn show(&mut self, pod: &str) {
        let it = &self.node.pod(pod).unwrap().containers()[0];
        let state = match it.state {
            RunState::Running { .. } => format!(
                "runs {:.0}m {:.0}Mi throttled {:.0}m, total {}s throttled {}s",
                it.used.cpu.value() * 1e3,
                it.used.memory.value() / f64::from(1 << 20),
                it.throttled.value() * 1e3,
                it.cpu_time.as_secs(),
                it.throttled_time.as_secs()
            ),
            RunState::BackOff { until } => format!("waits {}s", until.since(self.now).as_secs()),
        };
        let restarts = it.running.restart_count;
        writeln!(self.out, "{} {pod} {state}, restarts {restarts}", self.now.seconds()).unwrap();
    }
}

fn resources(cpu: &str, memory: &str) -> Resources {
    PerResource {
        cpu: allocation(cpu, Amount::from_millicores),
        memory: allocation(memory, Amount::from_mebibytes),
    }
}

fn allocation(text: &str, unit: fn(u32) -> Amount) -> Allocation {
    let (request, limit) = text.split_once('/').unwrap();
    let amount = |text: &str| text.parse().ok().map(unit);
    Allocation { request: amount(request), limit: amount(limit) }
}
