//! The functions that wait for room on a node.

use std::sync::Arc;
use std::time::Instant;

use super::{Demand, Node};

/// A function whose next asynchronous invocation waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) demand: Demand,
    pub(super) since: Instant,
}

/// The position of a function in the queue. Dropping it leaves the queue.
#[derive(Debug)]
pub(crate) struct WaitPosition {
    node: Arc<Node>,
    function: Arc<str>,
}

impl Node {
    /// Joins the end of the queue for room.
    pub(crate) fn wait(self: &Arc<Self>, demand: Demand) -> WaitPosition {
        let function = demand.function.clone();
        self.lock().waiters.push(Waiter {
            demand,
            since: Instant::now(),
        });
        WaitPosition {
            node: self.clone(),
            function,
        }
    }
}

impl Drop for WaitPosition {
    fn drop(&mut self) {
        let mut allocations = self.node.lock();
        if let Some(position) = allocations.position_of(&self.function) {
            allocations.waiters.remove(position);
        }
        drop(allocations);
        // Others may have waited for it alone.
        self.node.freed.tell();
    }
}
