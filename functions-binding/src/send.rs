use functions_bytes::outgoing;

use crate::host::Way;
use crate::{BindingError, Call, Response, host};

/// Makes a call, and waits for the head of its response: [`Call::wait`] as a function.
///
/// # Errors
///
/// When there is no response; any response is one, whatever its status.
pub fn invoke(call: Call) -> Result<Response, BindingError> {
    host::invoke(call.checked()?)
}

impl Call {
    /// Makes it, and waits for the head of its response.
    ///
    /// One call of the host's. To do something else meanwhile, [`send`](Call::send) it.
    ///
    /// ```
    /// use functions_binding::Call;
    /// # let _functions = functions_binding::testing::respond_with(|_| {
    /// #     Ok(functions_binding::Response::new(200).with_body("pong"))
    /// # });
    ///
    /// let response = Call::get("ping", "/").wait()?;
    /// assert_eq!(response.text()?, "pong");
    /// # Ok::<(), functions_binding::BindingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no response; any response is one, whatever its status.
    pub fn wait(self) -> Result<Response, BindingError> {
        invoke(self)
    }

    /// Makes it now; the response is there to be awaited. Several that were sent are under way at
    /// once, and dropping the future ends the function that was called.
    ///
    /// ```
    /// use functions_binding::Call;
    /// use functions_guest_web::{WebResult, invoke, task};
    ///
    /// invoke!(both);
    /// async fn both() -> WebResult<String> {
    ///     let calls = ["one", "two"].map(|function| Call::get(function, "/").send());
    ///     let mut statuses = String::new();
    ///     for response in task::join_all(calls).await {
    ///         statuses += &format!("{}\n", response?.status);
    ///     }
    ///     Ok(statuses)
    /// }
    /// ```
    pub fn send(self) -> ResponseFuture {
        ResponseFuture {
            way: self
                .checked()
                .map_or_else(|error| Way::over(Err(error)), host::send),
        }
    }
}

outgoing::response_future! {
    /// A response in flight; see [`Call::send`].
    #[must_use = "dropping it ends the function that was called"]
    Way => Result<Response, BindingError>
}
