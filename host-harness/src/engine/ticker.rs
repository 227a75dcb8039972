use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::idle_instances::IdleInstances;
use crate::invocation::time_check;

/// How often a running function is looked at: to let others run, and to stop it when its time is up.
const TICK: Duration = Duration::from_millis(10);

/// How often the instances are looked at that wait.
const SWEEP: Duration = Duration::from_secs(1);

/// Something that is done again and again as long as this lives, in a thread of its own.
pub(super) struct Ticker {
    stopped: Arc<AtomicBool>,
}

impl Ticker {
    /// Advances an engine's epoch: one thread for all functions.
    pub(super) fn of_epochs(engine: &wasmtime::Engine) -> std::io::Result<Self> {
        let engine = engine.weak();
        Self::start("functions-epoch", TICK, move || {
            let engine = engine.upgrade()?;
            engine.increment_epoch();
            time_check::next_epoch();
            Some(())
        })
    }

    /// Lets instances go that nobody uses. Not where epochs are counted: it takes its time.
    pub(super) fn of_sweeps(idle: &Arc<IdleInstances>) -> std::io::Result<Self> {
        let idle = Arc::downgrade(idle);
        Self::start("functions-sweep", SWEEP, move || {
            idle.upgrade()?.sweep();
            Some(())
        })
    }

    /// Until it has nothing to do any more.
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
                    // Limits hold only as long as this thread goes on, whatever went wrong once.
                    match catch_unwind(AssertUnwindSafe(&mut tick)) {
                        Ok(Some(())) => {}
                        Ok(None) => break,
                        Err(_) => tracing::error!("a tick of {name} panicked; the next one comes"),
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

    /// One that panics goes on: without epochs, no limit of computing would hold.
    #[test]
    fn panicking_tick_is_repeated() {
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
