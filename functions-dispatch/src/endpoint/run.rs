//! Answers requests to run a function.

use std::future::poll_fn;
use std::task::Poll;

use functions_bytes::task::block_on;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::Endpoint;
use super::handler::BoxedFunction;
#[cfg(feature = "signatures")]
use crate::Error;
use crate::coroutine::Calls;
use crate::messages::{CallResult, Directive, ErrorMessage, RunRequest, RunResponse};
use crate::{Failure, Status};

/// Where a scheduler calls an endpoint, below the endpoint's URL.
pub(super) const PATH: &str = "/dispatch.sdk.v1.FunctionService/Run";

/// The longest request, in bytes, as of other SDKs.
pub(super) const MAX_REQUEST: usize = 16_000_000;

/// The most results that one poll waits for and takes.
const MAX_RESULTS: usize = 1000;

const PROTO: &str = "application/proto";

impl Endpoint {
    /// Answers a request of a scheduler. Waits for the function that the request runs, so a server with
    /// an asynchronous runtime calls this on a thread where it may wait.
    ///
    /// ```
    /// use functions_dispatch::Endpoint;
    ///
    /// let endpoint = Endpoint::new().function("double", |number: i64| number * 2);
    /// let response = endpoint.handle(&http::Request::get("/").body(Vec::new())?);
    /// assert_eq!(response.status(), 404);
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn handle(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        match self.answer(request) {
            Ok(body) => response(StatusCode::OK, PROTO, body),
            Err(refusal) => refusal.into_response(),
        }
    }

    fn answer(&self, request: &Request<Vec<u8>>) -> Result<Vec<u8>, Refusal> {
        check(request)?;
        #[cfg(feature = "signatures")]
        self.authenticate(request).map_err(Refusal::of_signature)?;
        // A user that sets a key relies on it.
        #[cfg(not(feature = "signatures"))]
        if crate::client::variable("DISPATCH_VERIFICATION_KEY").is_some() {
            return Err(Refusal {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: "internal",
                message: "DISPATCH_VERIFICATION_KEY is set, and functions-dispatch was built without its feature signatures".into(),
            });
        }
        let run = RunRequest::decode(request.body());
        let run = run.map_err(|error| Refusal::invalid_argument(error.to_string()))?;
        if run.function.is_empty() {
            return Err(Refusal::invalid_argument("function is required"));
        }
        let Some(function) = self.find(&run.function) else {
            return Err(Refusal {
                status: StatusCode::NOT_FOUND,
                code: "not_found",
                message: format!("function '{}' does not exist", run.function),
            });
        };
        let calls = match run.directive {
            Directive::None => {
                let message = "input or poll result is required";
                return Err(Refusal::invalid_argument(message));
            }
            Directive::Input(input) => Ok(Calls::of_input(input)),
            Directive::Resume(poll) => Calls::of_results(poll),
        };
        let response = match calls {
            Ok(calls) => run_function(function, calls),
            Err(error) => exit(Err(incompatible(&error.to_string()))),
        };
        Ok(response.encode())
    }
}

fn run_function(function: &BoxedFunction, mut calls: Calls) -> RunResponse {
    let mut running = function.run(calls.input());
    let output = block_on(poll_fn(|cx| {
        loop {
            match calls.enter(|| running.as_mut().poll(cx)) {
                Poll::Ready(output) => break Poll::Ready(Some(output)),
                Poll::Pending if !calls.is_waiting() => break Poll::Pending,
                Poll::Pending if !calls.advance() => break Poll::Ready(None),
                Poll::Pending => {}
            }
        }
    }));
    if calls.is_incompatible() {
        return exit(Err(incompatible(
            "the function makes other calls than before",
        )));
    }
    match output {
        Some(output) => exit(output),
        None => RunResponse::Poll {
            calls: calls.take_new(),
            results: calls.unfinished().min(MAX_RESULTS),
            state: calls.state(),
        },
    }
}

fn incompatible(why: &str) -> Failure {
    Failure::new(Status::IncompatibleState, why)
}

fn exit(output: Result<crate::Any, Failure>) -> RunResponse {
    match output {
        Ok(output) => {
            let result = CallResult {
                output: Some(output),
                ..CallResult::default()
            };
            RunResponse::Exit(Status::Ok, result)
        }
        Err(failure) => {
            let status = failure.status();
            let (kind, message) = failure.into_parts();
            let result = CallResult {
                error: Some(ErrorMessage { kind, message }),
                ..CallResult::default()
            };
            RunResponse::Exit(status, result)
        }
    }
}

/// Why a request runs no function, as Connect has it.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn invalid_argument(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "invalid_argument",
            message: message.into(),
        }
    }

    #[cfg(feature = "signatures")]
    fn of_signature(error: Error) -> Self {
        let (status, code) = match error {
            Error::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Error::PermissionDenied(_) => (StatusCode::FORBIDDEN, "permission_denied"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        Self {
            status,
            code,
            message: error.to_string(),
        }
    }

    fn into_response(self) -> Response<Vec<u8>> {
        let body = format!(
            r#"{{"code":"{}","message":{}}}"#,
            self.code,
            quoted(&self.message)
        );
        let mut response = response(self.status, "application/json", body.into_bytes());
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            let allowed = HeaderValue::from_static("POST");
            response.headers_mut().insert(http::header::ALLOW, allowed);
        }
        response
    }
}

fn check(request: &Request<Vec<u8>>) -> Result<(), Refusal> {
    let refusal = |status, code, message: String| Refusal {
        status,
        code,
        message,
    };
    if !request.uri().path().ends_with(PATH) {
        let message = format!("expected a path that ends with {PATH}");
        return Err(refusal(StatusCode::NOT_FOUND, "unimplemented", message));
    }
    if request.method() != Method::POST {
        let message = "expected POST".to_owned();
        return Err(refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "unimplemented",
            message,
        ));
    }
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .map(HeaderValue::as_bytes);
    // The second one is what a test server of Python sends.
    let is_proto = content_type.is_none_or(|given| {
        given.eq_ignore_ascii_case(PROTO.as_bytes())
            || given.eq_ignore_ascii_case(b"application/octet-stream")
    });
    if !is_proto {
        let message = format!("expected content-type: {PROTO}");
        return Err(refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_argument",
            message,
        ));
    }
    let version = request.headers().get("connect-protocol-version");
    if version.is_some_and(|version| version != "1") {
        let message = "unsupported connect-protocol-version: expected 1";
        return Err(Refusal::invalid_argument(message));
    }
    if request.body().len() > MAX_REQUEST {
        return Err(Refusal::invalid_argument("content length is too large"));
    }
    Ok(())
}

fn response(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Text as a JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
