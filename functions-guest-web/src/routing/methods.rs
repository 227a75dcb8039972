use std::fmt;

use http::Method;

use super::RouteError;
use super::middleware::{Direct, Layer, Next, layer, layered};
use crate::handler::{BoxedHandler, Handler, HandlerArguments, HandlerOutput, boxed};
use crate::request::Request;

/// The handlers of one path, by method: `get(show).put(update)`.
///
/// Made by [`get`], [`post`] and the like, for [`Router::route`](crate::Router::route). A handler is
/// what [`invoke!`](crate::invoke!) takes, or a closure of that shape.
#[must_use]
#[cfg_attr(docsrs, doc(cfg(feature = "router")))]
pub struct MethodRouter {
    handlers: Vec<(Method, BoxedHandler)>,
    any: Option<BoxedHandler>,
    /// Whether there was more than one for any method.
    any_twice: bool,
    /// Around all of the above, the last one outermost.
    pub(super) layers: Vec<Layer>,
}

macro_rules! methods {
    ($($name:ident $method:ident $label:literal,)*) => {$(
        #[doc = concat!("Answers `", $label, "` with a handler.")]
        ///
        /// ```
        /// use functions_guest_web::testing::TestRequest;
        /// use functions_guest_web::Router;
        #[doc = concat!("use functions_guest_web::routing::", stringify!($name), ";")]
        ///
        /// fn app() -> Router {
        #[doc = concat!("    Router::new().route(\"/\", ", stringify!($name), "(|| \"done\"))")]
        /// }
        #[doc = concat!(
            "assert_eq!(TestRequest::new(\"", $label, "\", \"/\").call(app).status(), 200);"
        )]
        /// ```
        #[cfg_attr(docsrs, doc(cfg(feature = "router")))]
        pub fn $name<H, Args, Kind>(handler: H) -> MethodRouter
        where
            H: Handler<Args> + 'static,
            Args: HandlerArguments,
            H::Output: HandlerOutput<Kind> + 'static,
        {
            MethodRouter::new().on(Method::$method, boxed(handler))
        }
    )*

    impl MethodRouter {$(
        #[doc = concat!("Answers `", $label, "` with a handler, too.")]
        pub fn $name<H, Args, Kind>(self, handler: H) -> Self
        where
            H: Handler<Args> + 'static,
            Args: HandlerArguments,
            H::Output: HandlerOutput<Kind> + 'static,
        {
            self.on(Method::$method, boxed(handler))
        }
    )*}};
}

methods! {
    get GET "GET",
    post POST "POST",
    put PUT "PUT",
    patch PATCH "PATCH",
    delete DELETE "DELETE",
    options OPTIONS "OPTIONS",
    head HEAD "HEAD",
}

/// Answers every method with a handler.
///
/// ```
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::Router;
/// use functions_guest_web::routing::any;
/// use http::Method;
///
/// fn app() -> Router {
///     Router::new().route("/", any(|method: Method| method.to_string()))
/// }
/// assert_eq!(TestRequest::delete("/").call(app).text(), "DELETE");
/// assert_eq!(TestRequest::new("PURGE", "/").call(app).text(), "PURGE");
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "router")))]
pub fn any<H, Args, Kind>(handler: H) -> MethodRouter
where
    H: Handler<Args> + 'static,
    Args: HandlerArguments,
    H::Output: HandlerOutput<Kind> + 'static,
{
    MethodRouter::new().any(handler)
}

impl MethodRouter {
    fn new() -> Self {
        Self {
            handlers: Vec::new(),
            any: None,
            any_twice: false,
            layers: Vec::new(),
        }
    }

    fn on(mut self, method: Method, handler: BoxedHandler) -> Self {
        self.handlers.push((method, handler));
        self
    }

    /// Answers all the methods that have no handler of their own.
    pub fn any<H, Args, Kind>(mut self, handler: H) -> Self
    where
        H: Handler<Args> + 'static,
        Args: HandlerArguments,
        H::Output: HandlerOutput<Kind> + 'static,
    {
        self.any_twice |= self.any.replace(boxed(handler)).is_some();
        self
    }

    /// Runs a middleware around the handlers of this path that were added before; see
    /// [`Router::layer`](crate::Router::layer).
    pub fn layer<M, O, Kind>(mut self, middleware: M) -> Self
    where
        M: Fn(Request, Next) -> O + 'static,
        O: HandlerOutput<Kind> + 'static,
        Kind: Direct,
    {
        self.layers.push(layer(middleware));
        self.with_layers_inside()
    }

    /// The handlers of another router, too, for the same path.
    pub(super) fn merge(self, other: Self) -> Self {
        let (mut one, other) = (self.with_layers_inside(), other.with_layers_inside());
        one.handlers.extend(other.handlers);
        one.any_twice |= other.any_twice || (one.any.is_some() && other.any.is_some());
        one.any = one.any.or(other.any);
        one
    }

    /// The same, with the layers around each handler: what is added later has none of them.
    fn with_layers_inside(mut self) -> Self {
        let layers = std::mem::take(&mut self.layers);
        if !layers.is_empty() {
            let handlers = self.handlers.into_iter();
            self.handlers = handlers
                .map(|(method, handler)| (method, layered(&layers, handler)))
                .collect();
            self.any = self.any.map(|handler| layered(&layers, handler));
        }
        self
    }

    /// Whether each method has one handler at most.
    pub(super) fn check(&self, path: &str) -> Result<(), RouteError> {
        if self.any_twice {
            return Err(RouteError::twice(path, None));
        }
        for (place, (method, _)) in self.handlers.iter().enumerate() {
            if self
                .handlers
                .iter()
                .skip(place + 1)
                .any(|(other, _)| other == method)
            {
                return Err(RouteError::twice(path, Some(method)));
            }
        }
        Ok(())
    }

    pub(super) fn has(&self, method: &Method) -> bool {
        self.handlers.iter().any(|(known, _)| known == method)
    }

    pub(super) fn take(&mut self, method: &Method) -> Option<BoxedHandler> {
        let place = self
            .handlers
            .iter()
            .position(|(known, _)| known == method)?;
        Some(self.handlers.swap_remove(place).1)
    }

    pub(super) fn take_any(&mut self) -> Option<BoxedHandler> {
        self.any.take()
    }
}

/// Shows the methods.
impl fmt::Debug for MethodRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods = self.handlers.iter().map(|(method, _)| method.as_str());
        f.debug_list()
            .entries(methods.chain(self.any.is_some().then_some("any")))
            .finish()
    }
}
