use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::invoke::Ended;
use super::{Failure, places};

/// An invocation that is under way. In a box of its own, so that the body of the response can take
/// it along; whoever drops it ends the function.
pub(super) struct Running(Pin<Box<dyn Future<Output = Result<Ended, Failure>> + Send>>);

impl Running {
    pub(super) fn new(
        invocation: impl Future<Output = Result<Ended, Failure>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(invocation))
    }

    /// A panic of the host's own ends the invocation that it happened in, and no other: the connection
    /// may have more of them.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Ended, Failure>> {
        let poll = AssertUnwindSafe(|| places::in_one_poll(|| self.0.as_mut().poll(cx)));
        catch_unwind(poll).unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
    }
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
    use super::*;

    /// A panic is a failure of that invocation, and its message is for the log.
    #[tokio::test]
    async fn panics_are_contained() {
        let mut running = Running::new(async { panic!("on {}", "purpose") });
        let ended = std::future::poll_fn(|cx| running.poll(cx)).await;
        let Err(Failure::Host(cause)) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(cause.to_string(), "panicked: on purpose");
    }
}
