use functions_bytes::{Data, outgoing};

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
    /// The headers, in order, without those of the connection.
    pub headers: Headers,
    /// The body. Passed on as it is, it does not enter the function.
    pub body: Data,
}

outgoing::response_methods!(Error, "functions_http::Response");

impl Response {
    /// Turns a status of 400 and above into an error.
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
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll};

    use functions_bytes::__private::{Arrival, from_arrival};
    use functions_bytes::ReadError;
    #[cfg(feature = "json")]
    use functions_bytes::encoding::Json;
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

    /// Only a status of 400 and above is a failure, and not a redirect that nobody followed.
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
