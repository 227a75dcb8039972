//! Requests to the examples, and the responses that these promise.

mod calling;

/// Functions that only other functions can call.
pub(super) const PRIVATE: [&str; 1] = ["shrink"];

/// All the examples.
pub(super) fn examples() -> impl Iterator<Item = &'static Example> {
    EXAMPLES.iter().chain(calling::EXAMPLES)
}

/// An example, and its promises.
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) promises: &'static [Promise],
}

/// A request, and its expected response.
pub(super) struct Promise {
    pub(super) method: &'static str,
    /// The path below the function's base. `HOST` in it stands for the host's URL.
    pub(super) path: &'static str,
    /// A header of the request.
    pub(super) header: Option<(&'static str, &'static str)>,
    pub(super) body: Body,
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) answer: Body,
}

/// A body of a request, or an expected one.
#[derive(Clone, Copy)]
pub(super) enum Body {
    Text(&'static str),
    /// This number of bytes, of all values.
    Bytes(usize),
    /// Expected only: a body that contains this text.
    Containing(&'static str),
}

impl Body {
    pub(super) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) | Self::Containing(text) => text.into(),
            Self::Bytes(length) => (0..=u8::MAX).cycle().take(length).collect(),
        }
    }

    /// Whether an answer matches this body.
    pub(super) fn promises(self, answer: &[u8]) -> bool {
        match self {
            Self::Containing(part) => String::from_utf8_lossy(answer).contains(part),
            Self::Text(_) | Self::Bytes(_) => self.bytes() == answer,
        }
    }
}

const NOTHING: Body = Body::Text("");

/// A `GET` whose answer is 200 with a text.
const fn get(path: &'static str, content_type: &'static str, answer: &'static str) -> Promise {
    Promise {
        method: "GET",
        path,
        header: None,
        body: NOTHING,
        status: 200,
        content_type,
        answer: Body::Text(answer),
    }
}
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const PROBLEM: &str = "application/problem+json";

const EXAMPLES: &[Example] = &[
    Example {
        name: "ping",
        about: "the smallest function",
        promises: &[
            Promise {
                method: "POST",
                path: "",
                header: None,
                body: NOTHING,
                status: 200,
                content_type: TEXT,
                answer: Body::Text("pong"),
            },
            Promise {
                method: "GET",
                path: "/any/path?at=all",
                header: None,
                body: NOTHING,
                status: 200,
                content_type: TEXT,
                answer: Body::Text("pong"),
            },
        ],
    },
    Example {
        name: "greet",
        about: "JSON in, JSON out",
        promises: &[
            Promise {
                method: "POST",
                path: "",
                header: None,
                body: Body::Text(r#"{"name":"Ada"}"#),
                status: 200,
                content_type: JSON,
                answer: Body::Text(r#"{"message":"Hello, Ada!"}"#),
            },
            Promise {
                method: "POST",
                path: "",
                header: None,
                body: Body::Text(r#"{"nam":1}"#),
                status: 400,
                content_type: PROBLEM,
                answer: Body::Text(
                    r#"{"title":"Bad Request","status":400,"detail":"missing field `name` at line 1 column 9"}"#,
                ),
            },
        ],
    },
    Example {
        name: "echo",
        about: "a body passed on as a handle",
        promises: &[
            Promise {
                method: "POST",
                path: "",
                header: None,
                body: Body::Text("hello"),
                status: 200,
                content_type: "",
                answer: Body::Text("hello"),
            },
            Promise {
                method: "POST",
                path: "",
                header: None,
                body: Body::Bytes(8 << 20),
                status: 200,
                content_type: "",
                answer: Body::Bytes(8 << 20),
            },
        ],
    },
    Example {
        name: "counter",
        about: "no state shared between requests",
        promises: &[
            Promise {
                method: "GET",
                path: "",
                header: None,
                body: NOTHING,
                status: 200,
                content_type: TEXT,
                answer: Body::Text("1"),
            },
            Promise {
                method: "GET",
                path: "",
                header: None,
                body: NOTHING,
                status: 200,
                content_type: TEXT,
                answer: Body::Text("1"),
            },
        ],
    },
    Example {
        name: "echo-details",
        about: "the data that a function has about its request",
        promises: &[Promise {
            method: "POST",
            body: Body::Text(r#"{"headers_to_send_back":{"x-hello":"there"}}"#),
            answer: Body::Containing("path: /some/path, headers: "),
            ..get("/some/path", TEXT, "")
        }],
    },
    Example {
        name: "respond",
        about: "statuses and headers",
        promises: &[
            get("/red", TEXT, "red is #ff0000\n"),
            Promise {
                status: 303,
                content_type: "",
                ..get("/", "", "")
            },
        ],
    },
    Example {
        name: "upload-digest",
        about: "a body of any size, in constant memory",
        promises: &[Promise {
            method: "PUT",
            body: Body::Bytes(64 << 20),
            ..get(
                "",
                TEXT,
                "281e519df3077b557c6b03f5da83c4e8d397219259615dd7c3308f89cae8f2a6",
            )
        }],
    },
    Example {
        name: "events",
        about: "server-sent events, and a handler that awaits",
        promises: &[get(
            "?ms=10&count=2",
            "text/event-stream",
            "event: tick\nid: 1\ndata: tick 1\n\nevent: tick\nid: 2\ndata: tick 2\n\n",
        )],
    },
    Example {
        name: "stream-csv",
        about: "a long response, streamed as it is generated",
        promises: &[get(
            "?rows=2",
            "text/csv; charset=utf-8",
            "number,square\n1,1\n2,4\n",
        )],
    },
    Example {
        name: "contact-form",
        about: "a page with a form",
        promises: &[
            Promise {
                answer: Body::Containing("<form"),
                ..get("", HTML, "")
            },
            Promise {
                method: "POST",
                body: Body::Text("name=Ada&message=Hello"),
                ..get("", HTML, "<!doctype html>\n<p>Thank you, Ada!\n")
            },
        ],
    },
    Example {
        name: "router",
        about: "several paths and methods in one function",
        promises: &[
            get("/users?name=gr", JSON, r#"["Grace"]"#),
            get("/users/1", JSON, r#"{"name":"Grace"}"#),
            Promise {
                method: "DELETE",
                status: 405,
                answer: Body::Containing("Method Not Allowed"),
                ..get("/users", PROBLEM, "")
            },
        ],
    },
    Example {
        name: "todo-axum",
        about: "an unchanged axum application",
        promises: &[get("/todos", JSON, r#"[{"text":"read the examples"}]"#)],
    },
];
