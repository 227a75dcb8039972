use std::task::{Context, Poll};

use functions_bytes::__private::{Arrival, from_arrival};
use functions_bytes::ReadError;
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

/// A body that breaks off is the upstream's fault, and not the client's.
#[test]
fn broken_bodies_are_the_upstreams() {
    let _stand_in =
        crate::testing::respond_with(|_| Ok(Response::new(200).with_body(from_arrival(Broken))));
    let response = crate::Call::get("a", "/").wait().unwrap();
    let closed = ReadError::Upstream(Box::new(ReadError::Closed));
    assert_eq!(response.body.into_bytes().unwrap_err(), closed);
    let response = crate::Call::get("a", "/").wait().unwrap();
    assert!(matches!(
        response.text(),
        Err(BindingError::Body(ReadError::Closed))
    ));
}

/// Only a status of 400 and above is a failure, and not a redirect.
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
