//! The callee's view of a request, and the caller's view of a response.

use http::Method;

use super::{SHARED, ask, builder, chain, get, get_with, request};
use test_support::Recorded;
use test_support::client::whole;

/// A request arrives unchanged, except for the host's framing: method, path below the callee's base, query,
/// all header values, body.
#[tokio::test]
async fn requests_arrive() {
    let harness = &*SHARED;
    for how in ["call", "send"] {
        let headers = [
            ("x-one", "1"),
            ("x-two", "first"),
            ("x-two", "second"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("te", "trailers"),
        ];
        let path = format!("{how}/caller/show/a%20b//c?x=1&x=%32");
        let answer = ask(
            harness,
            request(Method::PUT, &path, &headers, whole("body")),
        )
        .await;
        let shown = answer.text();
        let mut lines = shown.lines();
        assert_eq!(
            lines.next(),
            Some("PUT /show/a%20b//c?x=1&x=%32"),
            "{shown}"
        );
        assert!(lines.next().unwrap().ends_with(".1"), "{shown}");
        assert_eq!(lines.next(), Some("peer: None"));
        assert!(lines.next().unwrap().starts_with("left: Some("), "{shown}");
        let rest: Vec<_> = lines.collect();
        assert_eq!(
            rest,
            [
                "x-one=1",
                "x-two=first",
                "x-two=second",
                "cookie=a=1; b=2",
                "content-length=4",
                "body"
            ]
        );
    }
    let answer = get(harness, "bodiless/caller/show").await;
    assert!(
        !answer.text().contains("content-length"),
        "{}",
        answer.text()
    );
}

/// A response returns unchanged, with any status and all header values.
#[tokio::test]
async fn responses_come_back() {
    let harness = &*SHARED;
    for how in ["call", "send", "read"] {
        for status in [200, 302, 404, 500, 599] {
            let answer = get(harness, &format!("{how}/misbehave/stream-status?{status}")).await;
            assert_eq!((answer.status.as_u16(), answer.text()), (status, "body"));
        }
        let listed = "set-cookie: a=1\nset-cookie: b=2\ncontent-length: 99\nX-Three: \u{e9}";
        let path = format!("{how}/misbehave/headers");
        let answer = ask(harness, request(Method::POST, &path, &[], whole(listed))).await;
        let all: Vec<_> = answer.headers.iter().collect();
        let all: Vec<_> = all
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let expected = [
            ("set-cookie", &b"a=1"[..]),
            ("set-cookie", b"b=2"),
            ("x-three", "\u{e9}".as_bytes()),
        ];
        assert_eq!(all, expected);
    }
}

/// Responses that cannot have a body have none.
#[tokio::test]
async fn bodiless_responses_are() {
    let harness = &*SHARED;
    for (method, path) in [
        ("HEAD", "read/misbehave/stream-flood?1000"),
        ("GET", "read/misbehave/stream-status?204"),
        ("GET", "read/misbehave/stream-status?304"),
    ] {
        let answer = get_with(harness, path, &[("x-call-method", method)]).await;
        assert!(answer.body.is_empty(), "{path}");
    }
}

/// A callee's id is its caller's id and a number, in the log and in the callee.
#[tokio::test]
async fn ids_name_their_callers() {
    let recorded = Recorded::default();
    let harness = builder().output_sink(recorded.sink()).build().unwrap();
    get(&harness, "show").await;
    let root = recorded.take().pop().unwrap().invocation.to_string();
    assert_eq!(root.len(), 32);

    let answer = get(&harness, &chain(2, "show")).await;
    let id = recorded.take().pop().unwrap().invocation.to_string();
    assert!(id.ends_with(".1.1") && id.len() == 36, "{id}");
    assert!(answer.text().contains(&id), "{}", answer.text());

    get_with(&harness, "many/caller/show", &[("x-call-count", "3")]).await;
    let records = recorded.take();
    let ids: Vec<_> = records
        .iter()
        .map(|record| record.invocation.to_string())
        .collect();
    let root = &ids[0][..32];
    assert_eq!(ids, [1, 2, 3].map(|nth| format!("{root}.{nth}")));
}
