//! Everything but the body.

use functions_bytes::Data;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};

use super::{FromRequest, Rejection, Request};
use crate::WebEnvironment;

/// The same as the other extractors': what one of them asked for is there for all.
impl FromRequest for WebEnvironment {
    const BODY_IS_CERTAIN: bool = true;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        Ok(request.environment().clone())
    }
}

impl FromRequest for Method {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        Ok(request.environment().method().clone())
    }
}

impl FromRequest for HeaderMap {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        let headers = request.environment().headers();
        // The host parsed them: each has a name and a value that HTTP allows.
        Ok(headers
            .iter_bytes()
            .filter_map(|(name, value)| {
                let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
                Some((name, HeaderValue::from_bytes(value).ok()?))
            })
            .collect())
    }
}

/// The path below the function's own base, with its query.
impl FromRequest for Uri {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        let environment = request.environment();
        let path = environment.path();
        let uri = match environment.query() {
            Some(query) => format!("{path}?{query}").parse(),
            None => path.parse(),
        };
        uri.map_err(|_| {
            Rejection::new(
                StatusCode::BAD_REQUEST,
                "invalid URI in the path of the request",
            )
        })
    }
}

impl FromRequest for http::Request<Data> {
    const BODY: bool = true;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        let mut whole = http::Request::new(request.take_body());
        *whole.method_mut() = Method::from_request(request)?;
        *whole.uri_mut() = Uri::from_request(request)?;
        *whole.headers_mut() = HeaderMap::from_request(request)?;
        Ok(whole)
    }
}
