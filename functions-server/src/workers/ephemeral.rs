//! How many calls of ephemeral components run at once. Each has its own instance, in slots of a pool.

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::component::Component;

use super::origin::MAX_DEPTH;

/// How many calls run at once, by the memories of their instances. Further ones wait in the order of their arrival.
const RUNNING: u32 = 64;

/// The same for calls by other workers, for each number of workers that wait for them: a call never waits for one
/// that waits for it.
const RUNNING_NESTED: u32 = 16;

/// The memories of all calls that run.
pub(crate) const SLOTS: u32 = RUNNING + MAX_DEPTH as u32 * RUNNING_NESTED;

/// How many memories an instance may have. Each takes a permit.
const MAX_MEMORIES: u32 = RUNNING_NESTED;

/// The permits of calls, by how many workers wait for them.
#[derive(Debug)]
pub(crate) struct Permits(Vec<Semaphore>);

impl Permits {
    pub(crate) fn new() -> Self {
        let nested = std::iter::repeat_n(RUNNING_NESTED, MAX_DEPTH);
        let all = std::iter::once(RUNNING).chain(nested);
        Self(
            all.map(|permits| Semaphore::new(permits as usize))
                .collect(),
        )
    }

    /// Waits until an instance with this many memories may run. `None`: too many workers wait for the call.
    pub(crate) async fn acquire(&self, depth: usize, memories: u32) -> Option<SemaphorePermit<'_>> {
        let permits = self.0.get(depth)?;
        let permit = permits.acquire_many(memories.clamp(1, MAX_MEMORIES)).await;
        permit.ok()
    }
}

/// Says why an ephemeral component cannot be called, if it cannot.
pub(crate) fn check(component: &Component) -> Result<(), String> {
    let required = component.resources_required();
    match required.map(|required| required.num_memories) {
        Some(memories) if memories > MAX_MEMORIES => Err(format!(
            "the component's instances have {memories} linear memories, above the limit of {MAX_MEMORIES} for \
             ephemeral components"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All calls together have as many memories as there are slots, and no call waits for one at another depth.
    #[tokio::test]
    async fn permits_are_as_many_as_slots() {
        let permits = Permits::new();
        let mut held = Vec::new();
        for (depth, semaphore) in permits.0.iter().enumerate() {
            let free = u32::try_from(semaphore.available_permits()).unwrap();
            for _ in 0..free / MAX_MEMORIES {
                held.push(permits.acquire(depth, MAX_MEMORIES).await.unwrap());
            }
            assert_eq!(semaphore.available_permits(), 0);
        }
        let taken: usize = held.iter().map(SemaphorePermit::num_permits).sum();
        assert_eq!(taken, SLOTS as usize);
        assert!(permits.acquire(MAX_DEPTH + 1, 1).await.is_none());
    }
}
