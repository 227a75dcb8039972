//! How the attempts of a source are run.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use host_harness::{Harness, InvokeOptions};
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};

use super::message::{RequestHead, ResponseHead};
use crate::store::Time;
use crate::store::invocations::StoredMessage;

/// The longest result, in bytes.
pub(crate) const MAX_RESULT: usize = 8 << 20;

/// An attempt that has to be run.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) function: Arc<str>,
    pub(crate) request: StoredMessage,
    pub(crate) accepted: Time,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// With a result, whatever its status is.
    Succeeded(StoredMessage),
    /// A retry may help.
    Failed(String, Option<StoredMessage>),
    /// No retry helps.
    Rejected(String),
}

/// Runs attempts. Dropping the future ends the attempt.
pub(crate) type Running = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// Runs the attempts of what one API accepted.
pub(crate) trait Runner: Send + Sync + 'static {
    fn run(&self, attempt: Attempt) -> Running;

    /// How long a result is kept; `None` for the queue's own time.
    fn retention(&self) -> Option<std::time::Duration> {
        None
    }
}

/// Invokes functions with the requests that were accepted.
pub(super) struct FunctionRunner(pub(super) Harness);

impl Runner for FunctionRunner {
    fn run(&self, attempt: Attempt) -> Running {
        let harness = self.0.clone();
        Box::pin(async move { invoke(&harness, attempt).await })
    }
}

async fn invoke(harness: &Harness, attempt: Attempt) -> Ended {
    let Attempt {
        function, request, ..
    } = attempt;
    let head = match RequestHead::parse(&request) {
        Ok(head) => head,
        Err(damaged) => return Ended::Rejected(damaged.to_string()),
    };
    let mut options = InvokeOptions::default();
    options.token_metadata = head.token_metadata.as_deref().map(Arc::from);
    options.peer = head.peer;
    options.request_id = head.request_id.as_deref().map(Arc::from);
    let request = match head.to_request(request.body) {
        Ok(request) => request,
        Err(damaged) => return Ended::Rejected(damaged.to_string()),
    };
    let response = match harness.invoke(&function, request, options).await {
        Ok(response) => response,
        Err(error) if error.is_not_found() => {
            return Ended::Rejected("the function was deleted before it started".to_owned());
        }
        Err(error) => return Ended::Failed(error.to_string(), None),
    };
    let head = ResponseHead::new(response.status(), response.headers());
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_RESULT).collect();
    let body: Bytes = match body.await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let text = format!("the result is longer than {MAX_RESULT} bytes");
            return Ended::Rejected(text);
        }
        Err(error) => return Ended::Failed(format!("the result broke off: {error}"), None),
    };
    let result = head.store(body);
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        let text = format!("the function answered with status {status}");
        return Ended::Failed(text, Some(result));
    }
    Ended::Succeeded(result)
}
