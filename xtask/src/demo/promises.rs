//! What every example promises.

/// An example, and what it does.
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) promises: &'static [Promise],
}

/// A request, and what must come back.
pub(super) struct Promise {
    pub(super) method: &'static str,
    /// Below the function's base.
    pub(super) path: &'static str,
    pub(super) body: Body,
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) answer: Body,
}

/// A body that is sent or promised.
#[derive(Clone, Copy)]
pub(super) enum Body {
    Text(&'static str),
    /// So many bytes, of all values.
    Bytes(usize),
}

impl Body {
    pub(super) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into(),
            Self::Bytes(length) => (0..=u8::MAX).cycle().take(length).collect(),
        }
    }
}

const NOTHING: Body = Body::Text("");
const TEXT: &str = "text/plain; charset=utf-8";
const PROBLEM: &str = "application/problem+json";

pub(super) const EXAMPLES: &[Example] = &[
    Example {
        name: "ping",
        about: "the smallest function",
        promises: &[
            Promise {
                method: "POST",
                path: "",
                body: NOTHING,
                status: 200,
                content_type: TEXT,
                answer: Body::Text("pong"),
            },
            Promise {
                method: "GET",
                path: "/any/path?at=all",
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
                body: Body::Text(r#"{"name":"Ada"}"#),
                status: 200,
                content_type: "application/json",
                answer: Body::Text(r#"{"message":"Hello, Ada!"}"#),
            },
            Promise {
                method: "POST",
                path: "",
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
                body: Body::Text("hello"),
                status: 200,
                content_type: "",
                answer: Body::Text("hello"),
            },
            Promise {
                method: "POST",
                path: "",
                body: Body::Bytes(8 << 20),
                status: 200,
                content_type: "",
                answer: Body::Bytes(8 << 20),
            },
        ],
    },
    Example {
        name: "counter",
        about: "a fresh instance for each request",
        promises: &[
            Promise {
                method: "GET",
                path: "",
                body: NOTHING,
                status: 200,
                content_type: TEXT,
                answer: Body::Text("1"),
            },
            Promise {
                method: "GET",
                path: "",
                body: NOTHING,
                status: 200,
                content_type: TEXT,
                answer: Body::Text("1"),
            },
        ],
    },
];
