use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a running function is looked at: to let others run, and to stop it when its time is up.
const TICK: Duration = Duration::from_millis(10);

/// Advances an engine's epoch for as long as it lives: one thread for all functions.
pub(super) struct Ticker {
    stopped: Arc<AtomicBool>,
}

impl Ticker {
    pub(super) fn start(engine: &wasmtime::Engine) -> std::io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let engine = engine.weak();
        let stop = Arc::clone(&stopped);
        std::thread::Builder::new()
            .name("functions-epoch".into())
            .spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(TICK);
                    match engine.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => break,
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
