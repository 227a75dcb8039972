//! Extractors: everything that a handler can take.

mod body;
mod parts;
#[cfg(feature = "router")]
mod path;
#[cfg(feature = "query")]
mod query;
mod rejection;
#[cfg(feature = "router")]
mod state;
mod strict;

#[cfg(feature = "router")]
pub use path::Path;
#[cfg(feature = "query")]
pub use query::Query;
pub use rejection::Rejection;
#[cfg(feature = "router")]
pub use state::{Extension, State};
pub use strict::{MediaType, Strict};

use std::cell::OnceCell;

use functions_bytes::Data;

use crate::WebEnvironment;

/// The request that a function is answering: its body, and what is known around it.
#[derive(Debug)]
pub struct Request {
    body: Option<Data>,
    /// Whether the body was asked for when it was gone already.
    body_taken_twice: bool,
    environment: OnceCell<WebEnvironment>,
    /// The parameters that the router matched in the path, in order; `None` before a route was found.
    path_parameters: Option<Vec<(String, String)>>,
    /// The default `from_request` has called the default `from_request_async`, or will have to stop.
    defaulted: bool,
    /// Values of middleware for the handlers.
    #[cfg(feature = "router")]
    extensions: http::Extensions,
}

impl Request {
    pub(crate) fn new(body: Data) -> Self {
        Self {
            body: Some(body),
            body_taken_twice: false,
            environment: OnceCell::new(),
            path_parameters: None,
            defaulted: false,
            #[cfg(feature = "router")]
            extensions: http::Extensions::new(),
        }
    }

    /// Takes the body, which can be taken only once.
    ///
    /// A second time it is empty, and the request is answered with 500: the handler does not run, and
    /// the log says why.
    pub fn take_body(&mut self) -> Data {
        self.body_taken_twice |= self.body.is_none();
        self.body.take().unwrap_or_default()
    }

    /// Replaces the body. A middleware that reads the body gives it back this way.
    pub fn set_body(&mut self, body: impl Into<Data>) {
        self.body = Some(body.into());
    }

    /// Whether the body is there and has no bytes. Where its length is not known, reads it: a body of
    /// more than `limit` bytes is refused.
    fn is_without_body(&mut self, limit: u64) -> Result<bool, Rejection> {
        let length = self.body.as_ref().map(Data::len);
        if length == Some(None) {
            let body = self.body.take().unwrap_or_default();
            self.body = Some(body.into_bytes_up_to(limit)?.into());
        }
        Ok(self.body.as_ref().and_then(Data::is_empty) == Some(true))
    }

    /// What was extracted from this request, unless its body was taken twice for it: then neither what
    /// was made of an empty body counts, nor what was wrong with that.
    pub(crate) fn unless_taken_twice<T>(
        &self,
        extracted: Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        if self.body_taken_twice {
            return Err(Rejection::misused(
                "the request's body was taken twice: only one argument of a handler can take the body, and none of a \
                 router's handlers when the router's own function takes it",
            ));
        }
        extracted
    }

    /// The environment; the same for all extractors, so that none asks the host twice.
    #[must_use]
    pub fn environment(&self) -> &WebEnvironment {
        self.environment.get_or_init(WebEnvironment::load)
    }

    /// The parameters that the router matched in the path, decoded, in order.
    #[must_use]
    pub fn path_parameters(&self) -> &[(String, String)] {
        self.path_parameters.as_deref().unwrap_or_default()
    }

    /// Values that middleware has put there for the handler; [`Extension`] takes one.
    #[cfg(feature = "router")]
    #[cfg_attr(docsrs, doc(cfg(feature = "router")))]
    #[must_use]
    pub fn extensions(&self) -> &http::Extensions {
        &self.extensions
    }

    /// As [`extensions`](Request::extensions), to be changed.
    #[cfg(feature = "router")]
    #[cfg_attr(docsrs, doc(cfg(feature = "router")))]
    #[must_use]
    pub fn extensions_mut(&mut self) -> &mut http::Extensions {
        &mut self.extensions
    }

