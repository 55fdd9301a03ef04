//! A node's `/metrics/resource` and `/metrics/cadvisor`, in the kubelet's names and labels.

use std::fmt::Write as _;

use plimsoll_domain::Timestamp;
use plimsoll_replay::node::{Container, RunState};

use super::fleet::{Fleet, PodRecord};
use super::metrics_api::node_usage;

/// The kernel's scheduling period for CPU quotas: a tenth of a second.
const PERIODS_PER_SECOND: f64 = 10.0;

/// The resource page of a node; `None` for a node that is not one of ours.
pub(super) fn resource(fleet: &Fleet, node: &str, now: Timestamp) -> Option<String> {
    fleet.node_names().find(|name| *name == node)?;
    let mut page = Page::new(now);
    for family in RESOURCE {
        page.family(fleet, node, family, |record, container| {
            let facts = &record.facts;
            format!(
                "container=\"{}\",namespace=\"{}\",pod=\"{}\"",
                container.running.name, facts.namespace, facts.name
            )
        });
    }
    page.head("node_memory_working_set_bytes", "gauge");
    page.line("node_memory_working_set_bytes", "", node_usage(fleet, node).memory.value());
    page.head("scrape_error", "gauge");
    page.text.push_str("scrape_error 0\n");
    Some(page.text)
}

/// The cAdvisor page of a node; `None` for a node that is not one of ours.
pub(super) fn cadvisor(fleet: &Fleet, node: &str, now: Timestamp) -> Option<String> {
    fleet.node_names().find(|name| *name == node)?;
    let mut page = Page::new(now);
    for family in CADVISOR {
        page.family(fleet, node, family, |record, container| {
            let (facts, name) = (&record.facts, &container.running.name);
            let cpu = if family.name == CPU { "cpu=\"total\"," } else { "" };
            format!(
                "container=\"{name}\",{cpu}id=\"/kubepods/pod{uid}/{name}\",image=\"\",\
                 name=\"{uid}-{name}\",namespace=\"{}\",pod=\"{}\"",
                facts.namespace,
                facts.name,
                uid = facts.uid
            )
        });
    }
    Some(page.text)
}

/// One metric and how it is read from a container; `None` where it has no such value.
struct Family {
    name: &'static str,
    kind: &'static str,
    value: fn(&Container) -> Option<f64>,
}

const CPU: &str = "container_cpu_usage_seconds_total";

const RESOURCE: &[Family] = &[
    counter(CPU, |it| Some(it.cpu_time.as_secs_f64())),
    gauge("container_memory_working_set_bytes", |it| Some(it.used.memory.value())),
    gauge("container_start_time_seconds", started_at),
];

const CADVISOR: &[Family] = &[
    counter(CPU, |it| Some(it.cpu_time.as_secs_f64())),
    counter("container_cpu_cfs_periods_total", |it| {
        it.actual.cpu.limit.map(|_| it.ran_for.as_secs_f64() * PERIODS_PER_SECOND)
    }),
    counter("container_cpu_cfs_throttled_periods_total", |it| {
        it.actual.cpu.limit.map(|_| it.throttled_for.as_secs_f64() * PERIODS_PER_SECOND)
    }),
    counter("container_cpu_cfs_throttled_seconds_total", |it| {
        it.actual.cpu.limit.map(|_| it.throttled_time.as_secs_f64())
    }),
    gauge("container_memory_working_set_bytes", |it| Some(it.used.memory.value())),
    gauge("container_memory_rss", |it| Some(it.used.memory.value())),
    counter("container_oom_events_total", |it| Some(f64::from(it.oom_kills))),
    gauge("container_spec_memory_limit_bytes", |it| {
        Some(it.actual.memory.limit.unwrap_or_default().value())
    }),
    gauge("container_start_time_seconds", started_at),
];

const fn counter(name: &'static str, value: fn(&Container) -> Option<f64>) -> Family {
    Family { name, kind: "counter", value }
}

const fn gauge(name: &'static str, value: fn(&Container) -> Option<f64>) -> Family {
    Family { name, kind: "gauge", value }
}

fn started_at(container: &Container) -> Option<f64> {
    match container.state {
        RunState::Running { since } => Some(since.seconds() as f64),
        RunState::BackOff { .. } => None,
    }
}

struct Page {
    text: String,
    now_ms: i64,
}

impl Page {
    fn new(now: Timestamp) -> Self {
        Self { text: String::new(), now_ms: now.seconds().saturating_mul(1000) }
    }

    fn family(
        &mut self,
        fleet: &Fleet,
        node: &str,
        family: &Family,
        labels: impl Fn(&PodRecord, &Container) -> String,
    ) {
        self.head(family.name, family.kind);
        for (record, pod) in fleet.running(Some(node)) {
            for container in pod.containers().iter().filter(|it| it.is_running()) {
                if let Some(value) = (family.value)(container) {
                    self.line(family.name, &labels(record, container), value);
                }
            }
        }
    }

    fn head(&mut self, name: &str, kind: &str) {
        self.push(format_args!("# TYPE {name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &str, value: f64) {
        let now = self.now_ms;
        if labels.is_empty() {
            self.push(format_args!("{name} {value} {now}\n"));
        } else {
            self.push(format_args!("{name}{{{labels}}} {value} {now}\n"));
        }
    }

    fn push(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        self.text.write_fmt(line).ok();
    }
}
