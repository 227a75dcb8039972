//! The body, as it is or decoded.

use bytes::Bytes;
use functions_bytes::Data;
use functions_bytes::encoding::{Decode, Limited};

use super::{FromRequest, Rejection, Request};

macro_rules! plain {
    ($($type:ty,)*) => {$(
        impl FromRequest for $type {
            const BODY: bool = true;
            const BODY_IS_CERTAIN: bool = true;

            #[inline]
            fn from_request(request: &mut Request) -> Result<Self, Rejection> {
                Ok(<$type>::decode(request.take_body())?)
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
            Self: Decode<Error = functions_bytes::encoding::DecodeError>,
        {
            const BODY: bool = true;
            const BODY_IS_CERTAIN: bool = true;

            fn from_request(request: &mut Request) -> Result<Self, Rejection> {
                Ok(Self::decode(request.take_body())?)
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

/// The body or, in a `GET` or `HEAD` without one, the query: that is where a browser puts the fields of a
/// form with this method.
#[cfg(feature = "form")]
#[cfg_attr(docsrs, doc(cfg(feature = "form")))]
impl<T> FromRequest for functions_bytes::encoding::Form<T>
where
    Self: Decode<Error = functions_bytes::encoding::DecodeError>,
{
    const BODY: bool = true;
    const BODY_IS_CERTAIN: bool = true;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        let query = query_as_body(request, Self::LIMIT)?;
        let body = request.take_body();
        Ok(Self::decode(query.unwrap_or(body))?)
    }

    /// `None` for an empty body, and for a `GET` without a query; fields that do not decode are refused.
    fn optional_from_request(request: &mut Request) -> Result<Option<Self>, Rejection> {
        if query_as_body(request, Self::LIMIT)?.is_none() && request.is_without_body(Self::LIMIT)? {
            return Ok(None);
        }
        Self::from_request(request).map(Some)
    }
}

/// The query of a request that has its fields there.
#[cfg(feature = "form")]
fn query_as_body(request: &mut Request, limit: u64) -> Result<Option<Data>, Rejection> {
    let method = request.environment().method();
    let is_get = *method == http::Method::GET || *method == http::Method::HEAD;
    if !is_get || !request.is_without_body(limit)? {
        return Ok(None);
    }
    Ok(request.environment().query().map(Data::from))
}

/// An encoding with a limit of its own.
impl<E, const LIMIT: u64> FromRequest for Limited<E, LIMIT>
where
    Self: Decode<Error: Into<Rejection>>,
{
    const BODY: bool = true;
    const BODY_IS_CERTAIN: bool = true;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        Self::decode(request.take_body()).map_err(Into::into)
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

    /// A form that is sent with `GET` is the query, as in axum; one with a body is the body.
    #[cfg(feature = "form")]
    #[test]
    fn forms_of_get_are_the_query() {
        use functions_bytes::encoding::Form;
        type Fields = std::collections::BTreeMap<String, u8>;

        let form = |Form(fields): Form<Fields>| format!("{fields:?}");
        let maybe =
            |fields: Option<Form<Fields>>| format!("{:?}", fields.map(|Form(fields)| fields));
        let get = |path| TestRequest::get(path);
        assert_eq!(get("/?a=1").call(form).text(), r#"{"a": 1}"#);
        assert_eq!(get("/").call(form).text(), "{}");
        assert_eq!(get("/?a=x").call(form).status(), 400);
        assert_eq!(get("/?a=1").body("b=2").call(form).text(), r#"{"b": 2}"#);
        assert_eq!(TestRequest::post("/?a=1").call(form).text(), "{}");
        assert_eq!(get("/?a=1").call(maybe).text(), r#"Some({"a": 1})"#);
        assert_eq!(get("/?a=x").call(maybe).status(), 400);
        assert_eq!(get("/").call(maybe).text(), "None");
        assert_eq!(TestRequest::post("/?a=1").call(maybe).text(), "None");
    }

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
