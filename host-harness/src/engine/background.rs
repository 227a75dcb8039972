//! Moves long-running invocations away from short ones.
//!
//! A computing function takes one turn in the runtime's queue per slice, like a request that needs
//! a thousandth of that. A few such functions would leave almost nothing to the others. So an
//! invocation that has used up its first slice leaves the task of its connection, and continues on
//! threads of lower priority. One of a function that is known to be CPU-bound starts there, and a connection
//! moves there for a bulk transfer. The system's scheduler divides the processors: these threads get all idle
//! time, and never less than an eighth of a normal thread's share. Functions share their time.

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_task::{FallibleTask, Runnable};
use futures_util::task::AtomicWaker;
use tokio::runtime::Handle;

use super::Failure;
use super::fair_queue::FairQueue;
use super::invocation_future::{InvocationFuture, poll_once};
use super::reply::Outcome;
use crate::invocation::started::StartedResponse;
use crate::invocation::thread_cpu_time;
use crate::pool::{Owner, mapping_thread};
use crate::threads::priority;

thread_local! {
    static IN_BACKGROUND: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is a background thread.
pub(crate) fn is_background_thread() -> bool {
    IN_BACKGROUND.get()
}

/// An invocation in the background. Dropping it ends the invocation at its next yield at the
/// latest.
pub(super) struct Background {
    task: FallibleTask<Result<Outcome, Failure>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// The response that was started and not yet sent.
    started: Mutex<Option<Box<StartedResponse>>>,
    /// The invocation has yielded since the connection last took what it wrote.
    yielded: AtomicBool,
    /// The connection.
    waiting: AtomicWaker,
}

/// Moves an invocation to the background. Returns it if that is impossible: outside tokio, without
/// background threads, or if it is there already.
pub(super) fn start(mut invocation: InvocationFuture) -> Result<Background, InvocationFuture> {
    let Some(runtime) = runtime_to_leave() else {
        return Err(invocation);
    };
    let function = invocation.function;
    let shared = Arc::new(Shared {
        // It may have written in the foreground.
        yielded: AtomicBool::new(true),
        ..Shared::default()
    });
    let work = {
        let shared = Arc::clone(&shared);
        poll_fn(move |cx| {
            let (polled, left) = poll_once(&mut invocation, cx);
            if left.started.is_some() {
                *lock(&shared.started) = left.started;
            }
            // The invocation may have written to its stream.
            shared.yielded.store(true, Ordering::Release);
            shared.waiting.wake();
            polled
        })
    };
    let task = spawn(runtime, function, work);
    Ok(Background { task, shared })
}

/// Runs a future in the background. Returns it where [`start`] returns an invocation. Dropping the task ends the
/// future at its next yield at the latest.
pub(crate) fn run<F>(function: Owner, future: F) -> Result<FallibleTask<F::Output>, F>
where
    F: Future<Output: Send> + Send + Unpin + 'static,
{
    match runtime_to_leave() {
        Some(runtime) => Ok(spawn(runtime, function, future)),
        None => Err(future),
    }
}

/// The runtime of this thread, if what runs on it can go to the background.
fn runtime_to_leave() -> Option<Handle> {
    let can_leave = !is_background_thread() && QUEUE.has_threads;
    can_leave.then(Handle::try_current)?.ok()
}

fn spawn<F>(runtime: Handle, function: Owner, mut future: F) -> FallibleTask<F::Output>
where
    F: Future<Output: Send> + Send + Unpin + 'static,
{
    let work = poll_fn(move |cx| {
        // Timers, sockets and tasks still belong to the runtime.
        let _runtime = runtime.enter();
        Pin::new(&mut future).poll(cx)
    });
    let (runnable, task) = async_task::spawn(work, move |runnable| QUEUE.push(function, runnable));
    runnable.schedule();
    task.fallible()
}

impl Background {
    /// Like [`poll_once`], from the task of the connection.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> (Poll<Result<Outcome, Failure>>, Option<Box<StartedResponse>>) {
        self.shared.waiting.register(cx.waker());
        let ended = Pin::new(&mut self.task).poll(cx);
        // Read after the task, so that a response started before its end is seen.
        let started = lock(&self.shared.started).take();
        // Only dropping the task cancels it, and only this type does so.
        let cancelled = || Failure::Host(wasmtime::format_err!("cancelled in the background"));
        let ended = ended.map(|ended| ended.unwrap_or_else(|| Err(cancelled())));
        (ended, started)
    }

    /// Whether the invocation has yielded since [`clear_yielded`](Self::clear_yielded). When it yields, it wakes
    /// the task that polled last.
    pub(super) fn has_yielded(&self) -> bool {
        self.shared.yielded.load(Ordering::Acquire)
    }

    /// Call this before taking what the invocation wrote: it may yield in between.
    pub(super) fn clear_yielded(&self) {
        self.shared.yielded.store(false, Ordering::Release);
    }
}

/// The invocations that wait for a background thread.
struct Queue {
    waiting: Mutex<FairQueue<Runnable>>,
    pushed: Condvar,
    has_threads: bool,
}

/// The queue of the process: all its hosts share the processors.
static QUEUE: LazyLock<Queue> = LazyLock::new(|| {
    // From here, because threads inherit their priority.
    mapping_thread::start();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = (0..threads).filter(|number| {
        let thread = std::thread::Builder::new().name(format!("functions-long-{number}"));
        // The threads wait until the queue exists.
        thread.spawn(|| QUEUE.work()).is_ok()
    });
    Queue {
        waiting: Mutex::default(),
        pushed: Condvar::new(),
        has_threads: started.count() > 0,
    }
});

impl Queue {
    fn push(&self, function: Owner, runnable: Runnable) {
        lock(&self.waiting).push(function, runnable);
        self.pushed.notify_one();
    }

    /// Takes the next invocation, after recording what this thread's last one has used.
    fn next(&self, last: Option<(Owner, Duration)>) -> (Owner, Runnable) {
        let mut waiting = lock(&self.waiting);
        if let Some((function, used)) = last {
            waiting.charge(function, used);
        }
        loop {
            match waiting.pop() {
                Some(next) => return next,
                None => {
                    let woken = self.pushed.wait(waiting);
                    waiting = woken.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn work(&self) -> ! {
        IN_BACKGROUND.set(true);
        if let Err(error) = priority::lower() {
            tracing::warn!("cannot lower the priority of background threads: {error}");
        }
        mapping_thread::delegate();
        let mut last = None;
        let mut before = thread_cpu_time();
        loop {
            let (function, runnable) = self.next(last);
            // An invocation's panic is its failure. Only dropping an invocation can panic here.
            let _ = catch_unwind(AssertUnwindSafe(|| runnable.run()));
            let now = thread_cpu_time();
            last = Some((function, now.saturating_sub(before)));
            before = now;
        }
    }
}

/// A panic cannot leave the queue half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
