use std::future::Future;
use std::task::{Context, Poll};

use super::Failure;
use super::background::{self, Background};
use super::invocation_future::{InvocationFuture, poll_once};
use super::reply::Outcome;
use crate::invocation::started::StartedResponse;
use crate::pool::Owner;

/// An invocation in flight.
///
/// The body of the response, or a background thread, can take it over. Dropping it ends the
/// function.
pub(super) enum InvocationTask {
    /// Runs in the task of its connection.
    Foreground(InvocationFuture),
    /// Used up its first slice, and runs on a background thread.
    Background(Background),
    /// Taken out, or left over because moving it to the background panicked.
    Taken,
}

impl InvocationTask {
    pub(super) fn new(
        function: Owner,
        invocation: impl Future<Output = Result<Outcome, Failure>> + Send + 'static,
    ) -> Self {
        Self::Foreground(InvocationFuture {
            function,
            future: Box::pin(invocation),
        })
    }

    /// Polls the invocation. Also returns the response that it started since the last poll.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> (Poll<Result<Outcome, Failure>>, Option<Box<StartedResponse>>) {
        let invocation = match self {
            Self::Foreground(invocation) => invocation,
            Self::Background(background) => return background.poll(cx),
            Self::Taken => return (Poll::Pending, None),
        };
        let (polled, left) = poll_once(invocation, cx);
        if polled.is_pending() && left.is_long {
            self.go_to_background();
            // Polls again, to register for its progress.
            cx.waker().wake_by_ref();
        }
        (polled, left.started)
    }

    /// Whether the invocation runs on another thread at this moment, as far as is known, and its task is woken
    /// when it yields.
    pub(super) fn is_running_elsewhere(&self) -> bool {
        match self {
            Self::Background(background) => !background.has_yielded(),
            Self::Foreground(_) | Self::Taken => false,
        }
    }

    /// Call this before taking what the invocation wrote.
    pub(super) fn clear_yielded(&self) {
        if let Self::Background(background) = self {
            background.clear_yielded();
        }
    }

    /// Takes the invocation out, for the body that continues it.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Taken)
    }

    /// Continues on a background thread, if it is not there already.
    pub(super) fn go_to_background(&mut self) {
        let Self::Foreground(invocation) = self.take() else {
            return;
        };
        *self = match background::start(invocation) {
            Ok(background) => Self::Background(background),
            Err(invocation) => Self::Foreground(invocation),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::invocation::cpu_bound::CpuBound;
    use crate::invocation::cpu_time::{self, CpuTimed};
    use crate::invocation::thread_cpu_time;

    /// As an invocation of a function of its own.
    async fn timed<F: Future + Unpin>(invocation: F) -> F::Output {
        CpuTimed::new(invocation, &CpuBound::default()).await
    }

    /// A panic fails its invocation, with the panic's message for the log.
    #[tokio::test]
    async fn panic_fails_its_invocation() {
        let mut task = InvocationTask::new(Owner::new(), async { panic!("on {}", "purpose") });
        let ended = std::future::poll_fn(|cx| task.poll(cx).0).await;
        let Err(Failure::Host(cause)) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(cause.to_string(), "panicked: on purpose");
    }

    /// Computes for a slice and yields, as a function does at the end of an epoch.
    async fn slice() {
        let started = cpu_time::used();
        while cpu_time::used() < started + cpu_time::SLICE {}
        tokio::task::yield_now().await;
    }

    async fn ended(mut task: InvocationTask) -> Result<Outcome, Failure> {
        std::future::poll_fn(|cx| task.poll(cx).0).await
    }

    /// A computing invocation leaves its connection's thread. Its timers and tasks still belong to
    /// the runtime.
    #[tokio::test]
    async fn computing_invocation_moves_to_the_background() {
        let invocation = timed(Box::pin(async {
            assert!(!background::is_background_thread());
            while !background::is_background_thread() {
                slice().await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(background::is_background_thread());
            tokio::spawn(async {}).await.unwrap();
            assert!(background::is_background_thread());
            Ok(Outcome::Streamed)
        }));
        assert!(
            ended(InvocationTask::new(Owner::new(), invocation))
                .await
                .is_ok()
        );
    }

    /// A waiting invocation stays in its connection's task.
    #[tokio::test]
    async fn waiting_invocation_stays_in_the_foreground() {
        let invocation = timed(Box::pin(async {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(1)).await;
                std::thread::sleep(Duration::from_millis(1));
                assert!(!background::is_background_thread());
            }
            Ok(Outcome::Streamed)
        }));
        assert!(
            ended(InvocationTask::new(Owner::new(), invocation))
                .await
                .is_ok()
        );
    }

    /// A panic in the background fails its invocation too, and the thread continues.
    #[tokio::test]
    async fn background_panic_fails_its_invocation() {
        for _ in 0..8 {
            let invocation = timed(Box::pin(async {
                while !background::is_background_thread() {
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

    /// Dropping an invocation in the background ends it, whether it computes or waits.
    #[tokio::test]
    async fn dropped_background_invocation_ends() {
        for computes in [true, false] {
            let (entered, in_background) = tokio::sync::oneshot::channel();
            let (alive, mut gone) = tokio::sync::mpsc::channel::<()>(1);
            let invocation = timed(Box::pin(async move {
                let _alive = alive;
                while !background::is_background_thread() {
                    slice().await;
                }
                let _ = entered.send(());
                if computes {
                    loop {
                        slice().await;
                    }
                }
                std::future::pending().await
            }));
            let mut task = Box::pin(ended(InvocationTask::new(Owner::new(), invocation)));
            tokio::select! {
                _ = &mut task => panic!("the invocation ended"),
                entered = in_background => entered.unwrap(),
            }
            drop(task);
            assert!(gone.recv().await.is_none());
        }
    }

    /// A function whose invocations compute is measured, and its next ones start in the background.
    #[tokio::test]
    async fn invocations_of_cpu_bound_functions_start_in_the_background() {
        let computing = Arc::new(CpuBound::default());
        // On a busy machine, much time may pass between two of them.
        for count in 0..100 {
            let function = Arc::clone(&computing);
            let is_bound = function.is_now();
            let mut task = InvocationTask::new(Owner::new(), async move {
                let invocation = async {
                    assert_eq!(background::is_background_thread(), is_bound);
                    // Elapsed time would pass on a busy machine without any computing.
                    let start = thread_cpu_time();
                    while thread_cpu_time() - start < cpu_time::SLICE * 2 {}
                    Ok(Outcome::Streamed)
                };
                CpuTimed::new(Box::pin(invocation), &function).await
            });
            if is_bound {
                task.go_to_background();
            }
            assert!(ended(task).await.is_ok());
            if is_bound {
                assert!(count >= 2, "neither suspected nor measured before");
                return;
            }
        }
        panic!("no invocation started in the background");
    }
}
