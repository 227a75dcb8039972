use functions_bytes::__private::set_upstream;
use functions_bytes::Data;

use crate::collect::Collect;
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
        self.headers.push(name, value);
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
        let whole = Collect::beginning(self, FAILURE_LIMIT).wait()?;
        Err(StatusError::new(What::Invocation, whole).into())
    }

    /// Brings the body into the function, waiting for the last byte.
    ///
    /// # Errors
    ///
    /// [`BindingError::Body`] when it did not arrive whole, for which a web function answers 502.
    pub fn into_bytes(self) -> Result<Vec<u8>, BindingError> {
        self.plain_body().into_bytes().map_err(BindingError::Body)
    }

    /// The body as text, which is UTF-8.
    ///
    /// # Errors
    ///
    /// When it did not arrive whole, or is something else.
    pub fn text(self) -> Result<String, BindingError> {
        self.decode()
    }

    /// The body as JSON, of at most 2 MiB.
    ///
    /// ```
    /// use functions_binding::Response;
    ///
    /// let numbers: Vec<u8> = Response::new(200).with_body("[1, 2]").json()?;
    /// assert_eq!(numbers, [1, 2]);
    /// let error = Response::new(200).with_body("<html>").json::<Vec<u8>>().unwrap_err();
    /// assert!(error.to_string().contains("line 1 column 1"));
    /// # Ok::<(), functions_binding::BindingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it did not arrive whole, is longer, is no JSON, or JSON of another shape than `T`'s.
    #[cfg(feature = "json")]
    #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
    pub fn json<T: serde::de::DeserializeOwned>(self) -> Result<T, BindingError> {
        self.decode()
            .map(|functions_bytes::encoding::Json(value)| value)
    }

    /// The body for errors that go into one of ours, which says whose it is.
    fn plain_body(self) -> Data {
        set_upstream(self.body, false)
    }

    /// As it comes from whoever was asked.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn of_upstream(mut self) -> Self {
        self.body = set_upstream(self.body, true);
        self
    }

    fn decode<T>(self) -> Result<T, BindingError>
    where
        T: functions_bytes::encoding::Extract<Error = functions_bytes::encoding::DecodeError>,
    {
        T::extract(self.plain_body()).map_err(|error| match error.read_error() {
            Some(read) => BindingError::Body(read.clone()),
            None => BindingError::Decode(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll};

    use functions_bytes::__private::{Arrival, from_arrival};
    use functions_bytes::ReadError;

    use super::*;

    /// A body that breaks off at once.
    struct Broken;

    impl Arrival for Broken {
        fn length(&self) -> Option<u64> {
            None
        }

        fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, ReadError>> {
            Poll::Ready(Err(ReadError::Closed))
        }
    }

    /// A body that breaks off says whose it is, however it is read; ours are errors of their own.
    #[test]
    fn broken_bodies_are_the_upstreams() {
        let _stand_in =
            crate::testing::respond_with(
                |_| Ok(Response::new(200).with_body(from_arrival(Broken))),
            );
        let response = || crate::Call::get("a", "/").wait().unwrap();
        let closed = ReadError::Upstream(Box::new(ReadError::Closed));
        let body = || response().body;
        assert_eq!(body().into_bytes().unwrap_err(), closed);
        assert_eq!(body().into_bytes_up_to(1).unwrap_err(), closed);
        assert_eq!(body().into_reader().chunk(1).unwrap_err(), closed);
        let mut reader = body().into_reader();
        let chunk = functions_bytes::task::block_on(reader.chunk_async(1));
        assert_eq!(chunk.unwrap_err(), closed);
        for error in [
            response().into_bytes().unwrap_err(),
            response().text().unwrap_err(),
        ] {
            assert!(
                matches!(error, BindingError::Body(ReadError::Closed)),
                "{error:?}"
            );
        }
    }

    /// Only 400 and above is a failure; a redirect is none.
    #[test]
    fn failures_by_status() {
        for (status, fails, success) in [
            (200, false, true),
            (299, false, true),
            (302, false, false),
            (399, false, false),
            (400, true, false),
            (599, true, false),
        ] {
            assert_eq!(Response::new(status).is_success(), success, "{status}");
            assert_eq!(Response::new(status).error_for_status().is_err(), fails);
        }
    }

    /// A body is read as what it is, or is an error that says what is wrong.
    #[test]
    fn bodies() {
        let response = |body: &[u8]| Response::new(200).with_body(body);
        assert_eq!(response(b"abc").text().unwrap(), "abc");
        assert_eq!(response(b"abc").into_bytes().unwrap(), b"abc");
        assert!(matches!(
            response(b"\xff").text(),
            Err(BindingError::Decode(_))
        ));
    }
}
