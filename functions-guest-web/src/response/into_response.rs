//! The types that a handler can return.

use bytes::Bytes;
use functions_bytes::Data;
use functions_bytes::encoding::Encode;
use http::StatusCode;

use super::{IntoResponse, WebResponse};
use crate::WebError;

impl IntoResponse for WebResponse {
    fn into_response(self) -> WebResponse {
        self
    }
}

impl<T, E> IntoResponse for Result<T, E>
where
    T: IntoResponse,
    E: Into<WebError>,
{
    fn into_response(self) -> WebResponse {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into().into_response(),
        }
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

macro_rules! encodings {
    ($($type:ty,)*) => {$(
        impl IntoResponse for $type {
            fn into_response(self) -> WebResponse {
                encoded(self)
            }
        }
    )*};
}

encodings! {
    Data,
    Vec<u8>,
    Bytes,
    String,
    &'static str,
}

#[cfg(feature = "json")]
impl<T> IntoResponse for functions_bytes::encoding::Json<T>
where
    Self: Encode,
{
    fn into_response(self) -> WebResponse {
        encoded(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content_type(response: &WebResponse) -> Option<&str> {
        let (_, value) = response
            .headers()
            .find(|(name, _)| *name == "content-type")?;
        Some(std::str::from_utf8(value).unwrap())
    }

    /// What is returned is the body, with the content type that fits.
    #[test]
    fn encodings_become_responses() {
        let response = "pong".into_response();
        assert_eq!(response.status(), 200);
        assert_eq!(content_type(&response), Some("text/plain; charset=utf-8"));
        assert_eq!(response.into_body().into_bytes().unwrap(), b"pong");
        assert_eq!(content_type(&Data::from("x").into_response()), None);
    }

    /// An error answers 500 and tells nothing.
    #[test]
    fn errors_are_not_told() {
        let response = Err::<String, _>("x".parse::<u8>().unwrap_err()).into_response();
        assert_eq!(response.status(), 500);
        let body = String::from_utf8(response.into_body().into_bytes().unwrap()).unwrap();
        assert!(!body.contains("digit"), "{body}");
    }

    /// A content type that the handler set is left as it is.
    #[test]
    fn content_type_of_the_handler_wins() {
        let response = WebResponse::new()
            .header("Content-Type", "text/csv")
            .with_body("a,b")
            .unwrap();
        let all: Vec<_> = response.headers().collect();
        assert_eq!(all, [("Content-Type", &b"text/csv"[..])]);
    }
}
