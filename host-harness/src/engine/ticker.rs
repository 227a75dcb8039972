use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::idle_instances::IdleInstances;
use crate::invocation::time_check;

/// The length of an epoch: how often a running function yields, and its time limits are checked.
const EPOCH: Duration = Duration::from_millis(10);

/// How often idle instances are swept.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Repeats an action on its own thread until dropped.
pub(super) struct Ticker {
    stopped: Arc<AtomicBool>,
}

impl Ticker {
    /// Advances an engine's epoch, for all functions.
    pub(super) fn epochs(engine: &wasmtime::Engine) -> std::io::Result<Self> {
        let engine = engine.weak();
        Self::start("functions-epoch", EPOCH, move || {
            let engine = engine.upgrade()?;
            engine.increment_epoch();
            time_check::next_epoch();
            Some(())
        })
    }

    /// Evicts unused instances. Has its own thread, because a sweep may delay epochs.
    pub(super) fn sweeps(idle: &Arc<IdleInstances>) -> std::io::Result<Self> {
        let idle = Arc::downgrade(idle);
        Self::start("functions-sweep", SWEEP_INTERVAL, move || {
            idle.upgrade()?.sweep();
            Some(())
        })
    }

    /// Repeats `tick` until it returns `None`.
    pub(super) fn start(
        name: &'static str,
        every: Duration,
        mut tick: impl FnMut() -> Option<()> + Send + 'static,
    ) -> std::io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        std::thread::Builder::new()
            .name(name.into())
            .spawn(move || {
                loop {
                    std::thread::sleep(every);
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // Limits hold only while this thread runs, so it survives a panic.
                    match catch_unwind(AssertUnwindSafe(&mut tick)) {
                        Ok(Some(())) => {}
                        Ok(None) => break,
                        Err(_) => tracing::error!("a tick of {name} panicked; continuing"),
                    }
                }
            })?;
        Ok(Self { stopped })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A ticker continues after a panic: without epochs, no CPU time limit would hold.
    #[test]
    fn ticker_continues_after_panic() {
        let (sender, ticks) = mpsc::channel();
        let mut count = 0;
        let _ticker = Ticker::start("test", Duration::from_millis(1), move || {
            count += 1;
            sender.send(count).ok()?;
            assert!(count > 1, "on purpose");
            Some(())
        });
        assert_eq!(ticks.iter().take(3).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
