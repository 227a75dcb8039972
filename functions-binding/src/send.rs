use functions_bytes::outgoing;

use crate::{BindingError, Call, Response, host};

/// Makes a call, and waits for the head of the response: [`Call::wait`] as a function.
///
/// # Errors
///
/// When no response comes. A response of any status is a success.
pub fn invoke(call: Call) -> Result<Response, BindingError> {
    host::invoke(call.checked()?)
}

impl Call {
    /// Makes the call, and waits for the head of the response.
    ///
    /// One call into the host. [`send`](Call::send) lets other work go on meanwhile.
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
    /// When no response comes. A response of any status is a success.
    pub fn wait(self) -> Result<Response, BindingError> {
        invoke(self)
    }

    /// Makes the call now, and returns a future of the response. Several calls are in flight at once.
    /// Dropping the future ends the called function.
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
        ResponseFuture::new(self.checked())
    }
}

outgoing::response_future! {
    /// A response in flight, from [`Call::send`].
    #[must_use = "dropping it ends the function that was called"]
    Call => Result<Response, BindingError>
}
