//! From the `http` crate's types, and to them.

use functions_bytes::{Data, InvalidHeader};
use http::{Method, StatusCode, Uri};

use crate::{Error, Request, Response};

impl<T: Into<Data>> From<http::Request<T>> for Request {
    fn from(request: http::Request<T>) -> Self {
        let (head, body) = request.into_parts();
        let request = Self::new(head.uri.to_string(), head.method.as_str());
        request.with_headers(&head.headers).with_data(body.into())
    }
}

impl TryFrom<Request> for http::Request<Data> {
    type Error = Error;

    /// Fails for what could not be sent. The timeout and the limits have no place there, and are left
    /// out.
    fn try_from(request: Request) -> Result<Self, Error> {
        let request = request.checked()?;
        let method = Method::from_bytes(request.method.as_bytes());
        let uri = Uri::try_from(&request.url);
        let mut made = Self::new(request.body.unwrap_or_default());
        *made.method_mut() = method.map_err(|_| Error::InvalidMethod(request.method))?;
        *made.uri_mut() =
            uri.map_err(|why| Error::InvalidUrl(format!("{:?}: {why}", request.url)))?;
        *made.headers_mut() = request.headers.try_into()?;
        Ok(made)
    }
}

impl<T: Into<Data>> From<http::Response<T>> for Response {
    fn from(response: http::Response<T>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head.headers.into(),
            body: body.into(),
        }
    }
}

impl TryFrom<Response> for http::Response<Data> {
    type Error = Error;

    /// Fails for what no host gives: a status or a header that HTTP does not allow.
    fn try_from(response: Response) -> Result<Self, Error> {
        let status = StatusCode::from_u16(response.status)
            .map_err(|_| Error::Protocol(format!("{} is not a status", response.status)))?;
        let mut made = Self::new(response.body);
        *made.status_mut() = status;
        *made.headers_mut() = response.headers.try_into()?;
        Ok(made)
    }
}

impl From<InvalidHeader> for Error {
    fn from(error: InvalidHeader) -> Self {
        Self::InvalidHeader(error.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There and back, with repeated headers.
    #[test]
    fn round_trip() {
        let response = http::Response::builder()
            .status(202)
            .header("x", "1")
            .header("x", "2");
        let response = Response::from(response.body("body").unwrap());
        assert_eq!((response.status, response.headers.len()), (202, 2));
        let back = http::Response::<Data>::try_from(response).unwrap();
        assert_eq!(back.headers().get_all("x").iter().count(), 2);
        assert_eq!(back.into_body().into_bytes().unwrap(), b"body");

        let request = http::Request::put("https://a/b?c").header("x", "1");
        let request = Request::from(request.body("body").unwrap());
        assert_eq!((request.method(), request.url()), ("PUT", "https://a/b?c"));
        assert_eq!(request.headers().get("x"), Some("1"));
        let back = http::Request::<Data>::try_from(request).unwrap();
        assert_eq!((back.method(), back.headers().len()), (&Method::PUT, 1));
        assert_eq!(back.uri(), "https://a/b?c");
        assert_eq!(back.into_body().into_bytes().unwrap(), b"body");
    }

    /// What HTTP does not allow is named, as it is when it is sent.
    #[test]
    fn what_is_none_is_refused() {
        let refused = |request| http::Request::<Data>::try_from(request).unwrap_err();
        let error = refused(Request::new("http://a", "A B"));
        assert!(matches!(error, Error::InvalidMethod(method) if method == "A B"));
        let error = refused(Request::get("a b"));
        assert!(matches!(error, Error::InvalidUrl(_)));
        let error = refused(Request::get("http://a").header("a b", "x"));
        assert!(matches!(error, Error::InvalidHeader(name) if name == "a b"));
        let response = Response::new(200).header("x", "a\nb");
        let error = http::Response::<Data>::try_from(response).unwrap_err();
        assert!(matches!(error, Error::InvalidHeader(name) if name == "x"));
    }
}
