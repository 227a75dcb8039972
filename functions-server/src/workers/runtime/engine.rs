//! The engine of workers: the host's, which compiles components so that the same calls with the same answers
//! always leave the same memory.

use std::time::Duration;

/// How often running guests yield, and their limits are checked.
const TICK: Duration = Duration::from_millis(10);

/// Advances the epochs of an engine, on a thread that ends with it: a guest that computes may hold every thread
/// of the runtime.
pub(crate) fn tick(engine: &wasmtime::Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    let ticks = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    let name = "worker-ticker".to_owned();
    std::thread::Builder::new().name(name).spawn(ticks)?;
    Ok(())
}