    /// The rest of a request that was passed on: no body.
    #[cfg(feature = "router")]
    pub(crate) fn spent() -> Self {
        let mut spent = Self::new(Data::default());
        spent.body = None;
        spent
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
/// | `Json<T>` and the other encodings | the body, decoded; for `Form<T>` in a `GET` without a body, the query |
/// | [`Strict<Json<T>>`](Strict) | the same, or 415 for another content type |
/// | `Multipart`, with the feature `multipart` | the body, field by field |
/// | `Query<T>`, with the feature `query` | the query, decoded |
/// | `Path<T>`, with the feature `router` | what the route matched in the path, decoded |
/// | `State<S>`, with the feature `router` | what the router was given for its handlers |
/// | `Extension<T>`, with the feature `router` | what a middleware has put into the request |
/// | [`WebEnvironment`] | everything but the body |
/// | `http::Method`, `http::HeaderMap` | that part of the request |
/// | `http::Request<Data>` | all of it, for code that speaks the `http` crate |
/// | `Option<T>` | one of these, or `None` where [`optional_from_request`] says so |
/// | `Result<T, Rejection>` | one of these, or why it is refused |
///
/// A handler takes up to eight, of which one may take the body. A handler with two of the SDK's extractors
/// that take it does not compile; `cargo check` does not see that behind a router, `cargo build` does.
/// Implement the trait for a type of your own:
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
///
/// One of the two methods is enough. An extractor that has to wait implements the `async` one:
///
/// ```
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::{FromRequest, Rejection, Request};
/// # async fn look_up(token: &str) -> Result<String, Rejection> { Ok(token.to_uppercase()) }
///
/// struct Session(String);
///
/// impl FromRequest for Session {
///     async fn from_request_async(request: &mut Request) -> Result<Self, Rejection> {
///         let token = request.environment().headers().get("x-token").unwrap_or_default();
///         Ok(Self(look_up(token).await?))
///     }
/// }
///
/// let response = TestRequest::get("/").header("x-token", "ada").call(|Session(user): Session| user);
/// assert_eq!(response.text(), "ADA");
/// ```
///
/// [`optional_from_request`]: FromRequest::optional_from_request
#[diagnostic::on_unimplemented(
    message = "a web function cannot take `{Self}` as an argument",
    label = "a request cannot be turned into this",
    note = "take `Data`, `Vec<u8>`, `String`, `Json<T>` (which needs `T: serde::Deserialize`), `WebEnvironment`, or implement `FromRequest`"
)]
pub trait FromRequest: Sized {
    /// Whether this takes the body, which can be taken only once. Where two arguments of a handler say
    /// so, the handler does not compile; where one takes the body without saying so, the second to take
    /// it makes the response a 500.
    const BODY: bool = false;

    /// Whether `BODY` is certain, and need not be checked while the function runs.
    #[doc(hidden)]
    const BODY_IS_CERTAIN: bool = false;

    /// Makes the argument, or refuses the request.
    ///
    /// Waits for [`from_request_async`](FromRequest::from_request_async) unless you implement it.
    ///
    /// # Errors
    ///
    /// A [`Rejection`], which becomes the response; the handler is not run.
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        if std::mem::replace(&mut request.defaulted, true) {
            return Err(unimplemented::<Self>());
        }
        let made = crate::task::block_on(Self::from_request_async(request));
        request.defaulted = false;
        made
    }

    /// As [`from_request`](FromRequest::from_request), for an extractor that waits for something.
    ///
    /// The arguments of a handler are made one after the other, before it runs. Code of your own may
    /// await this method in a middleware or another extractor.
    ///
    /// # Errors
    ///
    /// As [`from_request`](FromRequest::from_request).
    fn from_request_async(request: &mut Request) -> impl Future<Output = Result<Self, Rejection>> {
        std::future::ready(Self::from_request(request))
    }

    /// Makes an argument of the type `Option<Self>`.
    ///
    /// `None` stands for a request without the argument; one that has it, and has it wrong, is
    /// refused. An encoding is `None` for an empty body, `Query` without a query, `Path` without
    /// parameters, and `Extension` without a value. For any other extractor, `None` stands for a refusal
    /// with a status below 500, unless the extractor implements this method.
    ///
    /// # Errors
    ///
    /// As [`from_request`](FromRequest::from_request).
    fn optional_from_request(request: &mut Request) -> Result<Option<Self>, Rejection> {
        match Self::from_request(request) {
            Ok(value) => Ok(Some(value)),
            Err(rejection) if rejection.status().is_server_error() => Err(rejection),
            Err(_) => Ok(None),
        }
    }
}

/// The refusal of an extractor that implements neither of the two methods.
#[cold]
fn unimplemented<T>() -> Rejection {
    Rejection::misused(&format!(
        "`{}` cannot be extracted: implement `from_request` or `from_request_async`",
        std::any::type_name::<T>()
    ))
}

#[cfg(test)]
mod tests;
