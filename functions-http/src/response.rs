#[cfg(not(target_family = "wasm"))]
use functions_bytes::__private::set_upstream;
#[cfg(feature = "json")]
use functions_bytes::encoding::Json;
use functions_bytes::encoding::{Decode, DecodeError};
use functions_bytes::outgoing::Collect;
use functions_bytes::{Data, ReadError};

use crate::{Error, Headers};

/// Another server's response. Its body may still be arriving.
///
/// ```
/// use functions_http::Response;
///
/// # let response = Response::new(200).header("content-type", "text/plain").with_body("pong");
/// let response = response.error_for_status()?;
/// assert_eq!(response.headers.get("content-type"), Some("text/plain"));
/// assert_eq!(response.text()?, "pong");
/// # Ok::<(), functions_http::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping a response tells the host that its body is not wanted"]
#[non_exhaustive]
pub struct Response {
    /// The status, from 200 on.
    pub status: u16,
    /// The headers, less those that concern one connection only.
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
    /// [`Error::Status`], for which a web function answers 502.
    pub fn error_for_status(self) -> Result<Self, Error> {
        if self.status >= 400 {
            return Err(Error::Status(self.status));
        }
        Ok(self)
    }

    /// Brings the body into the function, waiting for the last byte.
    ///
    /// # Errors
    ///
    /// [`Error::Body`] when it did not arrive whole, for which a web function answers 502.
    pub fn into_bytes(self) -> Result<Vec<u8>, Error> {
        let bytes = Collect::whole(self.body, None).wait();
        bytes.map_err(Error::Body)
    }

    /// As [`into_bytes`](Self::into_bytes), but lets other futures run while it waits: several
    /// bodies that are awaited together arrive at once.
    ///
    /// # Errors
    ///
    /// As [`into_bytes`](Self::into_bytes).
    pub async fn into_bytes_async(self) -> Result<Vec<u8>, Error> {
        let bytes = Collect::whole(self.body, None).await;
        bytes.map_err(Error::Body)
    }

    /// The body as text, which is UTF-8.
    ///
    /// # Errors
    ///
    /// When it did not arrive whole, or is something else.
    pub fn text(self) -> Result<String, Error> {
        self.decode(None)
    }

    /// As [`text`](Self::text), but lets other futures run while it waits.
    ///
    /// ```
    /// use functions_guest_web::{WebResult, invoke, task};
    /// use functions_http::Request;
    ///
    /// invoke!(both);
    /// async fn both() -> WebResult<String> {
    ///     let urls = ["https://one.example/", "https://two.example/"];
    ///     let texts = urls.map(async |url| Request::get(url).send().await?.text_async().await);
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
    pub async fn text_async(self) -> Result<String, Error> {
        self.decode_async(None).await
    }

    /// The body as JSON, of at most 2 MiB.
    ///
    /// ```
    /// use functions_http::Response;
    ///
    /// let numbers: Vec<u8> = Response::new(200).with_body("[1, 2]").json()?;
    /// assert_eq!(numbers, [1, 2]);
    /// let error = Response::new(200).with_body("<html>").json::<Vec<u8>>().unwrap_err();
    /// assert!(error.is_decode());
    /// # Ok::<(), functions_http::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it did not arrive whole, is longer, is no JSON, or JSON of another shape than `T`'s.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(self) -> Result<T, Error> {
        let decoded = self.decode(Some(Json::<T>::LIMIT));
        decoded.map(|Json(value)| value)
    }

    /// As [`json`](Self::json), but lets other futures run while it waits.
    ///
    /// # Errors
    ///
    /// As [`json`](Self::json).
    #[cfg(feature = "json")]
    pub async fn json_async<T: serde::de::DeserializeOwned>(self) -> Result<T, Error> {
        let decoded = self.decode_async(Some(Json::<T>::LIMIT)).await;
        decoded.map(|Json(value)| value)
    }

    /// As it comes from whoever was asked.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn of_upstream(mut self) -> Self {
        self.body = set_upstream(self.body, true);
        self
    }

    fn decode<T: Decoded>(self, limit: Option<u64>) -> Result<T, Error> {
        decoded(Collect::whole(self.body, limit).wait())
    }

    async fn decode_async<T: Decoded>(self, limit: Option<u64>) -> Result<T, Error> {
        decoded(Collect::whole(self.body, limit).await)
    }
}

/// What a body is decoded into.
trait Decoded: Decode<Error = DecodeError> {}

impl<T: Decode<Error = DecodeError>> Decoded for T {}

fn decoded<T: Decoded>(bytes: Result<Vec<u8>, ReadError>) -> Result<T, Error> {
    T::decode(bytes.map_err(Error::Body)?.into()).map_err(Error::Decode)
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll};

    use functions_bytes::__private::{Arrival, from_arrival};
    use functions_bytes::task::block_on;

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
        let response = || crate::invoke(crate::Request::get("http://a")).unwrap();
        let closed = ReadError::Upstream(Box::new(ReadError::Closed));
        let body = || response().body;
        assert_eq!(body().into_bytes().unwrap_err(), closed);
        assert_eq!(body().into_bytes_up_to(1).unwrap_err(), closed);
        assert_eq!(body().into_reader().chunk(1).unwrap_err(), closed);
        let mut reader = body().into_reader();
        let chunk = block_on(reader.chunk_async(1));
        assert_eq!(chunk.unwrap_err(), closed);
        for error in [
            response().into_bytes().unwrap_err(),
            response().text().unwrap_err(),
            block_on(response().into_bytes_async()).unwrap_err(),
            block_on(response().text_async()).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Body(ReadError::Closed)), "{error:?}");
        }
    }

    /// Only 400 and above is a failure; a redirect that nobody followed is none.
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
        let unreadable = || response(b"\xff");
        for read in [unreadable().text(), block_on(unreadable().text_async())] {
            assert!(matches!(read, Err(Error::Decode(_))));
        }
        assert_eq!(block_on(response(b"abc").text_async()).unwrap(), "abc");
        let bytes = block_on(response(b"abc").into_bytes_async());
        assert_eq!(bytes.unwrap(), b"abc");
    }

    /// JSON is as long as it may be, and no longer, whether it is awaited or waited for.
    #[cfg(feature = "json")]
    #[test]
    fn json_is_limited() {
        const LIMIT: u64 = Json::<String>::LIMIT;
        for (length, fits) in [(LIMIT - 1, true), (LIMIT, true), (LIMIT + 1, false)] {
            let text = "x".repeat(usize::try_from(length).unwrap() - 2);
            let response = || Response::new(200).with_body(format!("\"{text}\""));
            for read in [
                response().json::<String>(),
                block_on(response().json_async()),
            ] {
                match read {
                    Ok(read) => assert!(fits && read == text, "{length} bytes"),
                    Err(Error::Body(ReadError::TooLarge { limit: LIMIT })) => assert!(!fits),
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    }
}
