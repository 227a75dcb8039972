//! Routes: path and method decide which of a function's handlers answers.
//!
//! [`Router`] is where to begin.

mod answer;
mod error;
mod methods;
mod middleware;

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

pub use error::RouteError;
#[cfg(test)]
mod tests;

pub use methods::{MethodRouter, any, delete, get, head, options, patch, post, put};
pub use middleware::{Next, Running};

use self::middleware::{Direct, Layer, layer, layered};
use crate::handler::{BoxedHandler, Handler, HandlerArguments, HandlerOutput, boxed};
use crate::request::{Request, State};

/// Handlers by path and method. A function that returns one is a handler: the router answers the
/// request.
///
/// ```
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::routing::{get, post};
/// use functions_guest_web::{Path, Router, invoke};
///
/// invoke!(app);
/// fn app() -> Router {
///     Router::new()
///         .route("/users", get(list).post(create))
///         .route("/users/{id}", get(show))
/// }
///
/// fn list() -> &'static str {
///     "Ada, Grace"
/// }
///
/// async fn create(name: String) -> String {
///     format!("hello, {name}")
/// }
///
/// fn show(Path(id): Path<u64>) -> String {
///     format!("user {id}")
/// }
///
/// assert_eq!(TestRequest::get("/users/7").call(app).text(), "user 7");
/// assert_eq!(TestRequest::get("/").call(app).status(), 404);
///
/// let response = TestRequest::delete("/users").call(app);
/// assert_eq!(response.status(), 405);
/// assert_eq!(response.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
/// ```
///
/// # Paths
///
/// `{name}` matches a segment, or a part of one between fixed text (`/img-{id}.png`), and `{*name}`
/// all the rest, which is not empty. Fixed text wins over parameters. `{{` and `}}` are braces.
/// [`Path`](crate::Path) takes what was matched.
///
/// Routes are compared with the path as it was sent. So a trailing slash makes another path:
/// `/users` does not match `/users/`.
///
/// # Methods
///
/// `HEAD` is answered by the handler of `GET`, unless it has one of its own, and its body is left
/// out. `OPTIONS` is answered with 204 and the methods there are, unless it has a handler. Any other
/// method without one gets a 405 with the methods there are, and a path without a route a 404, both
/// as problem documents (RFC 9457); see [`fallback`](Router::fallback).
///
/// # State
///
/// [`with_state`](Router::with_state) gives handlers a value. They may also be closures, and take
/// what they need with them:
///
/// ```
/// use std::rc::Rc;
/// use functions_guest_web::routing::get;
/// use functions_guest_web::{Path, Router, WebEnvironment};
///
/// // What the router's own function takes is there for all of its handlers; but not the body.
/// fn app(env: WebEnvironment) -> Router {
///     let greeting: Rc<str> = env.variable("greeting").unwrap_or("Hello").into();
///     let again = Rc::clone(&greeting);
///     Router::new()
///         .route("/", get(move || greeting.to_string()))
///         .route("/{name}", get(move |Path(name): Path<String>| format!("{again}, {name}!")))
/// }
/// ```
///
/// A function has a fresh instance for each request, so the state is the request's own. The router
/// is built anew as well: two to three microseconds for ten routes. A handler that is a plain `fn`
/// takes no allocation.
///
/// # Errors
///
/// The compiler does not see routes that conflict or are malformed. A native test that calls such a
/// router panics with the route and the reason, whatever it requests, and [`check`](Router::check)
/// returns them. On a host the router answers every request with 500, and the log has the reason.
#[must_use]
#[derive(Default)]
#[cfg_attr(docsrs, doc(cfg(feature = "router")))]
pub struct Router {
    routes: Vec<(Cow<'static, str>, MethodRouter)>,
    /// What answers where no route does, by the prefix it was nested at.
    fallbacks: Vec<(Cow<'static, str>, BoxedHandler)>,
    /// Around the 404 of the router itself, where it has no fallback; the last one outermost.
    layers: Vec<Layer>,
    /// The first thing that was wrong with what is not in `routes`.
    wrong: Option<RouteError>,
}

impl Router {
    /// One without routes: every path is a 404.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route: a path and what answers there, by method. Several for one path are one, as long
    /// as they have different methods.
    pub fn route(mut self, path: impl Into<Cow<'static, str>>, methods: MethodRouter) -> Self {
        self.add(path.into(), methods);
        self
    }

    fn add(&mut self, path: Cow<'static, str>, methods: MethodRouter) {
        let known = self.routes.iter().position(|(known, _)| *known == path);
        let methods = match known.map(|place| self.routes.remove(place)) {
            Some((_, before)) => before.merge(methods),
            None => methods,
        };
        self.routes.push((path, methods));
    }

    /// Adds all the routes of another router, and its fallback, of which only one may have one.
    ///
    /// ```
    /// use functions_guest_web::Router;
    /// use functions_guest_web::routing::{get, post};
    /// use functions_guest_web::testing::TestRequest;
    ///
    /// fn reading() -> Router {
    ///     Router::new().route("/notes", get(|| "all notes"))
    /// }
    ///
    /// fn writing() -> Router {
    ///     Router::new().route("/notes", post(|note: String| note))
    /// }
    ///
    /// let app = || reading().merge(writing());
    /// assert_eq!(TestRequest::get("/notes").call(app).text(), "all notes");
    /// assert_eq!(TestRequest::post("/notes").body("buy milk").call(app).text(), "buy milk");
    /// ```
    pub fn merge(mut self, router: Router) -> Self {
        for (path, methods) in router.routes {
            self.add(path, methods);
        }
        for (prefix, handler) in router.fallbacks {
            if self.fallbacks.iter().any(|(known, _)| *known == prefix) {
                let why = "has a fallback in each of the routers that are merged";
                self.wrong
                    .get_or_insert(RouteError::new(&format!("{prefix}/"), why));
            }
            self.fallbacks.push((prefix, handler));
        }
        if let Some(wrong) = router.wrong {
            self.wrong.get_or_insert(wrong);
        }
        self
    }

    /// Runs a middleware around everything that was added before: routes, fallbacks, the 404 and 405
    /// of the router itself. The middleware that is added last runs first.
    ///
    /// A middleware is a `fn` or `async fn`, or a closure, that takes the request and what comes
    /// [`Next`]. It returns what a handler may return.
    ///
    /// ```
    /// use functions_guest_web::routing::{Next, get};
    /// use functions_guest_web::testing::TestRequest;
    /// use functions_guest_web::{Request, Router, WebResponse, invoke};
    /// use http::StatusCode;
    ///
    /// async fn guard(request: Request, next: Next) -> Result<WebResponse, StatusCode> {
    ///     if request.environment().headers().get("x-key") != Some("secret") {
    ///         return Err(StatusCode::UNAUTHORIZED);
    ///     }
    ///     Ok(next.run(request).await.header("x-guarded", "yes"))
    /// }
    ///
    /// invoke!(app);
    /// fn app() -> Router {
    ///     Router::new().route("/", get(|| "inside")).layer(guard)
    /// }
    ///
    /// assert_eq!(TestRequest::get("/").call(app).status(), 401);
    /// let response = TestRequest::get("/").header("x-key", "secret").call(app);
    /// assert_eq!((response.text(), response.header("x-guarded")), ("inside", Some("yes")));
    /// ```
    ///
    /// A response that a handler streams is sent before the middleware gets it: it cannot be changed
    /// any more. Layers of the tower ecosystem go around a [`Tower`](crate::Tower) service.
    pub fn layer<M, O, Kind>(mut self, middleware: M) -> Self
    where
        M: Fn(Request, Next) -> O + 'static,
        O: HandlerOutput<Kind> + 'static,
        Kind: Direct,
    {
        let layer = layer(middleware);
        for (_, methods) in &mut self.routes {
            methods.layers.push(Rc::clone(&layer));
        }
        let fallbacks = std::mem::take(&mut self.fallbacks).into_iter();
        self.fallbacks = fallbacks
            .map(|(prefix, handler)| (prefix, layered(std::slice::from_ref(&layer), handler)))
            .collect();
        self.layers.push(layer);
        self
    }

    /// Gives a value to everything that was added before: handlers and middleware take it with
    /// [`State`]. One of each type may be given.
    pub fn with_state<S: Clone + Send + Sync + 'static>(self, state: S) -> Self {
        self.layer(move |mut request: Request, next: Next| {
            request.extensions_mut().insert(State(state.clone()));
            next.run(request)
        })
    }

    /// Adds all the routes of another router below a prefix, which may have parameters.
    ///
    /// Its `/` is the prefix itself, without a slash. Its fallback answers below the prefix only.
    /// The handlers see the whole path, and with [`Path`](crate::Path) the prefix's parameters, too.
    ///
    /// ```
    /// use functions_guest_web::testing::TestRequest;
    /// use functions_guest_web::routing::get;
    /// use functions_guest_web::{Path, Router};
    ///
    /// fn team() -> Router {
    ///     Router::new()
    ///         .route("/", get(|Path(team): Path<String>| team))
    ///         .route("/members/{id}", get(|Path(ids): Path<(String, u64)>| format!("{ids:?}")))
    /// }
    ///
    /// fn app() -> Router {
    ///     Router::new().nest("/teams/{team}", team())
    /// }
    ///
    /// assert_eq!(TestRequest::get("/teams/red").call(app).text(), "red");
    /// assert_eq!(TestRequest::get("/teams/red/members/7").call(app).text(), r#"("red", 7)"#);
    /// ```
    pub fn nest(mut self, prefix: &str, router: Router) -> Self {
        if !prefix.starts_with('/') || prefix.ends_with('/') || prefix.contains("{*") {
            let why = "is not a prefix: expected a path that starts with `/`, does not end with `/`, and has no `{*`";
            self.wrong.get_or_insert(RouteError::new(prefix, why));
            return self;
        }
        for (path, methods) in router.routes {
            // What does not start with a slash is malformed, and must not be healed.
            let path = match path.as_ref() {
                "/" => prefix.to_owned(),
                path if path.starts_with('/') => format!("{prefix}{path}"),
                path => path.to_owned(),
            };
            self.add(path.into(), methods);
        }
        for (below, handler) in router.fallbacks {
            self.fallbacks
                .push((format!("{prefix}{below}").into(), handler));
        }
        if let Some(wrong) = router.wrong {
            self.wrong.get_or_insert(wrong);
        }
        self
    }

    /// Sets the handler for paths that no route matches, instead of a 404. The last one counts.
    ///
    /// ```
    /// use functions_guest_web::testing::TestRequest;
    /// use functions_guest_web::{Router, WebEnvironment};
    /// use http::StatusCode;
    ///
    /// fn lost(env: WebEnvironment) -> (StatusCode, String) {
    ///     (StatusCode::NOT_FOUND, format!("{} is not here", env.path()))
    /// }
    ///
    /// let response = TestRequest::get("/x").call(|| Router::new().fallback(lost));
    /// assert_eq!((response.status(), response.text()), (404, "/x is not here"));
    /// ```
    pub fn fallback<H, Args, Kind>(mut self, handler: H) -> Self
    where
        H: Handler<Args> + 'static,
        Args: HandlerArguments,
        H::Output: HandlerOutput<Kind> + 'static,
    {
        self.fallbacks.retain(|(prefix, _)| !prefix.is_empty());
        self.fallbacks.push((Cow::Borrowed(""), boxed(handler)));
        self
    }

    /// Whether all routes are well-formed, and none conflicts with another; for a test.
    ///
    /// ```
    /// use functions_guest_web::Router;
    /// use functions_guest_web::routing::get;
    ///
    /// let router = Router::new()
    ///     .route("/users/{id}", get(|| "by id"))
    ///     .route("/users/{name}", get(|| "by name"));
    /// assert_eq!(
    ///     router.check().unwrap_err().to_string(),
    ///     "the route `/users/{name}` conflicts with `/users/{id}`",
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// The first route that is wrong, and why.
    pub fn check(&self) -> Result<(), RouteError> {
        self.tree().map(drop)
    }
}

/// Shows the routes.
impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.routes.iter().map(|(path, methods)| (path, methods));
        f.debug_map().entries(routes).finish()
    }
}
