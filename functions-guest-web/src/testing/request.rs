use std::net::SocketAddr;
use std::time::Duration;

use functions_bytes::Data;

use super::environment::{self, TestEnvironment};
use super::{TestResponse, host, output, stream};
use crate::handler::{Handler, HandlerArguments, HandlerOutput, answer};
use crate::request::Request;
use crate::response::{IntoHeaderName, IntoHeaderValue};

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
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        let environment = TestEnvironment {
            method: method.into(),
            path,
            query,
            headers: vec![("host".into(), "localhost".into())],
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

    /// Adds a header. `host` is `localhost` unless it is set, and `content-length` that of the body.
    ///
    /// The handler sees headers as on the host: without those that concern the connection only, such as
    /// `connection`, `te` and what `connection` names, and without blanks around a value.
    pub fn header(mut self, name: impl IntoHeaderName, value: impl IntoHeaderValue) -> Self {
        let name = name.into_name().to_ascii_lowercase();
        let headers = &mut self.environment.headers;
        if name == "host" {
            headers.retain(|(known, _)| *known != name);
        }
        headers.push((name, value.into_value()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Data>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets one of the function's variables, for [`WebEnvironment`](crate::WebEnvironment) and for
    /// `std::env::var`.
    ///
    /// The latter are the whole process's, so that requests with variables run one after the other. A
    /// request without any that runs at the same time may see them in `std::env::var`.
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
    pub fn call<H, Args, Kind>(self, handler: H) -> TestResponse
    where
        H: Handler<Args>,
        Args: HandlerArguments,
        H::Output: HandlerOutput<Kind>,
    {
        let Self {
            mut environment,
            body,
        } = self;
        let is_head = environment.method == "HEAD";
        let invocation = environment.invocation_id.clone();
        add_length(&mut environment.headers, &body);
        environment.headers = host::received(environment.headers);
        let ((response, streamed), logged) = output::captured(|| {
            environment::within(environment, || {
                stream::captured(|| answer(handler, &mut Request::new(body)))
            })
        });
        TestResponse::new(response, streamed, logged, &invocation, is_head)
    }

    /// Runs something in this request's environment: code that calls
    /// [`WebEnvironment::load`](crate::WebEnvironment::load) without being a handler.
    pub fn run<T>(self, code: impl FnOnce() -> T) -> T {
        let mut environment = self.environment;
        environment.headers = host::received(environment.headers);
        environment::within(environment, code)
    }
}

/// The length of a body, as a client sends it.
fn add_length(headers: &mut Vec<(String, Vec<u8>)>, body: &Data) {
    let is_framed =
        |(name, _): &(String, _)| name == "content-length" || name == "transfer-encoding";
    if let Some(length) = body.len().filter(|length| *length > 0)
        && !headers.iter().any(is_framed)
    {
        headers.push(("content-length".into(), length.to_string().into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{WebEnvironment, WebResponse};

    /// A request has what a client's has: a host, the body's length, a path that starts with a slash.
    #[test]
    fn requests_are_complete() {
        let seen = |env: WebEnvironment| {
            let header = |name| env.headers().get(name).unwrap_or("none").to_owned();
            let (host, length) = (header("host"), header("content-length"));
            format!("{} {host} {length}", env.path())
        };
        let text = |request: TestRequest| request.call(seen).text().to_owned();
        assert_eq!(text(TestRequest::get("/a")), "/a localhost none");
        assert_eq!(text(TestRequest::post("a").body("four")), "/a localhost 4");
        let named = TestRequest::get("/").header("Host", "example.com");
        assert_eq!(text(named), "/ example.com none");
    }

    /// A variable is an environment variable while the handler runs, and not after.
    #[test]
    fn variables_reach_std() {
        const NAME: &str = "FUNCTIONS_GUEST_WEB_TEST";
        let read = || std::env::var(NAME).unwrap_or_default();
        let response = TestRequest::get("/").variable(NAME, "Ada").call(read);
        assert_eq!(response.text(), "Ada");
        assert_eq!(TestRequest::get("/").call(read).text(), "");
        let run = TestRequest::get("/").variable(NAME, "Eve").run(read);
        assert_eq!((run.as_str(), read().as_str()), ("Eve", ""));
    }

    /// The host's last step is taken here, too: it sends the same, and refuses the same.
    #[test]
    fn responses_are_as_the_host_sends_them() {
        for status in [204, 304] {
            let response = TestRequest::get("/")
                .call(move || WebResponse::new().with_status(status).with_body("body"));
            assert_eq!((response.status(), response.text()), (status, ""));
            assert_eq!(response.header("content-length"), None);
        }
        let response = TestRequest::get("/").call(|| "body");
        assert_eq!(response.header("content-length"), Some("4"));
        let response =
            TestRequest::get("/").call(|| WebResponse::new().with_status(205).with_body("body"));
        assert_eq!(
            (response.text(), response.header("content-length")),
            ("", Some("0"))
        );
        let response = TestRequest::new("HEAD", "/").call(|| "body");
        assert_eq!(
            (response.text(), response.header("content-length")),
            ("", Some("4"))
        );

        let headers = |count: usize| {
            (0..count)
                .map(|x| (format!("x{x}"), "1"))
                .collect::<Vec<_>>()
        };
        let many = move |count| move || WebResponse::new().append_headers(headers(count));
        assert_eq!(TestRequest::get("/").call(many(1000)).status(), 200);
        let response = TestRequest::get("/").call(many(1001));
        assert!(response.status() == 500 && response.text().contains("invalid-reply"));
        assert!(
            response.logged()[0]
                .message
                .contains("more headers than 1000"),
            "{response:?}"
        );

        let response = TestRequest::get("/").call(|| {
            let sent = WebResponse::new().stream(|writer| Ok(writer.send("first")?));
            sent.map(|_| "second")
        });
        assert_eq!((response.status(), response.is_complete()), (200, false));
    }
}
