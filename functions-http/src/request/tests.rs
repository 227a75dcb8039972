use super::*;

/// Parameters are encoded, come after those that are there, and before the fragment.
#[test]
fn query_parameters() {
    for (url, expected) in [
        ("http://a", "http://a?q=1+%2B+1"),
        ("http://a/?", "http://a/?q=1+%2B+1"),
        ("http://a/?x=y", "http://a/?x=y&q=1+%2B+1"),
        ("http://a/#top", "http://a/?q=1+%2B+1#top"),
    ] {
        assert_eq!(Request::get(url).query([("q", "1 + 1")]).url(), expected);
    }
    let none: [(&str, &str); 0] = [];
    assert_eq!(Request::get("http://a").query(none).url(), "http://a");
}

/// `header` adds, `with_headers` replaces; a content type that is there stays.
#[test]
fn headers_add_up() {
    let request = Request::get("http://a").header("x", "1").header("x", "2");
    assert_eq!(request.headers().len(), 2);
    let request = request.with_headers([("Content-Type", "text/csv")]);
    let request = request.with_body("a,b");
    assert_eq!(request.headers().len(), 1);
    let request = request.basic_auth("a", "b").bearer_auth("c");
    let all: Vec<_> = request.headers().get_all_bytes("Authorization").collect();
    assert_eq!(all, ["Bearer c".as_bytes()]);
}

/// However they come, headers that HTTP allows once are there once, and the last one counts.
#[test]
fn single_headers_are_single() {
    let pairs = [
        ("Content-Type", "a/b"),
        ("x", "1"),
        ("content-type", "c/d"),
        ("x", "2"),
        ("authorization", "a"),
        ("AUTHORIZATION", "b"),
    ];
    let mut map = http::HeaderMap::new();
    let mut message = http::Request::get("http://a");
    for (name, value) in pairs {
        map.append(
            http::HeaderName::try_from(name).unwrap(),
            value.parse().unwrap(),
        );
        message = message.header(name, value);
    }
    for request in [
        Request::get("http://a").with_headers(pairs),
        Request::get("http://a").with_headers(&map),
        Request::from(message.body("").unwrap()),
    ] {
        let values = |name| -> Vec<_> { request.headers().get_all_bytes(name).collect() };
        assert_eq!(values("content-type"), [b"c/d"]);
        assert_eq!(values("authorization"), [b"b"]);
        assert_eq!(values("x"), [b"1", b"2"]);
    }
}

/// A content type that is set wins over the body's, in either order, and the last body's over those
/// before.
#[cfg(feature = "json")]
#[test]
fn default_content_types_give_way() {
    let json = || Request::post("http://a").json(&1);
    for (request, expected) in [
        (json(), Some("application/json")),
        (json().with_body("text"), Some("text/plain; charset=utf-8")),
        (json().with_body(Data::from("bytes")), None),
        (
            json().form([("a", "b")]),
            Some("application/x-www-form-urlencoded"),
        ),
        (json().header("Content-Type", "a/b"), Some("a/b")),
        (
            json().header("Content-Type", "a/b").with_body("text"),
            Some("a/b"),
        ),
        (json().with_headers([("x", "y")]), Some("application/json")),
        (json().with_headers([("content-type", "a/b")]), Some("a/b")),
        (
            json().with_headers([("content-type", "a/b")]).json(&2),
            Some("a/b"),
        ),
    ] {
        let all: Vec<_> = request.headers().get_all_bytes("content-type").collect();
        let expected: Vec<_> = expected.iter().map(|value| value.as_bytes()).collect();
        assert_eq!(all, expected);
    }
}

/// Code that uses the earlier names compiles.
#[test]
#[expect(deprecated, reason = "the names of before")]
fn earlier_names_work() {
    assert_eq!(Request::put("http://a").verb(), "PUT");
    let sent: crate::Sending = Request::get("http://a").send();
    assert!(functions_bytes::task::block_on(sent).is_err());
}

/// A body without a form is an error when the request is sent, however.
#[cfg(feature = "json")]
#[test]
fn unencodable_is_an_error() {
    let bad = std::collections::BTreeMap::from([(vec![1], 2)]);
    let sent = crate::invoke(Request::post("http://a").json(&bad).header("x", "y"));
    let error = sent.unwrap_err();
    assert!(matches!(error, Error::Encode(_)));
    assert_eq!(
        format!("{:#}", anyhow::Error::from(error)),
        "the request body could not be encoded: the value cannot be encoded as JSON: key must be a string"
    );
    let sent = Request::post("http://a").json(&bad).send();
    assert!(functions_bytes::task::block_on(sent).is_err());
}
