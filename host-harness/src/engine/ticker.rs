use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::kept::Kept;

/// How often a running function is looked at: to let others run, and to stop it when its time is up.
const TICK: Duration = Duration::from_millis(10);

/// Ticks between two looks at the instances that are kept.
const SWEEP: u32 = 100;

/// Advances an engine's epoch for as long as it lives, and lets instances go that nobody uses: one
/// thread for all functions.
pub(super) struct Ticker {
    stopped: Arc<AtomicBool>,
}

impl Ticker {
    pub(super) fn start(engine: &wasmtime::Engine, kept: &Arc<Kept>) -> std::io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let engine = engine.weak();
        let kept = Arc::downgrade(kept);
        let stop = Arc::clone(&stopped);
        std::thread::Builder::new()
            .name("functions-epoch".into())
            .spawn(move || {
                let mut tick = 0_u32;
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(TICK);
                    match engine.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => break,
                    }
                    tick = tick.wrapping_add(1);
                    if tick.is_multiple_of(SWEEP)
                        && let Some(kept) = kept.upgrade()
                    {
                        kept.sweep();
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
