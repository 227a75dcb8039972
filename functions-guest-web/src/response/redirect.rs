use http::StatusCode;

use super::{IntoResponse, WebResponse};

/// Sends the client elsewhere.
///
/// The target is a URI, or the part of one that differs: `/login`, `?page=2`. Relative ones start
/// from the path that the client asked for, which includes where the function is served.
///
/// ```
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::{Redirect, invoke};
///
/// invoke!(submit);
/// fn submit(form: String) -> Redirect {
///     Redirect::see_other("thanks")
/// }
///
/// let response = TestRequest::post("/").call(submit);
/// assert_eq!((response.status(), response.header("location")), (303, Some("thanks")));
/// ```
///
/// # Errors
///
/// A target with a control character in it, such as a line break, is answered with 500 instead.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Redirect {
    status: StatusCode,
    target: String,
}

impl Redirect {
    /// 303, as [`see_other`](Self::see_other): the name that axum has for it.
    pub fn to(target: impl Into<String>) -> Self {
        Self::see_other(target)
    }

    /// 303: what was asked for is done, and its result is there. The client asks with `GET`.
    pub fn see_other(target: impl Into<String>) -> Self {
        Self::with(StatusCode::SEE_OTHER, target.into())
    }

    /// 307: ask there this time, with the same method and body.
    pub fn temporary(target: impl Into<String>) -> Self {
        Self::with(StatusCode::TEMPORARY_REDIRECT, target.into())
    }

    /// 308: ask there from now on, with the same method and body. Clients remember it.
    pub fn permanent(target: impl Into<String>) -> Self {
        Self::with(StatusCode::PERMANENT_REDIRECT, target.into())
    }

    fn with(status: StatusCode, target: String) -> Self {
        Self { status, target }
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> WebResponse {
        self.status.into_response().header("location", self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestRequest;

    /// Each way to redirect has its status, and the target as it was given.
    #[test]
    fn statuses_and_targets() {
        let way = |redirect: fn(&'static str) -> Redirect| {
            let response = TestRequest::get("/").call(|| redirect("/é?a=b#c"));
            assert_eq!(response.header("location"), Some("/é?a=b#c"));
            assert!(response.bytes().is_empty());
            response.status()
        };
        assert_eq!(way(Redirect::to), 303);
        assert_eq!(way(Redirect::see_other), 303);
        assert_eq!(way(Redirect::temporary), 307);
        assert_eq!(way(Redirect::permanent), 308);
    }

    /// A target cannot bring headers of its own.
    #[test]
    fn targets_cannot_inject_headers() {
        let response =
            TestRequest::get("/").call(|| Redirect::see_other("/\r\nset-cookie: a=b".to_owned()));
        assert_eq!(
            (response.status(), response.header("location")),
            (500, None)
        );
    }
}
