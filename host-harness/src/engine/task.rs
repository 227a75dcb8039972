use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::background::{self, Background};
use super::invoke::Outcome;
use super::{Failure, watchdog};
use crate::invocation::cpu_time;
use crate::invocation::started::{self, StartedResponse};
use crate::pool::{Owner, PollScope};

/// The future of an invocation, and whose it is.
pub(super) struct InvocationFuture {
    function: Owner,
    future: Pin<Box<dyn Future<Output = Result<Outcome, Failure>> + Send>>,
}

/// An invocation that is under way. In a box of its own, so that the body of the response, or a thread
/// for long ones, can take it along; whoever drops it ends the function.
pub(super) enum InvocationTask {
    /// In the task of its connection.
    Here(InvocationFuture),
    /// It has used up its first slice.
    Background(Background),
    /// It was, and ended by a panic.
    Ended,
}

impl InvocationTask {
    pub(super) fn new(
        function: Owner,
        invocation: impl Future<Output = Result<Outcome, Failure>> + Send + 'static,
    ) -> Self {
        Self::Here(InvocationFuture {
            function,
            future: Box::pin(invocation),
        })
    }

    /// Polls it; returns also the response that it has begun since the last time.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> (Poll<Result<Outcome, Failure>>, Option<Box<StartedResponse>>) {
        let invocation = match self {
            Self::Here(invocation) => invocation,
            Self::Background(background) => return background.poll(cx),
            Self::Ended => return (Poll::Pending, None),
        };
        let (polled, started) = poll_once(invocation, cx);
        if polled.is_pending() && cpu_time::take_long() {
            self.go_to_background(cx);
        }
        (polled, started)
    }

    fn go_to_background(&mut self, cx: &mut Context<'_>) {
        let Self::Here(invocation) = std::mem::replace(self, Self::Ended) else {
            return;
        };
        *self = match background::start(invocation) {
            Ok(background) => {
                // Polled once more, to learn of what it does.
                cx.waker().wake_by_ref();
                Self::Background(background)
            }
            Err(invocation) => Self::Here(invocation),
        };
    }
}

/// Polls an invocation on this thread; returns also the response that it began in that very poll.
///
/// A panic of the host's own ends the invocation that it happened in, and no other: the connection
/// may have more of them.
pub(super) fn poll_once(
    invocation: &mut InvocationFuture,
    cx: &mut Context<'_>,
) -> (Poll<Result<Outcome, Failure>>, Option<Box<StartedResponse>>) {
    // That of an earlier poll.
    cpu_time::take_long();
    started::watch(|| {
        let InvocationFuture { function, future } = invocation;
        let poll = || {
            let _scope = PollScope::enter(*function);
            future.as_mut().poll(cx)
        };
        catch_unwind(AssertUnwindSafe(|| watchdog::watched(poll)))
            .unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
    })
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let what = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    let what = what.unwrap_or_else(|| "without a message".into());
    Failure::Host(wasmtime::format_err!("panicked: {what}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::invocation::cpu_time::CpuTimed;

    /// A panic is a failure of that invocation, and its message is for the log.
    #[tokio::test]
    async fn panics_are_contained() {
        let mut running = InvocationTask::new(Owner::new(), async { panic!("on {}", "purpose") });
        let ended = std::future::poll_fn(|cx| running.poll(cx).0).await;
        let Err(Failure::Host(cause)) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(cause.to_string(), "panicked: on purpose");
    }

    /// Computes for a while, and lets others run, as a function does whose epoch has passed.
    async fn slice() {
        let started = cpu_time::used();
        while cpu_time::used() < started + cpu_time::SLICE {}
        tokio::task::yield_now().await;
    }

    async fn ended(mut running: InvocationTask) -> Result<Outcome, Failure> {
        std::future::poll_fn(|cx| running.poll(cx).0).await
    }

    /// An invocation that computes leaves the thread of its connection, where timers and tasks are those
    /// of the runtime as before.
    #[tokio::test]
    async fn long_invocations_go_to_the_background() {
        let invocation = CpuTimed::new(Box::pin(async {
            assert!(!background::is_here());
            while !background::is_here() {
                slice().await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(background::is_here());
            tokio::spawn(async {}).await.unwrap();
            assert!(background::is_here());
            Ok(Outcome::Streamed)
        }));
        assert!(
            ended(InvocationTask::new(Owner::new(), invocation))
                .await
                .is_ok()
        );
    }

    /// One that only waits stays.
    #[tokio::test]
    async fn short_invocations_stay() {
        let invocation = CpuTimed::new(Box::pin(async {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(1)).await;
                std::thread::sleep(Duration::from_millis(1));
                assert!(!background::is_here());
            }
            Ok(Outcome::Streamed)
        }));
        assert!(
            ended(InvocationTask::new(Owner::new(), invocation))
                .await
                .is_ok()
        );
    }

    /// A panic in the background is a failure of that invocation too, and its thread goes on.
    #[tokio::test]
    async fn panics_in_the_background_are_contained() {
        for _ in 0..8 {
            let invocation = CpuTimed::new(Box::pin(async {
                while !background::is_here() {
                    slice().await;
                }
                panic!("on purpose")
            }));
            let failed = ended(InvocationTask::new(Owner::new(), invocation)).await;
            let Err(Failure::Host(cause)) = failed else {
                panic!("{failed:?}");
            };
            assert_eq!(cause.to_string(), "panicked: on purpose");
        }
    }

    /// Whoever drops an invocation in the background ends it, whether it computes or waits.
    #[tokio::test]
    async fn dropped_invocations_end_in_the_background() {
        for computes in [true, false] {
            let (there, is_there) = tokio::sync::oneshot::channel();
            let (alive, mut gone) = tokio::sync::mpsc::channel::<()>(1);
            let invocation = CpuTimed::new(Box::pin(async move {
                let _alive = alive;
                while !background::is_here() {
                    slice().await;
                }
                let _ = there.send(());
                if computes {
                    loop {
                        slice().await;
                    }
                }
                std::future::pending().await
            }));
            let mut running = Box::pin(ended(InvocationTask::new(Owner::new(), invocation)));
            tokio::select! {
                _ = &mut running => panic!("it never ends"),
                there = is_there => there.unwrap(),
            }
            drop(running);
            assert!(gone.recv().await.is_none());
        }
    }
}
