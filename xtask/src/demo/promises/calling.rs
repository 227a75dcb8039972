//! Examples that call other functions, or other servers.

use super::{Body, Example, JSON, PROBLEM, Promise, get};

/// The tag of the bytes that `stream-csv?rows=2` answers.
const TAG: &str = "\"edddb13544dcf2585f77a06ff979cb74\"";

pub(super) const EXAMPLES: &[Example] = &[
    Example {
        name: "proxy",
        about: "requests to another server, here this one",
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
        about: "several calls of another function at once",
        promises: &[Promise {
            method: "POST",
            body: Body::Text(r#"["Ada","Grace","Barbara","Margaret","Katherine"]"#),
            answer: Body::Containing(r#"{"name":"Katherine","message":"Hello, Katherine!"}]"#),
            ..get("", JSON, "")
        }],
    },
    Example {
        name: "shrink",
        about: "a function for others to call, private",
        promises: &[Promise {
            status: 404,
            answer: Body::Containing("there is no function"),
            ..get("", PROBLEM, "")
        }],
    },
    Example {
        name: "orchestrate",
        about: "one step after another, of which no byte is in the function",
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
        about: "saves clients what they have",
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
