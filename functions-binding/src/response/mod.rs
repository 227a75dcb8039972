use functions_bytes::{Data, outgoing};

use crate::collect::Collect;
use crate::status::What;
use crate::{BindingError, Headers, StatusError};

/// As much as is kept of the body of a failure, in bytes.
const FAILURE_LIMIT: u64 = 2 * 1024 * 1024;

/// A function's response. Its body may still be arriving.
///
/// ```
/// use functions_binding::Response;
///
/// # let response = Response::new(200).header("content-type", "text/plain").with_body("pong");
/// let response = response.error_for_status()?;
/// assert_eq!(response.headers.get("content-type"), Some("text/plain"));
/// assert_eq!(response.text()?, "pong");
/// # Ok::<(), functions_binding::BindingError>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping a response tells the host that its body is not wanted"]
#[non_exhaustive]
pub struct Response {
    /// The status, from 200 on.
    pub status: u16,
    /// The headers, in order, without those of the connection.
    pub headers: Headers,
    /// The body. Passed on as it is, it does not enter the function.
    pub body: Data,
}

outgoing::response_methods!(BindingError, "functions_binding::Response");

impl Response {
    /// Turns a status of 400 and above into an error.
    ///
    /// # Errors
    ///
    /// [`BindingError::Status`], with the response's body, for which it waits. A web function
    /// answers 502.
    pub fn error_for_status(self) -> Result<Self, BindingError> {
        if self.status < 400 {
            return Ok(self);
        }
        let whole = self.beginning(FAILURE_LIMIT).wait()?;
        Err(StatusError::new(What::Invocation, whole).into())
    }

    /// As [`error_for_status`](Self::error_for_status), but lets other futures run while it waits.
    ///
    /// # Errors
    ///
    /// As [`error_for_status`](Self::error_for_status).
    pub async fn error_for_status_async(self) -> Result<Self, BindingError> {
        if self.status < 400 {
            return Ok(self);
        }
        let whole = self.beginning(FAILURE_LIMIT).await?;
        Err(StatusError::new(What::Invocation, whole).into())
    }

    /// All of the body, which is an error where it is longer than `limit`.
    pub(crate) fn whole(self, limit: Option<u64>) -> Collect {
        let body = outgoing::Collect::whole(self.body, limit);
        Collect::new(self.status, self.headers, body)
    }

    /// As much of the body as there is, up to `limit`.
    pub(crate) fn beginning(self, limit: u64) -> Collect {
        let body = outgoing::Collect::beginning(self.body, limit);
        Collect::new(self.status, self.headers, body)
    }
}

#[cfg(test)]
mod tests;
