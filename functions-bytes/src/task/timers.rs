//! Sleeping: however many sleep, the host has one pollable for them, of the next to wake up.
//!
//! Built on [`Wait`], so that a function which never sleeps imports no clock.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::reactor::Wait;
use crate::__private::bindings::wasi::clocks::monotonic_clock;

/// When somebody wants to be woken, in nanoseconds, and who it is.
type Time = (u64, u64);

thread_local! {
    /// Who sleeps; the next to wake up is the last.
    static SLEEPERS: RefCell<Vec<(Time, Waker)>> = const { RefCell::new(Vec::new()) };
    /// The pollable of the next to wake up, or of an earlier one that does not sleep any more.
    static ALARM: RefCell<Option<(u64, Wait)>> = const { RefCell::new(None) };
    static NEXT_KEY: Cell<u64> = const { Cell::new(0) };
}

/// Waits for some time.
pub async fn sleep(time: Duration) {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let end = monotonic_clock::now().saturating_add(nanoseconds);
    let key = NEXT_KEY.get();
    NEXT_KEY.set(key + 1);
    Sleep {
        time: (end, key),
        asleep: false,
    }
    .await;
}

struct Sleep {
    time: Time,
    /// Among the sleepers, unless it was woken.
    asleep: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let time = self.time;
        let first = !std::mem::replace(&mut self.asleep, true);
        let waker = cx.waker().clone();
        let (asleep, replaced) = SLEEPERS.with_borrow_mut(|all| match find(all, time) {
            Ok(place) => {
                let sleeper = all.get_mut(place);
                (
                    true,
                    sleeper.map(|(_, known)| std::mem::replace(known, waker)),
                )
            }
            Err(place) if first => {
                all.insert(place, (time, waker));
                (true, None)
            }
            // It was woken.
            Err(_) => (false, Some(waker)),
        });
        // A waker is somebody else's code: dropped without the borrow.
        drop(replaced);
        if !asleep {
            return Poll::Ready(());
        }
        if first {
            set_alarm();
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let time = self.time;
        let (gone, is_last) = SLEEPERS.with_borrow_mut(|all| {
            let gone = find(all, time).ok().map(|place| all.remove(place));
            (gone, all.is_empty())
        });
        // One that is early is kept for the next: most sleep to see who is first.
        if is_last {
            ALARM.take();
        }
        drop(gone);
    }
}

/// Where a sleeper is, or would be.
fn find(all: &[(Time, Waker)], time: Time) -> Result<usize, usize> {
    all.binary_search_by(|(known, _)| time.cmp(known))
}

/// Sees to it that the next sleeper is woken.
fn set_alarm() {
    let Some(next) = SLEEPERS.with_borrow(|all| all.last().map(|((end, _), _)| *end)) else {
        return;
    };
    if ALARM.with_borrow(|alarm| alarm.as_ref().is_some_and(|(end, _)| *end <= next)) {
        return;
    }
    let mut wait = Wait::new(monotonic_clock::subscribe_instant(next));
    // Hands it to the reactor, which wakes us.
    let waker = Waker::from(Arc::new(Ring));
    let _ = Pin::new(&mut wait).poll(&mut Context::from_waker(&waker));
    ALARM.replace(Some((next, wait)));
}

/// The alarm goes off.
struct Ring;

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        let Some((end, _)) = ALARM.take() else { return };
        let now = monotonic_clock::now().max(end);
        let due = SLEEPERS.with_borrow_mut(|all| {
            let first = all.partition_point(|((end, _), _)| *end > now);
            all.split_off(first)
        });
        set_alarm();
        for (_, waker) in due.into_iter().rev() {
            waker.wake();
        }
    }
}
