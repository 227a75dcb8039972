use std::error::Error;
use std::fmt;

use http::Method;
use matchit::InsertError;

/// An invalid route of a [`Router`](crate::Router); see
/// [`Router::check`](crate::Router::check).
///
/// ```
/// use functions_guest_web::Router;
/// use functions_guest_web::routing::get;
///
/// let router = Router::new().route("users", get(|| "Ada"));
/// let error = router.check().unwrap_err();
/// assert_eq!(error.path(), "users");
/// assert_eq!(error.to_string(), "the route `users` does not start with `/`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(docsrs, doc(cfg(feature = "router")))]
pub struct RouteError {
    path: String,
    why: String,
}

impl RouteError {
    #[cold]
    pub(super) fn new(path: &str, why: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            why: why.into(),
        }
    }

    #[cold]
    pub(super) fn twice(path: &str, method: Option<&Method>) -> Self {
        let method = method.map_or("any method", Method::as_str);
        Self::new(path, format!("has two handlers for {method}"))
    }

    #[cold]
    pub(super) fn of(path: &str, error: InsertError) -> Self {
        let why = match error {
            InsertError::Conflict { with } if with == path => {
                "is declared twice: give all its methods at once, as in `get(show).put(update)`"
                    .into()
            }
            InsertError::Conflict { with } => format!("conflicts with `{with}`"),
            InsertError::InvalidParamSegment => "has two parameters in one segment".into(),
            InsertError::InvalidParam => {
                "has a parameter without a name, or an unmatched brace".into()
            }
            InsertError::InvalidCatchAll => {
                "has text after `{*`, which matches the rest of the path".into()
            }
            other => format!("is malformed: {other}"),
        };
        Self::new(path, why)
    }

    /// The path of the route.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the route `{}` {}", self.path, self.why)
    }
}

impl Error for RouteError {}
