//! What handlers of axum return is returned here as well, and answers the same.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

use std::borrow::Cow;

use axum::response::IntoResponse as AxumResponse;
use bytes::{Bytes, BytesMut};
use functions_guest_web::testing::TestRequest;
use functions_guest_web::{IntoResponse, WebResponse};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// The status, headers and body of both.
fn same<T: IntoResponse + AxumResponse>(value: impl Fn() -> T) {
    let ours = TestRequest::get("/").call(&value);
    let theirs = AxumResponse::into_response(value());
    let (parts, body) = theirs.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX);
    let body = functions_guest_web::task::block_on(body).unwrap();
    let what = std::any::type_name::<T>();
    assert_eq!(
        (ours.status(), ours.bytes()),
        (parts.status.as_u16(), &body[..]),
        "{what}"
    );
    for name in ["content-type", "x-a", "x-b", "etag", "location"] {
        let theirs = parts.headers.get_all(name).iter();
        let theirs: Vec<_> = theirs.map(|value| value.to_str().unwrap()).collect();
        assert_eq!(
            ours.header_all(name).collect::<Vec<_>>(),
            theirs,
            "{name} of {what}"
        );
    }
}

fn map() -> HeaderMap {
    let mut map = HeaderMap::new();
    map.append("x-a", HeaderValue::from_static("1"));
    map.append(header::LOCATION, HeaderValue::from_static("/here"));
    map.insert(header::LOCATION, HeaderValue::from_static("/there"));
    map
}

/// Names and values may be text or the `http` crate's, in arrays, in a map, in any number.
#[test]
fn headers_are_those_of_axum() {
    let x = HeaderName::from_static("x-a");
    let one = HeaderValue::from_static("1");
    same(|| [(header::CONTENT_TYPE, "text/csv")]);
    same(|| ([(header::CONTENT_TYPE, "text/csv")], "a,b"));
    same(|| ([("content-type", "text/csv")], "a,b"));
    same(|| ([("x-a", "1".to_owned()), ("x-b", String::new())], "body"));
    same(|| ([("x-a".to_owned(), "1")], "body"));
    same(|| ([(x.clone(), one.clone())], "body"));
    same(|| ([(&x, &one)], "body"));
    same(|| ([(x.clone(), HeaderValue::from(7))], "body"));
    same(|| ([(x.clone(), 7_u64)], "body"));
    same(|| ([("x-a", b"1".to_vec())], "body"));
    same(|| ([("x-a", &b"1"[..])], "body"));
    same(map);
    same(|| (map(), "body"));
    same(|| (StatusCode::CREATED, map()));
    same(|| (StatusCode::CREATED, map(), [("x-b", "2")], "body"));
    same(|| {
        (
            map(),
            [("x-b", "2")],
            [(header::ETAG, "\"e\"")],
            Vec::from(*b"body"),
        )
    });
    same(|| (Some(map()), None::<HeaderMap>, "body"));
    same(|| {
        (
            StatusCode::CREATED,
            [("x-a", "1"); 1],
            [(header::CONTENT_TYPE, "a/b")],
            Vec::<u8>::new(),
        )
    });
    same(|| {
        (
            StatusCode::NOT_FOUND,
            (StatusCode::CREATED, (map(), "body")),
        )
    });
}

/// Bytes and texts of any type are bodies.
#[test]
fn bodies_are_those_of_axum() {
    same(|| &b"bytes"[..]);
    same(|| b"bytes");
    same(|| *b"bytes");
    same(|| b"bytes".to_vec());
    same(|| Box::<[u8]>::from(&b"bytes"[..]));
    same(|| Bytes::from_static(b"bytes"));
    same(|| BytesMut::from(&b"bytes"[..]));
    same(|| Cow::Borrowed(&b"bytes"[..]));
    same(|| "text");
    same(|| Box::<str>::from("text"));
    same(|| Cow::<'static, str>::Owned("text".into()));
    same(|| (StatusCode::ACCEPTED, Box::<str>::from("text")));
    same(|| (("text",),));
}

/// The head of a response goes with any body.
#[test]
fn parts_are_those_of_axum() {
    let parts = || {
        let response = http::Response::builder().status(202).header("x-a", "1");
        response.body(()).unwrap().into_parts().0
    };
    same(parts);
    same(|| (parts(), "body"));
    same(|| (parts(), [("x-b", "2")], "body"));
}

/// An error type of the author's that stands in a tuple is a value as any.
#[test]
fn errors_in_tuples_are_those_of_axum() {
    #[derive(Clone)]
    struct AppError;
    impl IntoResponse for AppError {
        fn into_response(self) -> WebResponse {
            IntoResponse::into_response((StatusCode::CONFLICT, [("x-a", "1")], "taken"))
        }
    }
    impl AxumResponse for AppError {
        fn into_response(self) -> axum::response::Response {
            AxumResponse::into_response((StatusCode::CONFLICT, [("x-a", "1")], "taken"))
        }
    }
    same(|| AppError);
    same(|| (StatusCode::CREATED, AppError));
    same(|| (StatusCode::CREATED, [("x-b", "2")], AppError));
    same(|| Err::<String, _>(AppError));
}

/// The builder takes the `http` crate's types, too.
#[test]
fn builder_takes_header_types() {
    let response = TestRequest::get("/").call(|| {
        WebResponse::new()
            .header(header::ETAG, HeaderValue::from_static("\"e\""))
            .header("x-a", 7)
            .header(HeaderName::from_static("x-b"), "2")
    });
    let header = |name| response.header(name);
    assert_eq!(
        (header("etag"), header("x-a"), header("x-b")),
        (Some("\"e\""), Some("7"), Some("2"))
    );
}
