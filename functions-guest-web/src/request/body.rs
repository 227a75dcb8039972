//! The body, as it is or decoded.

use bytes::Bytes;
use functions_bytes::Data;
use functions_bytes::encoding::Extract;

use super::{FromRequest, Rejection, Request};

macro_rules! plain {
    ($($type:ty,)*) => {$(
        impl FromRequest for $type {
            const BODY: bool = true;

            #[inline]
            fn from_request(request: &mut Request) -> Result<Self, Rejection> {
                Ok(<$type>::extract(request.take_body())?)
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

            fn from_request(request: &mut Request) -> Result<Self, Rejection> {
                Ok(Self::extract(request.take_body())?)
            }
        }
    )*};
}

encodings! {
    #[cfg(feature = "json")]
    Json,
}
