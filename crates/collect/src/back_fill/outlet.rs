//! What leaves a back-fill, and how much of it may wait.

use std::sync::Arc;

use plimsoll_domain::{ContainerKey, UsageCell};
use plimsoll_history::ContainerHistory;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::Past;

/// Cells that may be under way to whoever stores them; further questions wait for it. 64 MiB at 64
/// bytes each: two weeks of 260 containers, so that at a turn every 30 s 10,000 containers take 20
/// minutes, about as long as it takes to ask.
pub const CELLS_WAITING: u32 = 1 << 20;

/// The most cells of one message, of which many fit into what may wait: a day of 227 containers.
const CELLS_OF_MESSAGE: u32 = 1 << 16;

/// Cells of some containers, each container's in order of time. While it lives it takes up room.
#[derive(Debug)]
pub struct PastCells {
    /// By container; one may be in several messages.
    pub cells: Vec<(ContainerKey, Vec<UsageCell>)>,
    count: usize,
    #[expect(dead_code, reason = "given back when it is dropped")]
    room: Option<OwnedSemaphorePermit>,
}

impl From<Vec<(ContainerKey, Vec<UsageCell>)>> for PastCells {
    /// Cells that take up nobody's room.
    fn from(cells: Vec<(ContainerKey, Vec<UsageCell>)>) -> Self {
        let count: usize = cells.iter().map(|(_, cells)| cells.len()).sum();
        Self { cells, count, room: None }
    }
}

impl PastCells {
    /// How many cells there are.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// Where the past goes.
#[derive(Debug)]
pub(super) struct Outlet {
    send: mpsc::Sender<Past>,
    room: Arc<Semaphore>,
}

impl Outlet {
    pub(super) fn new(send: mpsc::Sender<Past>) -> Self {
        Self { send, room: Arc::new(Semaphore::new(CELLS_WAITING as usize)) }
    }

    /// Whether nobody wants it any more.
    pub(super) fn is_closed(&self) -> bool {
        self.send.is_closed()
    }

    pub(super) async fn histories(&self, histories: Vec<(ContainerKey, ContainerHistory)>) {
        // Closed: nobody wants it any more.
        self.send.send(Past::Histories(histories)).await.ok();
    }

    /// Sends cells once there is room for them.
    pub(super) async fn cells(&self, cells: Vec<(ContainerKey, Vec<UsageCell>)>) {
        let mut part = Vec::new();
        let mut count = 0_u32;
        for (key, cells) in cells {
            let more = u32::try_from(cells.len()).unwrap_or(u32::MAX);
            if count.saturating_add(more) > CELLS_OF_MESSAGE {
                self.part(std::mem::take(&mut part), std::mem::take(&mut count)).await;
            }
            count = count.saturating_add(more);
            part.push((key, cells));
        }
        if count > 0 {
            self.part(part, count).await;
        }
    }

    async fn part(&self, cells: Vec<(ContainerKey, Vec<UsageCell>)>, count: u32) {
        let wanted = Arc::clone(&self.room).acquire_many_owned(count.min(CELLS_WAITING));
        let room = tokio::select! {
            room = wanted => room,
            () = self.send.closed() => return,
        };
        // It is never closed.
        let Ok(room) = room else { return };
        let cells = PastCells { room: Some(room), ..PastCells::from(cells) };
        self.send.send(Past::Cells(cells)).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_domain::{Timestamp, WorkloadId, WorkloadKind};

    use super::*;

    fn mk_cells(name: u32, count: u32) -> (ContainerKey, Vec<UsageCell>) {
        let workload = WorkloadId {
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: format!("web-{name}").into(),
        };
        let cell = |number: u32| UsageCell {
            start: Timestamp::from_seconds(i64::from(number) * 300),
            cpu_mean: None,
            cpu_max: None,
            memory_max: None,
            pods: 1,
        };
        let key = ContainerKey { workload, container: "app".into() };
        (key, (0..count).map(cell).collect())
    }

    #[tokio::test]
    async fn no_more_waits_than_there_is_room_for() {
        let (send, mut receive) = mpsc::channel(1_000);
        let outlet = Outlet::new(send);
        let day: Vec<_> = (0..4_000).map(|name| mk_cells(name, 288)).collect();
        let sending = outlet.cells(day);
        let receiving = async {
            let (mut waiting, mut found) = (Vec::new(), 0);
            while let Some(Past::Cells(cells)) = receive.recv().await {
                assert!(cells.count() <= CELLS_OF_MESSAGE as usize);
                found += cells.cells.iter().map(|(_, cells)| cells.len()).sum::<usize>();
                waiting.push(cells);
                let count: usize = waiting.iter().map(PastCells::count).sum();
                assert!(count <= CELLS_WAITING as usize, "{count}");
                // As those do who store them: half is enough to begin with.
                if count > CELLS_WAITING as usize / 2 {
                    waiting.clear();
                }
                if found == 4_000 * 288 {
                    return found;
                }
            }
            found
        };
        let ((), found) = tokio::join!(sending, receiving);
        assert_eq!(found, 4_000 * 288);
    }

    #[tokio::test]
    async fn what_nobody_receives_keeps_nobody_waiting() {
        let (send, receive) = mpsc::channel(1_000);
        let outlet = Outlet::new(send);
        let day: Vec<_> = (0..4_000).map(|name| mk_cells(name, 288)).collect();
        let sending = outlet.cells(day);
        let leaving = async {
            tokio::task::yield_now().await;
            drop(receive);
        };
        tokio::join!(sending, leaving);
        assert!(outlet.is_closed());
    }
}
