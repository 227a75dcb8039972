use super::*;
use crate::message::headers::MAX_HEADERS;

fn request(method: &str, url: &str) -> RequestHead {
    RequestHead {
        method: method.into(),
        url: url.into(),
        headers: [("authorization", "secret"), ("content-type", "text/plain")]
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
        redirects: 1,
        response_limit: None,
    }
}

fn outgoing(method: &str, url: &str, payload: Payload) -> Outgoing {
    Outgoing::new(request(method, url), payload).unwrap()
}

/// Each invalid part of a request has an error of its own kind, which names the cause.
#[test]
fn invalid_requests_are_typed() {
    let payload = || Payload::Bytes(Bytes::new());
    for url in [
        "",
        "example.com",
        "/path",
        "ftp://example.com",
        "http://",
        "http://u:p@a/",
    ] {
        let refused = Outgoing::new(request("GET", url), payload());
        assert!(matches!(refused, Err(Error::InvalidUrl(_))), "{url}");
    }
    for method in ["", "A B", "CONNECT"] {
        let refused = Outgoing::new(request(method, "http://a"), payload());
        assert!(matches!(refused, Err(Error::InvalidMethod(_))), "{method}");
    }
    for (name, value) in [("a b", "x"), ("", "x"), ("x", "a\r\nb: c")] {
        let refused = allowed(vec![(name.into(), value.into())]);
        assert!(matches!(refused, Err(Error::InvalidHeader(of)) if of == name));
    }
}

/// Headers over the limit are refused, even more than a map could hold.
#[test]
fn too_many_headers_are_refused() {
    for (count, fits) in [
        (MAX_HEADERS, true),
        (MAX_HEADERS + 1, false),
        (40_000, false),
    ] {
        let many = (0..count).map(|number| (format!("x{number}"), b"1".to_vec()));
        match allowed(many.collect()) {
            Ok(headers) => assert!(fits && headers.len() == count),
            Err(error) => assert!(!fits && matches!(error, Error::Other(_)), "{count}"),
        }
    }
}

/// The method and the body change as browsers do it; a body that cannot be sent again is not.
#[test]
fn redirects_change_the_method() {
    let bytes = || Payload::Bytes(Bytes::from_static(b"x"));
    let stream = || Payload::Stream(Some(Body::from("x")));
    for (method, payload, status, then) in [
        ("GET", bytes(), 301, Some("GET")),
        ("HEAD", bytes(), 303, Some("HEAD")),
        ("POST", bytes(), 301, Some("GET")),
        ("PUT", bytes(), 303, Some("GET")),
        ("POST", bytes(), 307, Some("POST")),
        ("POST", stream(), 302, Some("GET")),
        ("POST", stream(), 308, None),
        ("GET", bytes(), 304, None),
        ("GET", bytes(), 200, None),
    ] {
        let mut outgoing = outgoing(method, "http://a/b/c", payload);
        let headers = HeaderMap::from_iter([(header::LOCATION, "../d".parse().unwrap())]);
        let status = StatusCode::from_u16(status).unwrap();
        let followed = outgoing.follow(status, &headers);
        assert_eq!(followed.is_some(), then.is_some(), "{method} {status}");
        if let Some(then) = then {
            let next = outgoing.next().unwrap();
            assert_eq!((next.method().as_str(), next.uri().path()), (then, "/d"));
            let is_empty = http_body::Body::is_end_stream(next.body());
            assert_eq!(is_empty, then != method, "{method} {status}");
            assert!(next.headers().contains_key("authorization"));
        }
    }
}

/// Credentials are sent only to the origin that they were set for.
#[test]
fn credentials_stay_at_their_origin() {
    for to in ["http://b/", "https://a/", "http://a:81/"] {
        let mut outgoing = outgoing("GET", "http://a/", Payload::Bytes(Bytes::new()));
        let headers = HeaderMap::from_iter([(header::LOCATION, to.parse().unwrap())]);
        outgoing.follow(StatusCode::FOUND, &headers).unwrap();
        assert!(
            !outgoing
                .next()
                .unwrap()
                .headers()
                .contains_key("authorization")
        );
    }
}
