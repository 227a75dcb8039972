//! The types that a handler can return.

use std::borrow::Cow;
use std::convert::Infallible;

use bytes::{Bytes, BytesMut};
use functions_bytes::Data;
use functions_bytes::encoding::Encode;
use http::StatusCode;

use super::{IntoResponse, WebResponse};
use crate::{Rejection, WebError};

/// It is a response by now, also if it was made from an error: a tuple around it adds its headers.
impl IntoResponse for WebResponse {
    fn into_response(self) -> WebResponse {
        self.into_plain()
    }
}

/// What the error answers is an error wherever it is: a tuple around it leaves it as it is.
impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> WebResponse {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response().into_error(),
        }
    }
}

impl IntoResponse for Infallible {
    fn into_response(self) -> WebResponse {
        match self {}
    }
}

/// 204: done, and nothing to say.
impl IntoResponse for () {
    fn into_response(self) -> WebResponse {
        WebResponse::of(StatusCode::NO_CONTENT, None, Data::default())
    }
}

/// 404 for `None`.
impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> WebResponse {
        match self {
            Some(value) => value.into_response(),
            None => Rejection::new(StatusCode::NOT_FOUND, "not found").into_response(),
        }
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> WebResponse {
        WebResponse::new().with_status(self)
    }
}

/// A 200 with the encoded value; an encoding that fails is a failure of the handler.
fn encoded<T: Encode>(value: T) -> WebResponse {
    let content_type = value.content_type();
    match value.encode() {
        Ok(body) => WebResponse::of(StatusCode::OK, content_type, body),
        Err(error) => WebError::from(error).into_response(),
    }
}

macro_rules! plain {
    ($($(#[$attribute:meta])* $type:ty,)*) => {$(
        $(#[$attribute])*
        impl IntoResponse for $type {
            fn into_response(self) -> WebResponse {
                encoded(self)
            }
        }
    )*};
}

plain! {
    Data,
    Vec<u8>,
    Bytes,
    String,
    &'static str,
    &'static [u8],
    Box<str>,
    Box<[u8]>,
    BytesMut,
    Cow<'static, str>,
    Cow<'static, [u8]>,
    #[cfg(feature = "json")]
    #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
    serde_json::Value,
}

impl<const COUNT: usize> IntoResponse for [u8; COUNT] {
    fn into_response(self) -> WebResponse {
        encoded(self)
    }
}

impl<const COUNT: usize> IntoResponse for &'static [u8; COUNT] {
    fn into_response(self) -> WebResponse {
        encoded(self)
    }
}

macro_rules! encodings {
    ($($(#[$attribute:meta])* $type:ident,)*) => {$(
        $(#[$attribute])*
        impl<T> IntoResponse for functions_bytes::encoding::$type<T>
        where
            Self: Encode,
        {
            fn into_response(self) -> WebResponse {
                encoded(self)
            }
        }
    )*};
}

encodings! {
    #[cfg(feature = "cbor")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cbor")))]
    Cbor,
    #[cfg(feature = "form")]
    #[cfg_attr(docsrs, doc(cfg(feature = "form")))]
    Form,
    Html,
    #[cfg(feature = "json")]
    #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
    Json,
    #[cfg(feature = "msgpack")]
    #[cfg_attr(docsrs, doc(cfg(feature = "msgpack")))]
    MsgPack,
    #[cfg(feature = "protobuf")]
    #[cfg_attr(docsrs, doc(cfg(feature = "protobuf")))]
    Protobuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestRequest;

    /// What is returned is the body, with the content type that fits.
    #[test]
    fn encodings_become_responses() {
        let response = TestRequest::get("/").call(|| "pong");
        assert_eq!((response.status(), response.text()), (200, "pong"));
        assert_eq!(
            response.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        let response = TestRequest::post("/").body("x").call(|data: Data| data);
        assert_eq!(
            (response.header("content-type"), response.text()),
            (None, "x")
        );
    }

    /// Nothing is 204, none is 404, a status is itself.
    #[test]
    fn empty_responses() {
        assert_eq!(TestRequest::get("/").call(|| ()).status(), 204);
        assert_eq!(TestRequest::get("/").call(|| None::<String>).status(), 404);
        assert_eq!(TestRequest::get("/").call(|| Some("x")).text(), "x");
        assert_eq!(
            TestRequest::get("/")
                .call(|| StatusCode::IM_A_TEAPOT)
                .status(),
            418
        );
    }

    /// A tuple's headers come on top, and its content type instead of the body's.
    #[test]
    fn tuples() {
        let response = TestRequest::get("/").call(|| {
            let headers = [
                ("set-cookie", "a"),
                ("set-cookie", "b"),
                ("content-type", "text/csv"),
            ];
            (StatusCode::CREATED, headers, "a,b")
        });
        assert_eq!((response.status(), response.text()), (201, "a,b"));
        assert_eq!(
            response.header_all("set-cookie").collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert_eq!(
            response.header_all("content-type").collect::<Vec<_>>(),
            ["text/csv"]
        );
    }

    /// Headers without a status come on top, and those of a failure inside are left out.
    #[test]
    fn headers_and_a_value() {
        let headers = || [("x-a", "1"), ("content-type", "text/csv")];
        let response = TestRequest::get("/").call(move || (headers(), "a,b"));
        assert_eq!(
            (response.status(), response.header("x-a")),
            (200, Some("1"))
        );
        assert_eq!(
            response.header_all("content-type").collect::<Vec<_>>(),
            ["text/csv"]
        );
        let response = TestRequest::get("/").call(move || (headers(), None::<String>));
        assert_eq!((response.status(), response.header("x-a")), (404, None));
    }

    /// Text that is borrowed or owned is text, and a status with a text is an error, too.
    #[test]
    fn texts_and_errors_of_axum() {
        for text in [Cow::Borrowed("x"), Cow::Owned("x".to_owned())] {
            let response = TestRequest::get("/").call(move || text);
            assert_eq!(response.text(), "x");
            assert_eq!(
                response.header("content-type"),
                Some("text/plain; charset=utf-8")
            );
        }
        let handler = || Err::<String, _>((StatusCode::CONFLICT, "taken".to_owned()));
        let response = TestRequest::get("/").call(handler);
        assert_eq!((response.status(), response.text()), (409, "taken"));
    }

    /// The `http` crate's response, with its repeated headers.
    #[test]
    fn http_responses() {
        let response = TestRequest::get("/").call(|| {
            let response = http::Response::builder()
                .status(202)
                .header("x", "1")
                .header("x", "2");
            response.body("accepted").unwrap()
        });
        assert_eq!((response.status(), response.text()), (202, "accepted"));
        assert_eq!(response.header_all("x").count(), 2);
    }
}
