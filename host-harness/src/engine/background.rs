//! Invocations that compute for longer than a slice, out of the way of those that do not.
//!
//! Every slice of a loop is one place in the runtime's queue, like a request that takes a thousandth of
//! it: a few functions that compute would leave almost nothing to the others. So an invocation that
//! has used up its first slice leaves the task of its connection, and goes on in threads that have a
//! lower priority. The system's scheduler shares the processors between the two: these threads have
//! all that is left over, and never less than a seventh of what one of the others has.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_task::{FallibleTask, Runnable};
use futures_util::task::AtomicWaker;
use tokio::runtime::Handle;

use super::Failure;
use super::invoke::Outcome;
use super::task::{InvocationFuture, poll_once};
use crate::invocation::started::StartedResponse;

/// How much nicer these threads are than the others. The scheduler gives a thread a fifth less for each
/// step: with 6, one of these has 21 % beside one of the others.
const NICER: i32 = 6;

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is one of the threads.
pub(super) fn is_here() -> bool {
    HERE.get()
}

/// An invocation that goes on in the background. Dropping it ends the invocation, at its next yield at
/// the latest.
pub(super) struct Background {
    task: FallibleTask<Result<Outcome, Failure>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// The response that it has begun, until it is sent.
    started: Mutex<Option<Box<StartedResponse>>>,
    /// The connection.
    waiting: AtomicWaker,
}

/// Moves an invocation to the background; gives it back where that cannot be: outside of tokio, where
/// there are no threads, or where it is already.
pub(super) fn start(mut invocation: InvocationFuture) -> Result<Background, InvocationFuture> {
    let (false, true, Ok(runtime)) = (is_here(), QUEUE.has_threads, Handle::try_current()) else {
        return Err(invocation);
    };
    let shared = Arc::new(Shared::default());
    let work = {
        let shared = Arc::clone(&shared);
        poll_fn(move |cx| {
            // Timers, sockets and tasks stay the runtime's.
            let _runtime = runtime.enter();
            let (polled, started) = poll_once(&mut invocation, cx);
            if started.is_some() {
                *lock(&shared.started) = started;
            }
            // It may have written to its stream.
            shared.waiting.wake();
            polled
        })
    };
    let (runnable, task) = async_task::spawn(work, |runnable| QUEUE.push(runnable));
    runnable.schedule();
    Ok(Background {
        task: task.fallible(),
        shared,
    })
}

impl Background {
    /// As [`poll_once`], from the task of the connection.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> (Poll<Result<Outcome, Failure>>, Option<Box<StartedResponse>>) {
        self.shared.waiting.register(cx.waker());
        let ended = Pin::new(&mut self.task).poll(cx);
        // After the task: what it began before it ended is there.
        let started = lock(&self.shared.started).take();
        // Without a result, it was dropped, which is for this to do.
        let lost = || Failure::Host(wasmtime::format_err!("lost in the background"));
        let ended = ended.map(|ended| ended.unwrap_or_else(|| Err(lost())));
        (ended, started)
    }
}

/// What waits for one of the threads, in turns.
struct Queue {
    waiting: Mutex<VecDeque<Runnable>>,
    pushed: Condvar,
    has_threads: bool,
}

/// That of the process: processors are shared by all hosts in it.
static QUEUE: LazyLock<Queue> = LazyLock::new(|| {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = (0..threads).filter(|number| {
        let thread = std::thread::Builder::new().name(format!("functions-long-{number}"));
        // They wait until there is a queue.
        thread.spawn(|| QUEUE.work()).is_ok()
    });
    Queue {
        waiting: Mutex::default(),
        pushed: Condvar::new(),
        has_threads: started.count() > 0,
    }
});

impl Queue {
    fn push(&self, runnable: Runnable) {
        lock(&self.waiting).push_back(runnable);
        self.pushed.notify_one();
    }

    fn next(&self) -> Runnable {
        let mut waiting = lock(&self.waiting);
        loop {
            match waiting.pop_front() {
                Some(runnable) => return runnable,
                None => {
                    let woken = self.pushed.wait(waiting);
                    waiting = woken.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn work(&self) -> ! {
        HERE.set(true);
        lower_priority();
        loop {
            let runnable = self.next();
            // Panics of an invocation are its failure; what is left is what goes with it.
            let _ = catch_unwind(AssertUnwindSafe(|| runnable.run()));
        }
    }
}

/// A list is whole at every moment, whoever panicked with it in hand.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lowers that of this thread. Where threads have none of their own they share the processors with the
/// others as equals, and are few.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn lower_priority() {
    use rustix::process::{getpriority_process, setpriority_process};
    // Without a process, Linux takes the thread.
    let lowered = getpriority_process(None)
        .and_then(|nice| setpriority_process(None, nice.saturating_add(NICER)));
    if let Err(error) = lowered {
        tracing::warn!("functions that compute have the priority of the others: {error}");
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn lower_priority() {}
