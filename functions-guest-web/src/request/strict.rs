//! Bodies that have to be sent as what they are.

use std::ops::{Deref, DerefMut};

use functions_bytes::encoding::Limited;
use http::StatusCode;

use super::{FromRequest, Rejection, Request};

/// The longest body of unknown length that is read to see whether there is one; that of encodings.
const LIMIT: u64 = 2 * 1024 * 1024;

/// An encoding that insists on its content type: a request that names another, or none, is answered
/// with 415.
///
/// Without it, `Json<T>` decodes whatever decodes, as clients such as `curl -d` name the wrong type.
/// With it, a form on a foreign web page cannot send JSON across sites, as browsers ask first for a
/// request of this type.
///
/// ```
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::{Json, Strict, invoke};
///
/// invoke!(double);
/// fn double(Strict(Json(number)): Strict<Json<u32>>) -> Json<u32> {
///     Json(number * 2)
/// }
///
/// let request = TestRequest::post("/").body("21");
/// assert_eq!(request.call(double).status(), 415);
///
/// let request = TestRequest::post("/").header("content-type", "application/json").body("21");
/// assert_eq!(request.call(double).text(), "42");
/// ```
///
/// # Errors
///
/// 415, saying what is expected, and those of the encoding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Strict<E>(pub E);

/// An encoding that knows its media types, for [`Strict`].
///
/// Implement it for an encoding of your own.
#[diagnostic::on_unimplemented(
    message = "`Strict` does not know the content type of `{Self}`",
    label = "not an encoding with a content type",
    note = "wrap an encoding, such as `Strict<Json<T>>`, or implement `MediaType`"
)]
pub trait MediaType {
    /// The media type that is expected, as clients are told: `application/json`.
    const EXPECTED: &'static str;

    /// Whether a body of this media type is one of the encoding's. `essence` is in lower case and has
    /// no parameters.
    #[must_use]
    fn accepts(essence: &str) -> bool {
        essence == Self::EXPECTED
    }
}

macro_rules! media_types {
    ($($(#[$attribute:meta])* $type:ident $expected:literal $(or $other:pat)?,)*) => {$(
        $(#[$attribute])*
        impl<T> MediaType for functions_bytes::encoding::$type<T> {
            const EXPECTED: &'static str = $expected;

            $(fn accepts(essence: &str) -> bool {
                essence == Self::EXPECTED || matches!(essence, $other)
            })?
        }
    )*};
}

media_types! {
    #[cfg(feature = "cbor")]
    Cbor "application/cbor",
    #[cfg(feature = "form")]
    Form "application/x-www-form-urlencoded",
    #[cfg(feature = "msgpack")]
    MsgPack "application/vnd.msgpack" or "application/msgpack" | "application/x-msgpack",
    #[cfg(feature = "protobuf")]
    Protobuf "application/x-protobuf" or "application/protobuf" | "application/vnd.google.protobuf",
}

/// `application/json`, and types that end in `+json`.
#[cfg(feature = "json")]
impl<T> MediaType for functions_bytes::encoding::Json<T> {
    const EXPECTED: &'static str = "application/json";

    fn accepts(essence: &str) -> bool {
        let suffixed = || essence.starts_with("application/") && essence.ends_with("+json");
        essence == Self::EXPECTED || suffixed()
    }
}

impl<E: MediaType, const LIMIT: u64> MediaType for Limited<E, LIMIT> {
    const EXPECTED: &'static str = E::EXPECTED;

    fn accepts(essence: &str) -> bool {
        E::accepts(essence)
    }
}

impl<E: FromRequest + MediaType> FromRequest for Strict<E> {
    const BODY: bool = E::BODY;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        check(request, E::EXPECTED, E::accepts)?;
        E::from_request(request).map(Self)
    }

    /// `None` for an empty body; one of another type, or that does not decode, is refused.
    fn optional_from_request(request: &mut Request) -> Result<Option<Self>, Rejection> {
        if request.is_without_body(LIMIT)? {
            return Ok(None);
        }
        Self::from_request(request).map(Some)
    }
}

fn check(request: &Request, expected: &str, accepts: fn(&str) -> bool) -> Result<(), Rejection> {
    let mut sent = request.environment().headers().get_all("content-type");
    let refused = match (sent.next(), sent.next()) {
        (Some(sent), None) => {
            let essence = sent.split(';').next().unwrap_or_default().trim();
            !accepts(&essence.to_ascii_lowercase())
        }
        _ => true,
    };
    if refused {
        let detail = format!("unsupported content type: expected {expected}");
        return Err(Rejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    Ok(())
}

impl<E> Deref for Strict<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

impl<E> DerefMut for Strict<E> {
    fn deref_mut(&mut self) -> &mut E {
        &mut self.0
    }
}

#[cfg(all(test, feature = "json"))]
mod tests {
    use functions_bytes::encoding::Json;

    use super::*;
    use crate::testing::TestRequest;

    fn status(types: &[&str], body: &str) -> u16 {
        let request = TestRequest::post("/").body(body);
        let request = types.iter().fold(request, |request, sent| {
            request.header("content-type", *sent)
        });
        request.call(|_: Strict<Json<u8>>| ()).status()
    }

    /// The encoding's own types pass, whatever their case and parameters; all others, none and two are
    /// refused before the body is decoded.
    #[test]
    fn content_types() {
        for sent in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
        ] {
            assert_eq!(status(&[sent], "7"), 204, "{sent}");
            assert_eq!(status(&[sent], "x"), 400, "{sent}");
        }
        for sent in ["text/plain", "", "application/jsonx", "text/x+json", "json"] {
            assert_eq!(status(&[sent], "7"), 415, "{sent}");
        }
        assert_eq!(status(&[], "7"), 415);
        assert_eq!(status(&["application/json", "text/plain"], "7"), 415);
    }

    /// No body is `None`, and a body without the content type is not.
    #[test]
    fn optional() {
        let seen = |body: Option<Strict<Json<u8>>>| format!("{:?}", body.map(|body| body.0.0));
        assert_eq!(TestRequest::post("/").call(seen).text(), "None");
        assert_eq!(TestRequest::post("/").body("7").call(seen).status(), 415);
    }
}
