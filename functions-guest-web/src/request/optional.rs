//! Arguments that may be refused without refusing the request.

use super::{FromRequest, Rejection, Request};

/// `None` where the request has no such thing, as [`FromRequest::optional_from_request`] says.
impl<T: FromRequest> FromRequest for Option<T> {
    const BODY: bool = T::BODY;
    const BODY_IS_CERTAIN: bool = T::BODY_IS_CERTAIN;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        T::optional_from_request(request)
    }
}

/// For a handler that answers a refusal itself.
impl<T: FromRequest> FromRequest for Result<T, Rejection> {
    const BODY: bool = T::BODY;
    const BODY_IS_CERTAIN: bool = T::BODY_IS_CERTAIN;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        Ok(T::from_request(request))
    }
}
