use std::net::SocketAddr;
use std::time::Duration;

use functions_bytes::Data;

use super::environment::{self, TestEnvironment};
use super::{TestResponse, output, stream};
use crate::handler::{Arguments, Outcome, Shape, answer};
use crate::request::Request;

/// A request for a handler, and the environment around it.
#[derive(Debug, Default)]
#[must_use = "a request does nothing until it is `call`ed"]
pub struct TestRequest {
    environment: TestEnvironment,
    body: Data,
}

impl TestRequest {
    /// A request with any method. The path may have a query: `/search?q=rust`.
    pub fn new(method: impl Into<String>, path: &str) -> Self {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        let environment = TestEnvironment {
            method: method.into(),
            path: path.to_owned(),
            query,
            ..TestEnvironment::default()
        };
        Self {
            environment,
            body: Data::default(),
        }
    }

    /// A `GET`.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A `POST`.
    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    /// A `PUT`.
    pub fn put(path: &str) -> Self {
        Self::new("PUT", path)
    }

    /// A `DELETE`.
    pub fn delete(path: &str) -> Self {
        Self::new("DELETE", path)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.environment
            .headers
            .push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Data>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets one of the function's variables.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment
            .variables
            .push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets what the host's authentication knows of the caller.
    pub fn token_metadata(mut self, metadata: impl Into<String>) -> Self {
        self.environment.token_metadata = Some(metadata.into());
        self
    }

    /// Sets the invocation's id, which is `test` otherwise.
    pub fn invocation_id(mut self, id: impl Into<String>) -> Self {
        self.environment.invocation_id = id.into();
        self
    }

    /// Sets the function's name, which is `test` otherwise.
    pub fn function_name(mut self, name: impl Into<String>) -> Self {
        self.environment.function_name = name.into();
        self
    }

    /// Sets the client's end of the connection.
    pub fn peer_address(mut self, address: SocketAddr) -> Self {
        self.environment.peer_address = Some(address.to_string());
        self
    }

    /// Sets how much time the invocation has left.
    pub fn remaining(mut self, time: Duration) -> Self {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.environment.remaining_milliseconds = Some(milliseconds);
        self
    }

    /// Calls a handler, as the host would through `invoke!`. The response to a `HEAD` has no body.
    ///
    /// # Panics
    ///
    /// When the handler does, or is a `Router` whose routes conflict or are malformed. On the host
    /// that would be a 500.
    pub fn call<H, Args, When>(self, handler: H) -> TestResponse
    where
        H: Shape<Args>,
        Args: Arguments,
        H::Output: Outcome<When>,
    {
        let Self { environment, body } = self;
        let is_head = environment.method == "HEAD";
        let ((response, streamed), logged) = output::captured(|| {
            environment::within(environment, || {
                stream::captured(|| answer(handler, &mut Request::new(body)))
            })
        });
        let response = TestResponse::new(response, streamed, logged);
        if is_head {
            response.without_body()
        } else {
            response
        }
    }

    /// Runs something in this request's environment: code that calls
    /// [`WebEnvironment::load`](crate::WebEnvironment::load) without being a handler.
    pub fn run<T>(self, code: impl FnOnce() -> T) -> T {
        environment::within(self.environment, code)
    }
}
