//! Waits for the first of several calls.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use functions_binding::Call;
use functions_bytes::task;

/// The status and the body of the first response.
pub(crate) fn first_of(calls: Vec<(String, String, String)>) -> Result<String, String> {
    let calls = calls.into_iter();
    let mut calls: Vec<_> = calls
        .map(|(target, path, body)| Call::post(target, path).with_body(body).send())
        .collect();
    let response = task::block_on(poll_fn(|context| {
        for call in &mut calls {
            if let Poll::Ready(response) = Pin::new(call).poll(context) {
                return Poll::Ready(response);
            }
        }
        Poll::Pending
    }));
    let response = response.map_err(|error| error.to_string())?;
    let status = response.status;
    let body = response.body.into_bytes();
    let body = body.map_err(|error| error.to_string())?;
    Ok(format!("{status} {}", String::from_utf8_lossy(&body)))
}
