//! Which workers wait for which, so that a call that closes a cycle fails at once instead of waiting forever.
//!
//! A worker waits while its guest is inside a host call that returns once one of its own calls is answered. Such a call
//! waits for the workers that it led to, by way of any number of functions: a function is taken to wait for what it
//! calls. A worker with something else to wait for, such as a clock, continues in the end and closes no cycle.

mod deadlock;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How often a waiter looks again. What a function waits for may change without a notification.
const RECHECK_PERIOD: Duration = Duration::from_secs(1);

/// Which workers wait for which. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Waits(Arc<WaitsInner>);

#[derive(Default)]
struct WaitsInner {
    next: AtomicU64,
    graph: Mutex<Graph>,
}

#[derive(Default)]
struct Graph {
    /// By worker, the calls of which its guest waits for any.
    blocked: HashMap<Arc<str>, Vec<u64>>,
    /// By the number of a call, which worker waits for it.
    owners: HashMap<u64, Arc<str>>,
    /// By the number of a call, the invocations of workers that it led to and that are not over.
    led_to: HashMap<u64, Vec<Edge>>,
}

/// An invocation that somebody waits for.
struct Edge {
    number: u64,
    /// The worker that it is an invocation of.
    worker: Arc<str>,
    phase: Box<dyn Fn() -> InvocationPhase + Send>,
    /// Ends the waiting. `None`: it has.
    fail: Option<oneshot::Sender<DeadlockCycle>>,
}

/// The phase of an invocation in its worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvocationPhase {
    Queued,
    Running,
    /// Its answer is on its way.
    Ended,
}

/// The workers of a cycle in which each waits for the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeadlockCycle {
    pub(crate) workers: Vec<Arc<str>>,
    /// Whether the invocation had not begun.
    pub(crate) is_queued: bool,
}

/// A guest waits, until this is dropped.
pub(crate) struct Blocked {
    waits: Waits,
    worker: Arc<str>,
}

/// An invocation is waited for, until this is dropped.
pub(crate) struct Awaited {
    waits: Waits,
    call: u64,
    number: u64,
    failed: oneshot::Receiver<DeadlockCycle>,
}

impl Waits {
    /// A number for a call of a worker.
    pub(crate) fn number(&self) -> u64 {
        self.0.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A worker's guest waits for any of these calls.
    pub(crate) fn block(&self, worker: &Arc<str>, calls: Vec<u64>) -> Blocked {
        let mut graph = self.graph();
        for call in &calls {
            graph.owners.insert(*call, worker.clone());
        }
        graph.blocked.insert(worker.clone(), calls);
        graph.break_cycle(worker);
        Blocked {
            waits: self.clone(),
            worker: worker.clone(),
        }
    }

    /// A call leads to an invocation of a worker.
    pub(crate) fn await_worker(
        &self,
        call: u64,
        worker: Arc<str>,
        phase: impl Fn() -> InvocationPhase + Send + 'static,
    ) -> Awaited {
        let (fail, failed) = oneshot::channel();
        let number = self.number();
        let edge = Edge {
            number,
            worker,
            phase: Box::new(phase),
            fail: Some(fail),
        };
        let mut graph = self.graph();
        graph.led_to.entry(call).or_default().push(edge);
        graph.break_cycle_of(call);
        drop(graph);
        Awaited {
            waits: self.clone(),
            call,
            number,
            failed,
        }
    }

    fn graph(&self) -> MutexGuard<'_, Graph> {
        self.0.graph.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Awaited {
    /// Returns if this is to fail, so that a cycle of workers continues.
    pub(crate) async fn fails(&mut self) -> DeadlockCycle {
        loop {
            match tokio::time::timeout(RECHECK_PERIOD, &mut self.failed).await {
                Ok(Ok(cycle)) => return cycle,
                // It was told already.
                Ok(Err(_)) => std::future::pending().await,
                Err(_) => self.waits.graph().break_cycle_of(self.call),
            }
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        let mut graph = self.waits.graph();
        for call in graph.blocked.remove(&self.worker).unwrap_or_default() {
            graph.owners.remove(&call);
        }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        let mut graph = self.waits.graph();
        if let Some(edges) = graph.led_to.get_mut(&self.call) {
            edges.retain(|edge| edge.number != self.number);
            if edges.is_empty() {
                graph.led_to.remove(&self.call);
            }
        }
    }
}

impl fmt::Display for DeadlockCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.workers.join(" and "))
    }
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waits").finish_non_exhaustive()
    }
}
