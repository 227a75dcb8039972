use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use functions_bytes::outgoing::InFlight;
use functions_bytes::task;

use crate::collect::Collect;
use crate::types::CollectedResponse;
use crate::{BindingError, Call, Response, host};

/// A call of a [`FunctionBinding`](crate::FunctionBinding). Nothing happens until the future is awaited, or
/// [`wait`](InvokeFuture::wait) waits for it.
///
/// Calls that are awaited together are in flight at once. Dropping the future ends the called function.
///
/// ```
/// use functions_binding::{FunctionBinding, InvokeOptions};
/// use functions_guest_web::{WebResult, invoke, task};
///
/// invoke!(total);
/// async fn total() -> WebResult<String> {
///     let func = FunctionBinding::new("prices");
///     let prices = ["/tea", "/milk"]
///         .map(|path| func.get::<f64>("prices", path, InvokeOptions::default()));
///     let mut total = 0.0;
///     for price in task::join_all(prices).await {
///         total += price?;
///     }
///     Ok(total.to_string())
/// }
/// # let _functions = functions_binding::testing::respond_with(|_| {
/// #     Ok(functions_binding::Response::new(200).with_body("1.25"))
/// # });
/// # let response = functions_guest_web::testing::TestRequest::get("/").call(total);
/// # assert_eq!(response.text(), "2.5");
/// ```
#[must_use = "a call does nothing until the future is awaited"]
pub struct InvokeFuture<T> {
    stage: Stage,
    /// The longest body; a longer one of an error is cut.
    limit: Option<u64>,
    finish: fn(CollectedResponse) -> Result<T, BindingError>,
}

enum Stage {
    Unsent(Call),
    Sent(InFlight<host::Sent>),
    Reading(Collect),
    Over,
}

impl<T> InvokeFuture<T> {
    pub(crate) fn new(
        call: Call,
        limit: Option<u64>,
        finish: fn(CollectedResponse) -> Result<T, BindingError>,
    ) -> Self {
        Self {
            stage: Stage::Unsent(call),
            limit,
            finish,
        }
    }

    /// Makes the call, and waits for the whole response, in handlers that are not `async`.
    ///
    /// One call into the host for the head, and one for the body. In an `async fn`, nothing else
    /// happens meanwhile.
    ///
    /// ```
    /// use functions_binding::{FunctionBinding, InvokeOptions};
    /// # let _functions = functions_binding::testing::respond_with(|_| {
    /// #     Ok(functions_binding::Response::new(200).with_body("1.25"))
    /// # });
    ///
    /// let func = FunctionBinding::new("prices");
    /// let price: f64 = func.get("prices", "/tea", InvokeOptions::default()).wait()?;
    /// assert_eq!(price, 1.25);
    /// # Ok::<(), functions_binding::BindingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As those of the method that returned this future.
    pub fn wait(self) -> Result<T, BindingError> {
        let call = match self.stage {
            Stage::Unsent(call) => call,
            _ => return task::block_on(self),
        };
        let response = host::invoke(call.checked()?)?;
        (self.finish)(collect(response, self.limit).wait()?)
    }
}

/// The body is read whole, or as far as is of use.
fn collect(response: Response, limit: Option<u64>) -> Collect {
    match limit {
        Some(limit) if response.status >= 400 => response.beginning(limit),
        limit => response.whole(limit),
    }
}

impl<T> Future for InvokeFuture<T> {
    type Output = Result<T, BindingError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            self.stage = match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Unsent(call) => Stage::Sent(host::send(call.checked()?)),
                Stage::Sent(mut in_flight) => match in_flight.poll(cx) {
                    Poll::Ready(response) => Stage::Reading(collect(response?, self.limit)),
                    Poll::Pending => {
                        self.stage = Stage::Sent(in_flight);
                        return Poll::Pending;
                    }
                },
                Stage::Reading(mut collect) => {
                    let whole = match Pin::new(&mut collect).poll(cx) {
                        Poll::Ready(whole) => whole,
                        Poll::Pending => {
                            self.stage = Stage::Reading(collect);
                            return Poll::Pending;
                        }
                    };
                    return Poll::Ready((self.finish)(whole?));
                }
                // There is nothing more to come.
                Stage::Over => return Poll::Pending,
            };
        }
    }
}

impl<T> fmt::Debug for InvokeFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvokeFuture").finish_non_exhaustive()
    }
}
