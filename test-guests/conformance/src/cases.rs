//! The list of cases, with the expected responses.

use functions_guest_web::testing::{TestRequest, TestResponse};

/// A request, and its expected response.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The method.
    pub method: &'static str,
    /// The path below the function's base, with its query.
    pub path: &'static str,
    /// The body; its length is sent unless it is empty.
    pub body: &'static str,
    /// The status.
    pub status: u16,
    /// A text that the body contains.
    pub has: &'static str,
    /// Whether the response is complete.
    pub complete: bool,
}

/// A case with a complete response.
const fn whole(
    method: &'static str,
    path: &'static str,
    body: &'static str,
    status: u16,
    has: &'static str,
) -> Case {
    Case {
        method,
        path,
        body,
        status,
        has,
        complete: true,
    }
}

/// A case with a response that is cut.
const fn cut(path: &'static str, status: u16, has: &'static str) -> Case {
    Case {
        complete: false,
        ..whole("GET", path, "", status, has)
    }
}

/// Headers of every request.
pub const HEADERS: &[(&str, &str)] = &[
    ("x", "y"),
    ("x-twice", "1"),
    ("x-two", "2"),
    ("x-twice", "3"),
];

/// Hop-by-hop headers, and a value with surrounding spaces. Neither these headers nor the spaces reach a
/// function, and HTTP/2 forbids both.
pub const CONNECTION_HEADERS: &[(&str, &str)] = &[
    ("x-blank", " b l\t"),
    ("connection", "x-secret, te"),
    ("x-secret", "1"),
    ("te", "trailers"),
    ("keep-alive", "timeout=5"),
];

/// A variable of the function.
pub const VARIABLE: (&str, &str) = ("CONFORMANCE", "seen");

/// All cases.
pub const CASES: &[Case] = &[
    whole("GET", "/text", "", 200, "text"),
    whole("HEAD", "/text", "", 200, ""),
    whole("GET", "/bytes", "", 200, ""),
    whole("POST", "/text", "", 405, "method POST not allowed"),
    whole("OPTIONS", "/text", "", 204, ""),
    whole("GET", "/unknown", "", 404, "no route matches this path"),
    whole("POST", "/echo", "7", 200, "7"),
    whole("POST", "/echo", "-7", 400, "not negative"),
    whole("POST", "/echo", "", 400, "EOF"),
    whole("GET", "/query?a=1&b=2", "", 200, r#"{"a": 1, "b": 2}"#),
    whole("GET", "/query?a=x", "", 400, "`a`"),
    whole("GET", "/form?a=1&a=2", "", 200, r#"{"a": "2"}"#),
    whole("POST", "/form?a=1", "b=2", 200, r#"{"b": "2"}"#),
    whole("GET", "/blanks", "", 200, ""),
    whole("GET", "/nothing", "", 204, ""),
    whole("GET", "/none", "", 404, "not found"),
    whole("GET", "/status/200", "", 200, "body"),
    whole("GET", "/status/204", "", 204, ""),
    whole("GET", "/status/205", "", 205, ""),
    whole("HEAD", "/status/205", "", 205, ""),
    whole("GET", "/status/304", "", 304, ""),
    whole("GET", "/status/404", "", 404, "body"),
    whole("GET", "/status/599", "", 599, "body"),
    whole("GET", "/status/199", "", 500, "the function failed"),
    whole("GET", "/status/600", "", 502, "\"status\":502"),
    whole("GET", "/status/x", "", 400, "`status`"),
    whole("GET", "/headers/90", "", 200, ""),
    whole("GET", "/headers/1001", "", 500, "invalid-reply"),
    whole("GET", "/header-bytes/4096", "", 200, ""),
    whole("GET", "/header-bytes/262145", "", 500, "invalid-reply"),
    whole("GET", "/only-headers", "", 200, ""),
    whole("GET", "/invalid-header", "", 500, "the function failed"),
    whole("GET", "/framing", "", 200, ""),
    whole("GET", "/unencodable", "", 500, "the function failed"),
    whole("GET", "/error", "", 500, "the function failed"),
    whole("HEAD", "/error", "", 500, ""),
    whole("GET", "/told", "", 409, "taken"),
    whole("GET", "/own-error", "", 418, "short"),
    whole("GET", "/rejected", "", 410, "gone"),
    whole("GET", "/redirect", "", 303, ""),
    whole("POST", "/twice", "body", 500, "the function failed"),
    whole("GET", "/variable", "", 200, "seen"),
    whole(
        "GET",
        "/request?",
        "",
        200,
        r#"GET /request Some("") host=true length=none x=y"#,
    ),
    whole(
        "PUT",
        "/request?a=%20",
        "four",
        200,
        r#"PUT /request Some("a=%20") host=true length=4 x=y"#,
    ),
    whole(
        "GET",
        "/request-headers",
        "",
        200,
        "x=y;x-twice=1;x-twice=3;x-two=2;",
    ),
    whole("GET", "/declared", "", 200, ""),
    whole("HEAD", "/declared", "", 200, ""),
    whole("GET", "/stream/200", "", 200, "one two"),
    whole("GET", "/stream/205", "", 205, ""),
    whole("GET", "/stream-bytes/0", "", 200, ""),
    whole("GET", "/stream-bytes/2", "", 200, "x"),
    whole("GET", "/stream-bytes/3", "", 200, "x"),
    whole("GET", "/stream-waits", "", 200, "one two"),
    whole("HEAD", "/stream-waits", "", 200, ""),
    whole("GET", "/stream-in-tuple", "", 200, "sent"),
    whole("HEAD", "/stream/200", "", 200, ""),
    whole("GET", "/stream/204", "", 204, ""),
    whole("GET", "/stream/600", "", 502, "\"status\":502"),
    whole("GET", "/stream-headers/90", "", 200, "body"),
    whole(
        "GET",
        "/stream-headers/1001",
        "",
        500,
        "the function failed",
    ),
    whole("GET", "/stream-fails/0", "", 500, "the function failed"),
    cut("/stream-fails/2", 201, "chunkchunk"),
    cut("/stream-then", 200, "first"),
    whole("GET", "/events", "", 200, "data: two"),
];

impl Case {
    /// Runs a case natively, with these headers.
    pub fn natively(&self, headers: &[(&str, &str)]) -> TestResponse {
        let request = TestRequest::new(self.method, self.path);
        headers
            .iter()
            .fold(request, |request, (name, value)| {
                request.header(*name, *value)
            })
            .variable(VARIABLE.0, VARIABLE.1)
            // As long as an id of the host, so that bodies with an id have the same length.
            .invocation_id("0".repeat(32))
            .body(self.body)
            .call(crate::app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each case has the expected response natively.
    #[test]
    fn cases_hold_natively() {
        for case in CASES {
            let response = case.natively(HEADERS);
            assert_eq!(
                (response.status(), response.is_complete()),
                (case.status, case.complete),
                "{case:?}: {response:?}"
            );
            let text = String::from_utf8_lossy(response.bytes());
            assert!(text.contains(case.has), "{case:?}: {response:?}");
        }
    }
}
