//! The priority of threads whose work can wait.

use std::io;

/// The difference in niceness to other threads. Each step costs a thread a fifth of its share: at
/// 9, it gets 12 % beside a normal thread. At 10, it would get less than the tenth that is promised.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NICE_INCREMENT: i32 = 9;

/// Lowers the priority of this thread, and of the threads that it starts from now on. On systems
/// without priorities per thread, it competes with the others as an equal.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn lower() -> io::Result<()> {
    use rustix::process::{getpriority_process, setpriority_process};
    // Without a process ID, Linux changes the calling thread.
    let nice = getpriority_process(None)?;
    setpriority_process(None, nice.saturating_add(NICE_INCREMENT))?;
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn lower() -> io::Result<()> {
    Ok(())
}
