use functions_bytes::outgoing;

use crate::host::Way;
use crate::{Error, Request, Response, host};

/// Sends a request, and waits for the head of its response.
///
/// One call of the host's. To do something else meanwhile, [`Request::send`] it.
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
/// When there is no response; any response is one, whatever its status.
pub fn invoke(request: Request) -> Result<Response, Error> {
    host::invoke(request.checked()?)
}

impl Request {
    /// Sends it now; the response is there to be awaited. Several that were sent are under way at
    /// once, and dropping the future cancels the request.
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
        ResponseFuture {
            way: self
                .checked()
                .map_or_else(|error| Way::over(Err(error)), host::send),
        }
    }
}

outgoing::response_future! {
    /// A response in flight; see [`Request::send`].
    #[must_use = "dropping it cancels the request"]
    Way => Result<Response, Error>
}
