//! Values that a router or a middleware has for the handlers.

use std::any::type_name;

use super::{FromRequest, Rejection, Request};

/// The value that [`Router::with_state`](crate::Router::with_state) was given, cloned.
///
/// A function has a fresh instance for each request, so the state is the request's own: clients,
/// configuration, what the router's own function has read. It does not outlive the request.
///
/// ```
/// use functions_guest_web::routing::get;
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::{Router, State, invoke};
///
/// #[derive(Clone)]
/// struct App {
///     greeting: &'static str,
/// }
///
/// invoke!(app);
/// fn app() -> Router {
///     Router::new().route("/", get(greet)).with_state(App { greeting: "Hello" })
/// }
///
/// fn greet(State(app): State<App>) -> &'static str {
///     app.greeting
/// }
///
/// assert_eq!(TestRequest::get("/").call(app).text(), "Hello");
/// ```
///
/// # Errors
///
/// 500, with the reason in the log, where no router around the handler has a state of this type. Other
/// than in axum, the compiler does not see that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(docsrs, doc(cfg(feature = "router")))]
pub struct State<S>(pub S);

impl<S: Clone + Send + Sync + 'static> FromRequest for State<S> {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        match request.extensions().get::<Self>() {
            Some(state) => Ok(state.clone()),
            None => Err(Rejection::misused(&format!(
                "`State<{}>` is missing: give it to the router with `with_state`",
                type_name::<S>()
            ))),
        }
    }
}

/// A value that a middleware has put into [`Request::extensions_mut`], cloned.
///
/// ```
/// use functions_guest_web::routing::{Next, get};
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::{Extension, Request, Router, WebResponse, WebResult, invoke};
///
/// #[derive(Clone)]
/// struct User(String);
///
/// fn identify(mut request: Request, next: Next) -> WebResponse {
///     let name = request.environment().headers().get("x-user").unwrap_or("nobody");
///     let user = User(name.to_owned());
///     request.extensions_mut().insert(user);
///     next.run(request).wait()
/// }
///
/// invoke!(app);
/// fn app() -> Router {
///     Router::new().route("/", get(whoami)).layer(identify)
/// }
///
/// fn whoami(Extension(User(name)): Extension<User>) -> String {
///     name
/// }
///
/// assert_eq!(TestRequest::get("/").header("x-user", "Ada").call(app).text(), "Ada");
/// ```
///
/// # Errors
///
/// 500, with the reason in the log, when no value of this type is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(docsrs, doc(cfg(feature = "router")))]
pub struct Extension<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromRequest for Extension<T> {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        match request.extensions().get::<T>() {
            Some(value) => Ok(Self(value.clone())),
            None => Err(Rejection::misused(&format!(
                "`Extension<{}>` is missing: no middleware has put one into the request",
                type_name::<T>()
            ))),
        }
    }

    /// `None` where no middleware has put one into the request.
    fn optional_from_request(request: &mut Request) -> Result<Option<Self>, Rejection> {
        Ok(request.extensions().get::<T>().cloned().map(Self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Next, get};
    use crate::testing::TestRequest;
    use crate::{Router, WebResponse};

    /// A value that no middleware puts there may be optional, as in axum; a missing state is the author's fault.
    #[test]
    fn extensions_may_be_optional() {
        fn handler(user: Option<Extension<u8>>) -> String {
            format!("{:?}", user.map(|Extension(user)| user))
        }
        fn identify(mut request: Request, next: Next) -> WebResponse {
            request.extensions_mut().insert(7_u8);
            next.run(request).wait()
        }
        fn app() -> Router {
            let with = Router::new().route("/with", get(handler)).layer(identify);
            with.route("/without", get(handler))
                .route("/required", get(|Extension(_): Extension<u8>| ()))
                .route("/state", get(|_: Option<State<u8>>| ()))
        }
        assert_eq!(TestRequest::get("/with").call(app).text(), "Some(7)");
        assert_eq!(TestRequest::get("/without").call(app).text(), "None");
        assert_eq!(TestRequest::get("/required").call(app).status(), 500);
        assert_eq!(TestRequest::get("/state").call(app).status(), 500);
    }
}
