//! A kubelet's page `/metrics/resource`: what each container counted up to now.

use std::collections::BTreeMap;

use crate::exposition::{Line, lines};

/// A container of a pod, as the page names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
}

/// What the page says of one container. Moments are in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Reading {
    /// CPU seconds used since its start, and when that was counted.
    pub(crate) cpu: Option<(f64, i64)>,
    /// Its working set in bytes, and when it was measured.
    pub(crate) memory: Option<(f64, i64)>,
    /// When it started.
    pub(crate) started_ms: Option<i64>,
}

/// What a page says of all containers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Page {
    pub(crate) readings: BTreeMap<Named, Reading>,
    /// Lines that are none.
    pub(crate) dropped: u64,
}

impl Page {
    /// Reads a page; values without a time are of `now_ms`. Around a restart a kubelet tells of a
    /// container twice: the newer value holds.
    pub(crate) fn read(text: &str, now_ms: i64) -> Self {
        let mut page = Self::default();
        for line in lines(text) {
            match line {
                Some(line) => page.take(&line, now_ms),
                None => page.dropped += 1,
            }
        }
        page
    }

    fn take(&mut self, line: &Line<'_>, now_ms: i64) {
        let at = line.at_ms.unwrap_or(now_ms);
        let update: fn(&mut Reading, f64, i64) = match line.name {
            "container_cpu_usage_seconds_total" => |it, value, at| newest(&mut it.cpu, value, at),
            "container_memory_working_set_bytes" => {
                |it, value, at| newest(&mut it.memory, value, at)
            }
            "container_start_time_seconds" => |it, value, _| {
                it.started_ms = it.started_ms.max(milliseconds(value));
            },
            _ => return,
        };
        let label = |name| line.label(name).filter(|text| !text.is_empty());
        let (Some(namespace), Some(pod), Some(container)) =
            (label("namespace"), label("pod"), label("container"))
        else {
            self.dropped += 1;
            return;
        };
        let named = Named {
            namespace: namespace.into_owned(),
            pod: pod.into_owned(),
            container: container.into_owned(),
        };
        update(self.readings.entry(named).or_default(), line.value, at);
    }
}

fn newest(known: &mut Option<(f64, i64)>, value: f64, at: i64) {
    if known.is_none_or(|(_, known_at)| at >= known_at) {
        *known = Some((value, at));
    }
}

/// Whole milliseconds; `None` before 1970 and where the value is no moment.
fn milliseconds(seconds: f64) -> Option<i64> {
    /// The year 9999: beyond it no container starts.
    const LATEST: f64 = 253_402_300_799.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be within the range")]
    (0.0..=LATEST).contains(&seconds).then(|| (seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_of_containers_and_leaves_out_the_rest() {
        let text = "\
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container=\"app\",namespace=\"shop\",pod=\"web-1\"} 4.5 2000
container_cpu_usage_seconds_total{container=\"app\",namespace=\"shop\",pod=\"web-1\"} 0.5 1000
container_cpu_usage_seconds_total{container=\"\",namespace=\"shop\",pod=\"web-1\"} 9 1000
container_memory_working_set_bytes{container=\"app\",namespace=\"shop\",pod=\"web-1\"} 1024
container_start_time_seconds{container=\"app\",namespace=\"shop\",pod=\"web-1\"} 1.5 2000
container_start_time_seconds{container=\"app\",namespace=\"shop\",pod=\"web-1\"} NaN 2000
pod_cpu_usage_seconds_total{namespace=\"shop\",pod=\"web-1\"} 5 2000
node_memory_working_set_bytes 9
scrape_error 0
garbage
";
        let page = Page::read(text, 3000);
        let reading = Reading {
            cpu: Some((4.5, 2000)),
            memory: Some((1024.0, 3000)),
            started_ms: Some(1500),
        };
        let named = Named {
            namespace: "shop".to_owned(),
            pod: "web-1".to_owned(),
            container: "app".to_owned(),
        };
        assert_eq!(page.readings, BTreeMap::from([(named, reading)]));
        assert_eq!(page.dropped, 2);
    }

    proptest::proptest! {
        /// Pieces of lines in any order, and anything at all: what is read is finite in time and
        /// never a panic, and every line is taken, left out or counted.
        #[test]
        fn any_text_is_read_to_its_end(
            text in r#"(container_cpu_usage_seconds_total|\{|\}|pod="|namespace="a",|\\|"|,| |1|\n|.)*"#,
        ) {
            let lines = text.lines().count();
            let page = Page::read(&text, 0);
            proptest::prop_assert!(page.readings.len() as u64 + page.dropped <= lines as u64);
        }
    }
}
