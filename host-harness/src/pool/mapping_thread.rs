//! Changes the process's memory map for threads of low priority.
//!
//! The kernel guards the map with one lock. A thread that waits for it, or holds it, makes everybody else wait who
//! needs it. For a thread of low priority, that takes until the scheduler gives it a turn: on a busy machine, tens of
//! milliseconds. So such a thread lets one of normal priority do what needs the lock.

use std::cell::OnceCell;
use std::io;
use std::sync::mpsc::{self, Sender};
use std::sync::{LazyLock, Mutex, PoisonError};

type Operation = Box<dyn FnOnce() + Send>;

/// The thread, if it could be started.
static THREAD: LazyLock<Option<Mutex<Sender<Operation>>>> = LazyLock::new(|| {
    let (operations, received) = mpsc::channel::<Operation>();
    let thread = std::thread::Builder::new().name("functions-map".to_owned());
    let started = thread.spawn(move || received.iter().for_each(|operation| operation()));
    started.is_ok().then(|| Mutex::new(operations))
});

thread_local! {
    static DELEGATE: OnceCell<MappingThread> = const { OnceCell::new() };
}

/// Starts the thread, with the priority of the caller.
pub(crate) fn start() {
    LazyLock::force(&THREAD);
}

/// Delegates what this thread changes from here on, if the thread runs.
pub(crate) fn delegate() {
    if let Some(operations) = &*THREAD {
        let operations = operations.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = MappingThread(operations.clone());
        DELEGATE.with(|delegate| drop(delegate.set(thread)));
    }
}

/// The thread to which this thread delegates.
#[derive(Clone)]
struct MappingThread(Sender<Operation>);

/// Runs an operation on `subject`, on the thread that changes the map for this one.
pub(super) fn run<S, T>(
    subject: &S,
    operation: impl FnOnce(&S) -> io::Result<T> + Send + 'static,
) -> io::Result<T>
where
    S: Clone + Send + 'static,
    T: Send + 'static,
{
    match of_this_thread() {
        Some(thread) => {
            let subject = subject.clone();
            thread.run(move || operation(&subject))
        }
        None => operation(subject),
    }
}

/// `None` for threads that change the map themselves.
fn of_this_thread() -> Option<MappingThread> {
    DELEGATE.try_with(|delegate| delegate.get().cloned()).ok()?
}

impl MappingThread {
    /// Runs an operation there, and waits for its result.
    fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (result, received) = mpsc::sync_channel(1);
        let operation: Operation = Box::new(move || drop(result.send(operation())));
        // A thread that has ended makes no changes.
        if let Err(mpsc::SendError(operation)) = self.0.send(operation) {
            operation();
        }
        let panicked = |_no_result| Err(io::ErrorKind::BrokenPipe.into());
        received.recv().unwrap_or_else(panicked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(_: &()) -> io::Result<Option<String>> {
        Ok(std::thread::current().name().map(str::to_owned))
    }

    /// Only threads that asked for it delegate, and they get the results.
    #[test]
    fn threads_delegate() {
        start();
        assert!(of_this_thread().is_none());
        let thread = std::thread::spawn(|| {
            delegate();
            let failed = run(&(), |()| Err::<(), _>(io::ErrorKind::OutOfMemory.into()));
            assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::OutOfMemory);
            run(&(), name)
        });
        let name = thread.join().unwrap().unwrap();
        assert_eq!(name.as_deref(), Some("functions-map"));
    }
}
