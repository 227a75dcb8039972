//! Responses: everything that a handler can return.

pub(crate) mod failed;
mod header_parts;
pub(crate) mod headers;
mod into_response;
mod redirect;
mod tuples;
mod web_response;

pub use header_parts::{IntoHeaderName, IntoHeaderValue};
pub use headers::{IntoHeaders, InvalidHeader};
pub use redirect::Redirect;
pub use web_response::WebResponse;

use http::StatusCode;

/// A type that a handler can return.
///
/// | returned | answers |
/// |---|---|
/// | `&'static str`, `String`, `Box<str>`, `Cow<'static, str>` | 200, `text/plain; charset=utf-8` |
/// | `Vec<u8>`, `&'static [u8]`, `[u8; N]`, `bytes::Bytes` and the like | 200, `application/octet-stream` |
/// | `Data` | 200, whose content type is for you to set |
/// | `Json<T>` and the other encodings | 200, with the encoding's content type |
/// | `()` | 204 |
/// | `Option<T>` | `T`, or 404 |
/// | `Result<T, E>` | `T`, or the response that the error is: [`WebError`](crate::WebError) takes any error, and `(StatusCode, String)` is one |
/// | `http::StatusCode` | that status, without a body |
/// | `(http::StatusCode, T)` | `T` with that status |
/// | headers | 200 with those headers, without a body |
/// | `(headers, T)` | `T` with those headers; up to eight collections of them |
/// | `(http::StatusCode, headers, T)` | `T` with that status and those headers; as many |
/// | `http::Response<T>` | as it says, with `T` as its body |
/// | `(http::response::Parts, T)` | the same |
/// | [`Redirect`] | 303, 307 or 308 with a `location` |
/// | [`WebResponse`] | as it says |
///
/// A tuple's status and headers are those of a success: where `T` is an `Err`, an error of the SDK or
/// `None`, they are left out, and the error answers with its own. An error type of your own that stands
/// in the tuple by itself, without an `Err`, is a value as any: it gets the tuple's status, as in axum.
/// So is a [`WebResponse`]: a tuple adds its headers to one that was made from an error, and a middleware
/// can put what `Next` answered into a tuple, whether or not the handler failed.
///
/// Headers are `Headers`, an `http::HeaderMap`, or an array or a `Vec` of names and values, or an `Option` of them.
/// They are added, where axum replaces those of the same name: only a header that HTTP allows once
/// replaces the one before. One that `Headers` or an `http::HeaderMap` has twice stays twice: these are
/// what another server's response is passed on with.
///
/// ```
/// use functions_guest_web::{Json, invoke};
/// use http::StatusCode;
///
/// invoke!(created);
/// fn created() -> (StatusCode, [(&'static str, &'static str); 1], Json<Vec<u8>>) {
///     (StatusCode::CREATED, [("location", "/things/1")], Json(vec![1]))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a web function cannot return `{Self}`",
    label = "not a response",
    note = "return `Json<T>` (which needs `T: serde::Serialize`), `String`, `Vec<u8>`, `Data`, `StatusCode`, `WebResponse`, `Option<T>`, or a `Result` of them whose error is a response, too: `WebResult<T>` is one, and `?` in it takes any error"
)]
pub trait IntoResponse {
    /// Makes the response.
    fn into_response(self) -> WebResponse;
}

/// A status for [`WebResponse::with_status`](crate::WebResponse::with_status): a number, or a
/// [`StatusCode`].
#[derive(Debug, Clone, Copy)]
pub struct Status(u16);

impl Status {
    /// The status, where it is one that a response can have: 200 to 599.
    fn checked(self) -> Option<u16> {
        (200..=599).contains(&self.0).then_some(self.0)
    }

    fn as_u16(self) -> u16 {
        self.0
    }
}

impl From<u16> for Status {
    fn from(status: u16) -> Self {
        Self(status)
    }
}

impl From<StatusCode> for Status {
    fn from(status: StatusCode) -> Self {
        Self(status.as_u16())
    }
}
