//! The reactor: the host's pollables, and who waits for them.
//!
//! A handler that awaits nothing has none of it in its component.

use std::cell::{Cell, RefCell};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::__private::bindings::wasi::io::poll::{self, Pollable};

/// Somebody who waits for a pollable.
struct Waiting {
    key: u64,
    /// Taken out while the host is asked.
    pollable: Option<Pollable>,
    waker: Waker,
    fired: bool,
}

thread_local! {
    static WAITING: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
    static NEXT_KEY: Cell<u64> = const { Cell::new(0) };
}

/// Set when the future that is driven has to be polled again.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Drives a future to its end, and waits for what it waits for.
///
/// # Panics
///
/// When the future waits for something that no pollable can wake: nothing ever would.
#[expect(clippy::panic, reason = "waiting forever, in silence, is worse")]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if woken.0.swap(false, Ordering::Relaxed) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                // An outer `block_on` has to look again: what fired meanwhile may have been its.
                fire(|waiting| waiting.fired);
                return output;
            }
            if woken.0.load(Ordering::Relaxed) {
                // It wants to go on: let it, but see whether anything else is ready.
                fire(|waiting| waiting.pollable.as_ref().is_some_and(Pollable::ready));
                continue;
            }
        }
        if !block() {
            panic!("the handler awaits something that nothing will ever wake");
        }
    }
}

/// Waits until one of the pollables is ready; `false` without pollables.
fn block() -> bool {
    // Nobody else runs meanwhile, so they can be taken out: the host is asked without a borrow.
    let taken: Vec<(u64, Pollable)> = WAITING.with_borrow_mut(|all| {
        all.iter_mut()
            .filter(|waiting| !waiting.fired)
            .filter_map(|waiting| Some((waiting.key, waiting.pollable.take()?)))
            .collect()
    });
    let ready = match taken.as_slice() {
        [] => return false,
        // One call instead of one with a list.
        [(key, pollable)] => {
            pollable.block();
            vec![*key]
        }
        several => {
            let list: Vec<&Pollable> = several.iter().map(|(_, pollable)| pollable).collect();
            let indices = poll::poll(&list);
            let key = |index: u32| several.get(index as usize).map(|(key, _)| *key);
            indices.into_iter().filter_map(key).collect()
        }
    };
    WAITING.with_borrow_mut(|all| {
        for (key, pollable) in taken {
            if let Some(waiting) = all.iter_mut().find(|waiting| waiting.key == key) {
                waiting.pollable = Some(pollable);
            }
        }
    });
    fire(|waiting| ready.contains(&waiting.key));
    true
}

/// Marks those for whom `is_ready` says so, and wakes them.
fn fire(is_ready: impl Fn(&Waiting) -> bool) {
    let wakers: Vec<Waker> = WAITING.with_borrow_mut(|all| {
        all.iter_mut()
            .filter(|waiting| is_ready(waiting))
            .map(|waiting| {
                waiting.fired = true;
                waiting.waker.clone()
            })
            .collect()
    });
    // Wakers are somebody else's code: not within the borrow.
    for waker in wakers {
        waker.wake();
    }
}

/// Waits for one pollable; can be awaited again, and is ready again then.
#[derive(Debug)]
pub struct Wait {
    key: u64,
    /// Not handed to the reactor yet.
    pollable: Option<Pollable>,
}

impl Wait {
    /// Waits for a pollable of the host's.
    #[must_use]
    pub fn new(pollable: Pollable) -> Self {
        let key = NEXT_KEY.get();
        NEXT_KEY.set(key + 1);
        Self {
            key,
            pollable: Some(pollable),
        }
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pollable) = self.pollable.take() {
            let waker = cx.waker().clone();
            let waiting = Waiting {
                key: self.key,
                pollable: Some(pollable),
                waker,
                fired: false,
            };
            WAITING.with_borrow_mut(|all| all.push(waiting));
            return Poll::Pending;
        }
        let replaced = WAITING.with_borrow_mut(|all| {
            let waiting = all.iter_mut().find(|waiting| waiting.key == self.key)?;
            if std::mem::take(&mut waiting.fired) {
                return None;
            }
            (!waiting.waker.will_wake(cx.waker()))
                .then(|| std::mem::replace(&mut waiting.waker, cx.waker().clone()))
                .or_else(|| Some(Waker::noop().clone()))
        });
        // The old waker is dropped here, without the borrow.
        if replaced.is_some() {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let gone = WAITING.with_borrow_mut(|all| {
            let place = all.iter().position(|waiting| waiting.key == self.key)?;
            Some(all.swap_remove(place))
        });
        drop(gone);
    }
}
