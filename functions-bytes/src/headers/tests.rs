use super::*;

/// More than a map can hold are an error, of the first that does not fit.
#[test]
fn too_many_headers_are_an_error() {
    let many: Headers = (0..40_000)
        .map(|place| (format!("x{place}"), "1"))
        .collect();
    let error = http::HeaderMap::try_from(many).unwrap_err();
    assert!(error.name.starts_with('x'));
}

/// A name is found in any case, and its values keep their order.
#[test]
fn names_are_found_in_any_case() {
    let headers = [("set-cookie", "a"), ("x", "y"), ("set-cookie", "b")];
    let headers: Headers = headers.into_iter().collect();
    assert_eq!(
        headers.get_all("Set-Cookie").collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(headers.iter().nth(1), Some(("x", "y")));
    assert!(headers.contains("X") && !headers.contains("y"));
}

/// A value that is not UTF-8 is replaced as text, and whole as bytes, also there and back.
#[test]
fn values_may_be_bytes() {
    let headers = Headers::from(vec![("x".to_owned(), b"a\xff".to_vec())]);
    assert_eq!(headers.get("x"), Some("a\u{fffd}"));
    assert_eq!(headers.get_bytes("x"), Some(&b"a\xff"[..]));
    let map = http::HeaderMap::try_from(headers.clone()).unwrap();
    assert_eq!(Headers::from(map), headers);
    assert_eq!(Vec::from(headers), [("x".to_owned(), b"a\xff".to_vec())]);
}

/// Values are not for the log.
#[test]
fn debug_hides_values() {
    let headers: Headers = [("authorization", "secret")].into_iter().collect();
    assert_eq!(format!("{headers:?}"), r#"["authorization"]"#);
}
