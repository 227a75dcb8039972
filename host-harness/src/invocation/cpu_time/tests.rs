use std::future::poll_fn;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::super::cpu_span::thread_cpu_time;
use super::super::poll_scope::PollScope;
use super::*;
use crate::pool::Owner;

/// Times an invocation of a function of its own.
fn timed<F>(future: F) -> CpuTimed<'static, F> {
    CpuTimed::new(future, Box::leak(Box::default()))
}

/// Keeps the processor busy for `duration`, whatever else it does.
fn compute(duration: Duration) {
    let start = thread_cpu_time();
    while thread_cpu_time() - start < duration {}
}

/// Computing counts, over several polls; waiting does not.
#[tokio::test(start_paused = true)]
async fn waiting_does_not_count() {
    for spent in [Duration::from_millis(2), SLICE, SLICE * 2] {
        let used = timed(Box::pin(async {
            compute(spent);
            tokio::time::sleep(Duration::from_secs(3600)).await;
            compute(spent);
            used()
        }))
        .await;
        // A poll that is not measured exactly counts as at most one slice.
        let least = (spent * 2).min(spent.min(SLICE) + spent.min(SLICE));
        assert!(used >= least && used < Duration::from_secs(60), "{used:?}");
        assert_eq!(super::used(), Duration::ZERO);
    }
}

/// A thread that sleeps in a poll uses almost nothing, just like one that waits for a processor.
#[tokio::test]
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
async fn waiting_for_a_processor_does_not_count() {
    let used = timed(Box::pin(async {
        for _ in 0..10 {
            std::thread::sleep(SLICE * 2);
            used();
            tokio::task::yield_now().await;
            std::thread::sleep(SLICE * 2);
        }
        used()
    }))
    .await;
    assert!(used >= SLICE && used < SLICE * 4, "{used:?}");
}

/// Many short polls add up, although none is as long as a slice.
#[tokio::test]
async fn short_polls_add_up() {
    let spent = Duration::from_millis(1);
    let used = timed(Box::pin(async {
        for _ in 0..60 {
            compute(spent);
            tokio::task::yield_now().await;
        }
        used()
    }))
    .await;
    assert!(used >= spent * 60 - SLICE * 2, "{used:?}");
}

/// The first slice ends when the thread has computed that long, not when it was descheduled.
#[tokio::test]
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
async fn only_computing_makes_an_invocation_long() {
    let waiting = || std::thread::sleep(SLICE * 2);
    let computing = || compute(SLICE * 2);
    for (work, long) in [(&waiting as &(dyn Fn() + Sync), false), (&computing, true)] {
        let mut timed = timed(Box::pin(async {
            for _ in 0..4 {
                work();
                used();
                tokio::task::yield_now().await;
            }
        }));
        let is_long = poll_fn(|cx| {
            let scope = PollScope::enter(Owner::new());
            let polled = Pin::new(&mut timed).poll(cx);
            polled.map(|()| scope.leave().is_long)
        });
        assert_eq!(is_long.await, long);
    }
}

/// An invocation that panics leaves its caller's time unchanged.
#[tokio::test]
async fn panic_ends_a_span() {
    let spent = SLICE * 2;
    let outer = timed(Box::pin(async {
        compute(spent);
        used();
        let mut inner = timed(Box::pin(async { panic!("on purpose") }));
        let polled = AssertUnwindSafe(poll_fn(|cx| Pin::new(&mut inner).poll(cx)));
        let panicked: Result<(), _> = polled.catch_unwind().await;
        assert!(panicked.is_err());
        compute(spent);
        tokio::task::yield_now().await;
        used()
    }))
    .await;
    assert!(outer >= SLICE + spent, "{outer:?}");
}

/// A nested invocation is charged its own time and its caller is not, whichever is measured exactly.
#[tokio::test]
async fn nested_time_counts_for_the_inner_invocation() {
    let spent = SLICE * 4;
    for before in [Duration::ZERO, SLICE * 2] {
        let (inner, outer) = timed(Box::pin(async {
            compute(before);
            used();
            let inner = timed(Box::pin(async {
                compute(spent);
                used();
                tokio::task::yield_now().await;
                compute(spent);
                used()
            }))
            .await;
            (inner, used())
        }))
        .await;
        assert!(inner >= SLICE + spent, "{inner:?}");
        assert!(inner < spent * 3, "{inner:?}");
        assert!(outer < before + spent, "{outer:?}");
    }
}
