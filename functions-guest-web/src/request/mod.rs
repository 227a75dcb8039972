//! What a handler takes.

mod body;
mod optional;
mod parts;
#[cfg(feature = "router")]
mod path;
#[cfg(feature = "query")]
mod query;
mod rejection;

#[cfg(feature = "router")]
pub use path::Path;
#[cfg(feature = "query")]
pub use query::Query;
pub use rejection::Rejection;

use std::cell::OnceCell;

use functions_bytes::Data;

use crate::WebEnvironment;

/// The request that a function is answering: its body, and what is known around it.
#[derive(Debug)]
pub struct Request {
    body: Option<Data>,
    environment: OnceCell<WebEnvironment>,
    /// What the router matched in the path, in order; none before a route was found.
    path_parameters: Option<Vec<(String, String)>>,
}

impl Request {
    pub(crate) fn new(body: Data) -> Self {
        Self {
            body: Some(body),
            environment: OnceCell::new(),
            path_parameters: None,
        }
    }

    /// Takes the body; there is none left afterwards.
    pub fn take_body(&mut self) -> Data {
        self.body.take().unwrap_or_default()
    }

    /// The environment; the same for all extractors, so that none asks the host twice.
    #[must_use]
    pub fn environment(&self) -> &WebEnvironment {
        self.environment.get_or_init(WebEnvironment::load)
    }

    /// What the router matched in the path, decoded, in order.
    #[must_use]
    pub fn path_parameters(&self) -> &[(String, String)] {
        self.path_parameters.as_deref().unwrap_or_default()
    }

    #[cfg(feature = "router")]
    pub(crate) fn set_path_parameters(&mut self, parameters: Vec<(String, String)>) {
        self.path_parameters = Some(parameters);
    }
}

/// An argument of a handler: something that a request can be turned into.
///
/// | argument | is |
/// |---|---|
/// | `Data` | the body, as a handle |
/// | `Vec<u8>`, `bytes::Bytes`, `String` | the body, copied into the function |
/// | `Json<T>` and the other encodings | the body, decoded |
/// | `Query<T>`, with the feature `query` | the query, decoded |
/// | `Path<T>`, with the feature `router` | what the route matched in the path, decoded |
/// | [`WebEnvironment`] | everything but the body |
/// | `http::Method`, `http::HeaderMap` | that part of the request |
/// | `http::Request<Data>` | all of it, for code that speaks the `http` crate |
/// | `Option<T>` | one of these, or `None` when it is refused |
/// | `Result<T, Rejection>` | one of these, or why it is refused |
///
/// A handler takes up to eight, of which one may take the body. Implement it for a type of your own:
///
/// ```
/// use functions_guest_web::{FromRequest, Rejection, Request, invoke};
/// use http::StatusCode;
///
/// /// Who asks, as the gateway in front of us says.
/// struct User(String);
///
/// impl FromRequest for User {
///     fn from_request(request: &mut Request) -> Result<Self, Rejection> {
///         match request.environment().headers().get("x-user") {
///             Some(user) => Ok(Self(user.to_owned())),
///             None => Err(Rejection::new(StatusCode::UNAUTHORIZED, "who are you?")),
///         }
///     }
/// }
///
/// invoke!(hello);
/// fn hello(User(name): User, body: String) -> String {
///     format!("{name} says {body}")
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a web function cannot take `{Self}` as an argument",
    label = "a request cannot be turned into this",
    note = "take `Data`, `Vec<u8>`, `String`, `Json<T>` (which needs `T: serde::Deserialize`), `WebEnvironment`, or implement `FromRequest`"
)]
pub trait FromRequest: Sized {
    /// Whether this takes the body, which can be taken only once.
    const BODY: bool = false;

    /// Makes the argument, or refuses the request.
    ///
    /// # Errors
    ///
    /// A [`Rejection`], which becomes the response; the handler is not run.
    fn from_request(request: &mut Request) -> Result<Self, Rejection>;
}
