#[cfg(not(target_family = "wasm"))]
use functions_bytes::__private::set_upstream;
#[cfg(feature = "json")]
use functions_bytes::encoding::Json;
use functions_bytes::encoding::{Decode, DecodeError};
use functions_bytes::outgoing::Collect;
use functions_bytes::{Data, ReadError};

use crate::collect;
use crate::status::What;
use crate::{BindingError, Headers, StatusError};

/// As much as is kept of the body of a failure, in bytes.
const FAILURE_LIMIT: u64 = 2 * 1024 * 1024;

/// What a function answered. Its body may still be arriving.
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
    /// The headers, in order, less those that concern one connection only.
    pub headers: Headers,
    /// The body. Passed on as it is, it does not enter the function.
    pub body: Data,
}

impl Response {
    /// A response without headers and body: for tests.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Headers::default(),
            body: Data::default(),
        }
    }

    /// Adds a header; those of the same name stay.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Sets the body.
    pub fn with_body(mut self, body: impl Into<Data>) -> Self {
        self.body = body.into();
        self
    }

    /// Whether the status is one of success: 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Itself, unless its status is a failure: 400 and above.
    ///
    /// # Errors
    ///
    /// [`BindingError::Status`], with the response's body, for which it waits. A web function
    /// answers 502.
    pub fn error_for_status(self) -> Result<Self, BindingError> {
        if self.status < 400 {
            return Ok(self);
        }
        let whole = collect::Collect::beginning(self, FAILURE_LIMIT).wait()?;
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
        let whole = collect::Collect::beginning(self, FAILURE_LIMIT).await?;
        Err(StatusError::new(What::Invocation, whole).into())
    }

    /// Brings the body into the function, waiting for the last byte.
    ///
    /// # Errors
    ///
    /// [`BindingError::Body`] when it did not arrive whole, for which a web function answers 502.
    pub fn into_bytes(self) -> Result<Vec<u8>, BindingError> {
        let bytes = Collect::whole(self.body, None).wait();
        bytes.map_err(BindingError::Body)
    }

    /// As [`into_bytes`](Self::into_bytes), but lets other futures run while it waits: several
    /// bodies that are awaited together arrive at once.
    ///
    /// # Errors
    ///
    /// As [`into_bytes`](Self::into_bytes).
    pub async fn into_bytes_async(self) -> Result<Vec<u8>, BindingError> {
        let bytes = Collect::whole(self.body, None).await;
        bytes.map_err(BindingError::Body)
    }

    /// The body as text, which is UTF-8.
    ///
    /// # Errors
    ///
    /// When it did not arrive whole, or is something else.
    pub fn text(self) -> Result<String, BindingError> {
        self.decode(None)
    }

    /// As [`text`](Self::text), but lets other futures run while it waits.
    ///
    /// ```
    /// use functions_binding::Call;
    /// use functions_guest_web::{WebResult, invoke, task};
    ///
    /// invoke!(both);
    /// async fn both() -> WebResult<String> {
    ///     let calls = ["one", "two"].map(|function| Call::get(function, "/"));
    ///     let texts = calls.map(async |call| call.send().await?.text_async().await);
    ///     let mut both = String::new();
    ///     for text in task::join_all(texts).await {
    ///         both += &text?;
    ///     }
    ///     Ok(both)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`text`](Self::text).
    pub async fn text_async(self) -> Result<String, BindingError> {
        self.decode_async(None).await
    }

    /// The body as JSON, of at most 2 MiB.
    ///
    /// ```
    /// use functions_binding::Response;
    ///
    /// let numbers: Vec<u8> = Response::new(200).with_body("[1, 2]").json()?;
    /// assert_eq!(numbers, [1, 2]);
    /// let error = Response::new(200).with_body("<html>").json::<Vec<u8>>().unwrap_err();
    /// assert!(error.is_decode());
    /// # Ok::<(), functions_binding::BindingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it did not arrive whole, is longer, is no JSON, or JSON of another shape than `T`'s.
    #[cfg(feature = "json")]
    #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
    pub fn json<T: serde::de::DeserializeOwned>(self) -> Result<T, BindingError> {
        let decoded = self.decode(Some(Json::<T>::LIMIT));
        decoded.map(|Json(value)| value)
    }

    /// As [`json`](Self::json), but lets other futures run while it waits.
    ///
    /// # Errors
    ///
    /// As [`json`](Self::json).
    #[cfg(feature = "json")]
    #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
    pub async fn json_async<T: serde::de::DeserializeOwned>(self) -> Result<T, BindingError> {
        let decoded = self.decode_async(Some(Json::<T>::LIMIT)).await;
        decoded.map(|Json(value)| value)
    }

    /// As it comes from whoever was asked.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn of_upstream(mut self) -> Self {
        self.body = set_upstream(self.body, true);
        self
    }

    fn decode<T: Decoded>(self, limit: Option<u64>) -> Result<T, BindingError> {
        decoded(Collect::whole(self.body, limit).wait())
    }

    async fn decode_async<T: Decoded>(self, limit: Option<u64>) -> Result<T, BindingError> {
        decoded(Collect::whole(self.body, limit).await)
    }
}

/// What a body is decoded into.
trait Decoded: Decode<Error = DecodeError> {}

impl<T: Decode<Error = DecodeError>> Decoded for T {}

fn decoded<T: Decoded>(bytes: Result<Vec<u8>, ReadError>) -> Result<T, BindingError> {
    T::decode(bytes.map_err(BindingError::Body)?.into()).map_err(BindingError::Decode)
}

#[cfg(test)]
mod tests;
