//! What a running instance takes of a node.

use std::sync::Arc;
use std::time::Instant;

use super::allocations::WarmInstance;
use super::{Demand, Node};

/// The resources that a running instance takes. Dropping this releases them.
#[derive(Debug)]
pub(crate) struct RunningInstance {
    pub(super) node: Arc<Node>,
    pub(super) demand: Demand,
    pub(crate) is_warm: bool,
    pub(super) keep: bool,
}

impl RunningInstance {
    pub(crate) fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Leaves a warm instance in the end, unless the function is changed meanwhile.
    pub(crate) fn keep(&mut self) {
        self.keep = true;
    }
}

impl Drop for RunningInstance {
    fn drop(&mut self) {
        let mut used = self.node.lock();
        used.busy_memory = used.busy_memory.saturating_sub(self.demand.memory);
        used.used_cpus -= self.demand.counted_cpus();
        if self.keep && self.node.is_current(&self.demand) {
            used.warm
                .push(WarmInstance::of(&self.demand, Instant::now()));
        }
        drop(used);
        self.node.freed.tell();
    }
}
