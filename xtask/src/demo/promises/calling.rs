//! Examples that call other functions, or other servers.

use super::{Body, Example, JSON, PROBLEM, Promise, get};

/// The tag of the response to `stream-csv?rows=2`.
const TAG: &str = "\"edddb13544dcf2585f77a06ff979cb74\"";

pub(super) const EXAMPLES: &[Example] = &[
    Example {
        name: "proxy",
        about: "requests to another server, here the host itself",
        promises: &[
            Promise {
                method: "POST",
                body: Body::Text(r#"{"name":"Ada"}"#),
                ..get("?url=HOST/greet", JSON, r#"{"message":"Hello, Ada!"}"#)
            },
            Promise {
                status: 403,
                answer: Body::Containing("Forbidden"),
                ..get("?url=http://127.0.0.2/", PROBLEM, "")
            },
        ],
    },
    Example {
        name: "fan-out",
        about: "several concurrent calls of another function",
        promises: &[Promise {
            method: "POST",
            body: Body::Text(r#"["Ada","Grace","Barbara","Margaret","Katherine"]"#),
            answer: Body::Containing(r#"{"name":"Katherine","message":"Hello, Katherine!"}]"#),
            ..get("", JSON, "")
        }],
    },
    Example {
        name: "shrink",
        about: "a private function that others call",
        promises: &[Promise {
            status: 404,
            answer: Body::Containing("no-such-function"),
            ..get("", PROBLEM, "")
        }],
    },
    Example {
        name: "orchestrate",
        about: "sequential steps, whose bodies the function does not copy",
        promises: &[
            Promise {
                method: "POST",
                body: Body::Text("P6\n2 2\n255\nredgrebluyel"),
                ..get("", "image/x-portable-pixmap", "P6\n1 1\n255\nred")
            },
            Promise {
                method: "POST",
                body: Body::Text("no picture"),
                status: 422,
                answer: Body::Containing("this is not a PPM"),
                ..get("", PROBLEM, "")
            },
        ],
    },
    Example {
        name: "etag",
        about: "caching in front of another function",
        promises: &[
            get(
                "?rows=2",
                "text/csv; charset=utf-8",
                "number,square\n1,1\n2,4\n",
            ),
            Promise {
                header: Some(("if-none-match", TAG)),
                status: 304,
                ..get("?rows=2", "", "")
            },
        ],
    },
];
