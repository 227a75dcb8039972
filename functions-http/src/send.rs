use functions_bytes::outgoing;

use crate::{Error, Request, Response, host};

/// Sends a request, and waits for the head of the response: [`Request::wait`] as a function.
///
/// ```no_run
/// use functions_http::{Request, invoke};
///
/// let response = invoke(Request::get("https://example.com/"))?;
/// assert_eq!(response.status, 200);
/// # Ok::<(), functions_http::Error>(())
/// ```
///
/// # Errors
///
/// When no response comes. A response of any status is a success.
pub fn invoke(request: Request) -> Result<Response, Error> {
    host::invoke(request.checked()?)
}

impl Request {
    /// Sends the request, and waits for the head of the response.
    ///
    /// One call into the host. [`send`](Request::send) lets other work go on meanwhile.
    ///
    /// ```
    /// use functions_http::{Request, Response};
    /// # let _server = functions_http::testing::respond_with(|_| Ok(Response::new(200).with_body("pong")));
    ///
    /// let response = Request::get("https://example.com/ping").wait()?;
    /// assert_eq!(response.text()?, "pong");
    /// # Ok::<(), functions_http::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When no response comes. A response of any status is a success.
    pub fn wait(self) -> Result<Response, Error> {
        invoke(self)
    }

    /// Sends the request now, and returns a future of the response. Several requests are in flight at
    /// once. Dropping the future cancels the request.
    ///
    /// ```
    /// use functions_guest_web::{WebResult, invoke, task};
    /// use functions_http::Request;
    ///
    /// invoke!(both);
    /// async fn both() -> WebResult<String> {
    ///     let urls = ["https://one.example/", "https://two.example/"];
    ///     let responses = task::join_all(urls.map(|url| Request::get(url).send())).await;
    ///     let mut statuses = String::new();
    ///     for response in responses {
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
    /// A response in flight, from [`Request::send`].
    #[must_use = "dropping it cancels the request"]
    Request => Result<Response, Error>
}
