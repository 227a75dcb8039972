//! A host that is reached over HTTP, from a native program.
//!
//! The calls run on a thread of their own, so that they can be awaited on any executor and waited
//! for on any thread, and bodies go both ways at once.

mod background;
mod download;
mod problem;
mod request;
mod trust;
mod upload;

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use functions_bytes::__private::from_arrival;
use http::Request;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use background::{Background, background};
use download::Download;
use upload::Upload;

use crate::{BindingError, Call, Response};

/// A call in flight. Dropping it closes its connection.
pub(crate) struct Sent {
    task: JoinHandle<Result<Response, BindingError>>,
}

/// Makes a call.
pub(crate) fn send(mut call: Call) -> Result<Sent, BindingError> {
    let background = background()?;
    let target = std::mem::take(&mut call.target);
    let deadline = call
        .timeout
        .and_then(|timeout| Instant::now().checked_add(timeout));
    let base = call.address.base();
    let request = request::request(&base, &target, call)?;
    let task = background
        .runtime
        .spawn(exchange(background, request, base, target, deadline));
    Ok(Sent { task })
}

async fn exchange(
    background: &'static Background,
    request: Request<Upload>,
    base: String,
    target: String,
    deadline: Option<Instant>,
) -> Result<Response, BindingError> {
    let answered = background.client.request(request);
    let answered = match deadline {
        Some(deadline) => timeout_at(deadline, answered)
            .await
            .map_err(|_| BindingError::Timeout)?,
        None => answered.await,
    };
    let (head, body) = answered
        .map_err(|error| failure(&base, &error))?
        .into_parts();
    let response = Response {
        status: head.status.as_u16(),
        headers: head.headers.into(),
        body: from_arrival(Download::new(body, deadline)),
    };
    let response = problem::checked(response, target).await?;
    Ok(response.of_upstream())
}

fn failure(base: &str, error: &hyper_util::client::legacy::Error) -> BindingError {
    let text = format!("{base}: {}", chain(error));
    if trust::is_unknown(error) {
        let variable = trust::VARIABLE;
        return BindingError::Unreachable(format!(
            "{text}; {variable} trusts another authority, whose certificate is in that file"
        ));
    }
    if error.is_connect() {
        return BindingError::Unreachable(format!(
            "{text}; `functions serve` starts one, and FUNCTIONS_URL says where it is"
        ));
    }
    BindingError::Other(text)
}

/// An error and its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl Future for Sent {
    type Output = Result<Response, BindingError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(Pin::new(&mut self.task).poll(cx));
        Poll::Ready(response.unwrap_or_else(|error| Err(BindingError::Other(error.to_string()))))
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.task.abort();
    }
}
