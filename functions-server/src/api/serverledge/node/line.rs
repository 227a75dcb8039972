//! Who waits for room on a node.

use std::sync::Arc;
use std::time::Instant;

use super::{Demand, Node};

/// A function whose next asynchronous invocation waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) demand: Demand,
    pub(super) since: Instant,
}

/// The place of a function in the line. Dropping it leaves the line.
#[derive(Debug)]
pub(crate) struct InLine {
    node: Arc<Node>,
    function: Arc<str>,
}

impl Node {
    /// Joins the end of the line for room.
    pub(crate) fn wait(self: &Arc<Self>, demand: Demand) -> InLine {
        let function = demand.function.clone();
        self.lock().line.push(Waiter {
            demand,
            since: Instant::now(),
        });
        InLine {
            node: self.clone(),
            function,
        }
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        let mut taken = self.node.lock();
        if let Some(place) = taken.place_of(&self.function) {
            taken.line.remove(place);
        }
        drop(taken);
        // Others may have waited for it alone.
        self.node.freed.tell();
    }
}
