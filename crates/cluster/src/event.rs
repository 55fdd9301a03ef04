//! Events about workloads: few, since each is a write.

use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use plimsoll_api::FIELD_MANAGER;
use plimsoll_report::{EventKind, EventView};

use crate::ClusterError;
use crate::call::call;
use crate::reference::Reference;

/// Events in one tick: one for each of the 10 pods that may be changed in a minute, and as many
/// again for workloads whose reason to hold changed. What is above that is only logged: an
/// incident that holds a thousand workloads at once is not told a thousand times.
const PER_TICK: usize = 20;

/// Writes events. The same reason for the same workload within six minutes is counted up on the
/// event that is there.
#[derive(Clone)]
pub(crate) struct Events {
    recorder: Recorder,
    left: usize,
}

impl Events {
    pub(crate) fn new(client: Client, instance: &str) -> Self {
        let reporter =
            Reporter { controller: FIELD_MANAGER.to_owned(), instance: Some(instance.to_owned()) };
        Self { recorder: Recorder::new(client, reporter), left: PER_TICK }
    }

    /// A new tick may write as many events again.
    pub(crate) fn begin_tick(&mut self) {
        self.left = PER_TICK;
    }

    /// Whether one more may be written in this tick; counts it.
    pub(crate) fn admit(&mut self) -> bool {
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }

    /// Writes one event about an object.
    pub(crate) async fn write(
        &self,
        about: &Reference,
        event: EventView,
    ) -> Result<(), ClusterError> {
        let action = event.reason.clone();
        let event = Event {
            type_: match event.kind {
                EventKind::Normal => EventType::Normal,
                EventKind::Warning => EventType::Warning,
            },
            reason: event.reason,
            note: Some(event.note),
            action,
            secondary: None,
        };
        let attempt = format!("write an event about {}/{}", about.namespace, about.name);
        call(attempt, self.recorder.publish(&event, &about.object())).await
    }
}
