use std::ops::{Deref, DerefMut};

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::{FromRequest, Rejection, Request};
use crate::parameters::{Fault, path};

/// The parameters that the [`Router`](crate::Router)'s route matched in the path, decoded.
///
/// | route | argument |
/// |---|---|
/// | `/users/{id}` | `Path<u64>` |
/// | `/users/{id}/files/{*file}` | `Path<(u64, String)>`, in their order |
/// | any | `Path<T>` of a struct with fields of these names, or of a map |
/// | any | `Path<Vec<(String, String)>>`, names and values in their order |
///
/// Each is percent-decoded on its own, so that a `%2F` in it is part of the value. `Option<Path<T>>` is `None` on
/// a route without parameters.
///
/// ```
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::routing::get;
/// use functions_guest_web::{Path, Router, invoke};
///
/// fn show(Path((user, file)): Path<(u64, String)>) -> String {
///     format!("{file} of {user}")
/// }
///
/// invoke!(app);
/// fn app() -> Router {
///     Router::new().route("/users/{id}/files/{*file}", get(show))
/// }
///
/// let response = TestRequest::get("/users/7/files/a/b%20c").call(app);
/// assert_eq!(response.text(), "a/b c of 7");
///
/// let response = TestRequest::get("/users/me/files/a").call(app);
/// assert_eq!(response.status(), 400);
/// assert!(response.text().contains("the path parameter `id` is not a whole number: `me`"));
/// ```
///
/// # Errors
///
/// 400, saying which parameter is wrong, and why. 500, with the reason in the log, where no request
/// could fit: outside of a router, when the route has other parameters than the type, or for a number
/// below `#[serde(flatten)]`, for which serde offers the text only. The same holds for numbers in an
/// `#[serde(untagged)]` enum: none of its variants fits then, and the answer is 400.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(docsrs, doc(cfg(feature = "router")))]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        let Some(parameters) = &request.path_parameters else {
            return Err(Rejection::misused(
                "`Path` cannot be used here: the handler is not behind a `Router`'s route",
            ));
        };
        path::decode(parameters).map(Self).map_err(|error| {
            let detail = error.detail("path");
            match error.fault() {
                Fault::Value => Rejection::new(StatusCode::BAD_REQUEST, detail),
                // The names are the route's, and not the sender's.
                Fault::Name | Fault::Program => Rejection::misused(&format!(
                    "`Path` does not fit the route of its handler: {detail}"
                )),
            }
        })
    }

    /// `None` outside of a router, and on a route without parameters, so that one handler may have a route with
    /// and one without; parameters that do not decode are refused.
    fn optional_from_request(request: &mut Request) -> Result<Option<Self>, Rejection> {
        match &request.path_parameters {
            None => Ok(None),
            // A unit or a list decodes from no parameters, too.
            Some(none) if none.is_empty() => Ok(path::decode(none).ok().map(Self)),
            Some(_) => Self::from_request(request).map(Some),
        }
    }
}

impl<T> Deref for Path<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Path<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
