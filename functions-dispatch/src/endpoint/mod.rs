mod function;
mod handler;
mod run;
#[cfg(test)]
mod tests;
#[cfg(feature = "web")]
mod web;

use std::fmt;
use std::sync::Arc;

pub use function::Function;
pub use handler::{Awaited, CallHandler, CallOutput, Fallible, Plain};

use self::handler::{BoxedFunction, boxed};
#[cfg(feature = "signatures")]
use crate::VerificationKey;
use crate::client::variable;
use crate::{Client, Error};

/// Functions that Dispatch calls.
///
/// ```
/// use functions_dispatch::{Endpoint, Failure};
/// use functions_guest_web::invoke;
///
/// invoke!(app);
/// fn app() -> Endpoint {
///     Endpoint::new().function("greet", greet).function("double", |number: i64| number * 2)
/// }
///
/// async fn greet(name: String) -> Result<String, Failure> {
///     Ok(format!("Hello, {name}!"))
/// }
/// ```
///
/// A native server passes its requests to [`handle`](Self::handle).
///
/// # Variables
///
/// | variable | is |
/// |---|---|
/// | `DISPATCH_ENDPOINT_URL` | the URL under which a scheduler reaches the endpoint |
/// | `DISPATCH_VERIFICATION_KEY` | the public key of the scheduler, whose signature every request then needs |
/// | `DISPATCH_API_KEY`, `DISPATCH_API_URL` | those of the [`Client`] |
#[derive(Clone, Default)]
#[must_use = "the endpoint answers requests once it is returned"]
pub struct Endpoint {
    url: Option<String>,
    #[cfg(feature = "signatures")]
    verification_key: Option<String>,
    api_key: Option<String>,
    functions: Vec<(String, Arc<BoxedFunction>)>,
}

impl Endpoint {
    /// An endpoint without functions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the URL under which a scheduler reaches the endpoint, instead of `DISPATCH_ENDPOINT_URL`.
    pub fn url(self, url: impl Into<String>) -> Self {
        Self {
            url: Some(url.into()),
            ..self
        }
    }

    /// Sets the public key of the scheduler, instead of `DISPATCH_VERIFICATION_KEY`: PEM, or 32 bytes in
    /// base64. With an invalid key, the endpoint answers no request.
    #[cfg(feature = "signatures")]
    #[cfg_attr(docsrs, doc(cfg(feature = "signatures")))]
    pub fn verification_key(self, key: impl Into<String>) -> Self {
        Self {
            verification_key: Some(key.into()),
            ..self
        }
    }

    /// Sets the key for calls of this endpoint's own functions, instead of `DISPATCH_API_KEY`.
    pub fn api_key(self, key: impl Into<String>) -> Self {
        Self {
            api_key: Some(key.into()),
            ..self
        }
    }

    /// Adds a function, which replaces an earlier one of that name: a `fn` or `async fn` of one argument,
    /// which returns a value, or a `Result` of one.
    ///
    /// A name has letters, digits and any of `_<>.`: a scheduler refuses calls of others.
    pub fn function<H, A>(mut self, name: &str, handler: H) -> Self
    where
        H: CallHandler<A>,
    {
        self.functions.retain(|(known, _)| known != name);
        self.functions
            .push((name.to_owned(), Arc::new(boxed(handler))));
        self
    }

    /// A client with the endpoint's key.
    ///
    /// # Errors
    ///
    /// No key is set, or `DISPATCH_API_URL` is invalid.
    pub fn client(&self) -> Result<Client, Error> {
        match &self.api_key {
            Some(key) => Client::builder().api_key(key).build(),
            None => Client::new(),
        }
    }

    /// A function of the endpoint, to be called through a scheduler. One that the endpoint does not have is
    /// an error when it is dispatched.
    #[must_use]
    pub fn get(&self, name: &str) -> Function {
        Function::new(self, name)
    }

    pub(crate) fn find(&self, name: &str) -> Option<&BoxedFunction> {
        let mut functions = self.functions.iter();
        let found = functions.find(|(known, _)| known == name);
        found.map(|(_, function)| &**function)
    }

    pub(crate) fn own_url(&self) -> Result<String, Error> {
        let url = self
            .url
            .clone()
            .or_else(|| variable("DISPATCH_ENDPOINT_URL"));
        url.ok_or(Error::NoEndpointUrl)
    }

    /// Checks the signature of a request, if the endpoint has a key.
    #[cfg(feature = "signatures")]
    fn authenticate(&self, request: &http::Request<Vec<u8>>) -> Result<(), Error> {
        let key = self.verification_key.clone();
        let Some(key) = key.or_else(|| variable("DISPATCH_VERIFICATION_KEY")) else {
            return Ok(());
        };
        let key = VerificationKey::parse(&key)?;
        // A function does not see the part of the path that names it, nor the name of a proxy before it.
        let url = format!("{}{}", self.own_url()?.trim_end_matches('/'), run::PATH);
        let uri: http::Uri = url.parse().map_err(|_| {
            Error::InvalidCall(format!(
                "invalid DISPATCH_ENDPOINT_URL {:?}",
                self.own_url()
            ))
        })?;
        let mut seen = http::Request::new(request.body());
        *seen.method_mut() = request.method().clone();
        *seen.uri_mut() = uri;
        *seen.headers_mut() = request.headers().clone();
        key.verify(&seen, std::time::SystemTime::now())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.functions.iter().map(|(name, _)| name).collect();
        f.debug_struct("Endpoint")
            .field("url", &self.url)
            .field("functions", &names)
            .finish_non_exhaustive()
    }
}
