//! The body, as it is or decoded.

use bytes::Bytes;
use functions_bytes::Data;
use functions_bytes::encoding::{Extract, Limited};

use super::{FromRequest, Rejection, Request};

macro_rules! plain {
    ($($type:ty,)*) => {$(
        impl FromRequest for $type {
            const BODY: bool = true;
            const BODY_IS_CERTAIN: bool = true;

            #[inline]
            fn from_request(request: &mut Request) -> Result<Self, Rejection> {
                Ok(<$type>::extract(request.take_body())?)
            }

            /// Never `None`: a body that is empty is one, too.
            fn optional_from_request(request: &mut Request) -> Result<Option<Self>, Rejection> {
                Self::from_request(request).map(Some)
            }
        }
    )*};
}

plain! {
    Data,
    Vec<u8>,
    Bytes,
    String,
}

/// Every encoding is refused in the same words: 400 with what is wrong and where, 413 when it is
/// too long.
macro_rules! encodings {
    ($($(#[$attribute:meta])* $type:ident,)*) => {$(
        $(#[$attribute])*
        impl<T> FromRequest for functions_bytes::encoding::$type<T>
        where
            Self: Extract<Error = functions_bytes::encoding::DecodeError>,
        {
            const BODY: bool = true;
            const BODY_IS_CERTAIN: bool = true;

            fn from_request(request: &mut Request) -> Result<Self, Rejection> {
                Ok(Self::extract(request.take_body())?)
            }

            /// `None` for an empty body; one that does not decode is refused.
            fn optional_from_request(request: &mut Request) -> Result<Option<Self>, Rejection> {
                optional(request, Self::LIMIT)
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

/// An encoding with a limit of its own.
impl<E, const LIMIT: u64> FromRequest for Limited<E, LIMIT>
where
    Self: Extract<Error: Into<Rejection>>,
{
    const BODY: bool = true;
    const BODY_IS_CERTAIN: bool = true;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        Self::extract(request.take_body()).map_err(Into::into)
    }

    /// `None` for an empty body; one that does not decode is refused.
    fn optional_from_request(request: &mut Request) -> Result<Option<Self>, Rejection> {
        optional(request, LIMIT)
    }
}

fn optional<T: FromRequest>(request: &mut Request, limit: u64) -> Result<Option<T>, Rejection> {
    if request.is_without_body(limit)? {
        return Ok(None);
    }
    T::from_request(request).map(Some)
}

#[cfg(all(test, feature = "json"))]
mod tests {
    use functions_bytes::encoding::{Json, Limited};

    use crate::testing::TestRequest;

    /// No body is `None`; a body that is malformed or too long is refused, and not lost in silence.
    #[test]
    fn optional_bodies() {
        let seen = |body: Option<Json<u8>>| format!("{:?}", body.map(|Json(number)| number));
        let limited = |body: Option<Limited<Json<u8>, 2>>| seen(body.map(|Limited(json)| json));
        for (body, status, text) in [("", 200, "None"), ("7", 200, "Some(7)"), ("seven", 400, "")] {
            let response = TestRequest::post("/").body(body).call(seen);
            assert_eq!(response.status(), status, "{body:?}");
            assert!(status != 200 || response.text() == text, "{response:?}");
            let response = TestRequest::post("/").body(body).call(limited);
            assert_eq!(response.status(), if body.len() > 2 { 413 } else { 200 });
        }
    }
}
