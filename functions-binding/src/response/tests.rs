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
        crate::testing::respond_with(|_| Ok(Response::new(200).with_body(from_arrival(Broken))));
    let response = || crate::Call::get("a", "/").wait().unwrap();
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
        let awaited = block_on(Response::new(status).error_for_status_async());
        assert_eq!(awaited.is_err(), fails);
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
        assert!(matches!(read, Err(BindingError::Decode(_))));
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
                Err(BindingError::Body(ReadError::TooLarge { limit: LIMIT })) => assert!(!fits),
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}
