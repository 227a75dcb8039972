mod batch;
mod future;
mod request;
#[cfg(test)]
mod tests;
mod transport;

use std::fmt;

pub use batch::{Batch, BatchFuture};
pub use future::DispatchFuture;

use self::future::Dispatching;
use crate::{Call, Error};

/// Where calls go unless a URL is set.
const DEFAULT_URL: &str = "https://api.dispatch.run";

/// Dispatches calls to a scheduler, which calls the functions' endpoints until they have answered.
///
/// ```
/// use functions_dispatch::{Call, Client, marshal};
/// # let _scheduler = functions_http::testing::respond_with(|_| {
/// #     Ok(functions_http::Response::new(200).with_body(vec![10, 3, b'a', b'-', b'1']))
/// # });
///
/// let client = Client::builder().api_key("key").build()?;
/// let call = Call::new("http://example.com", "myFunction", marshal(&23)?)?;
/// let id = client.dispatch(call).wait()?;
/// assert_eq!(id.as_str(), "a-1");
/// # Ok::<(), functions_dispatch::Error>(())
/// ```
///
/// In a function, the host sends the requests. A native program needs the feature `client`.
#[derive(Clone)]
pub struct Client {
    api_key: String,
    /// Whether the key is that of the environment, which an error then names.
    is_from_environment: bool,
    api_url: String,
}

impl Client {
    /// A client with the key of the variable `DISPATCH_API_KEY`, of the scheduler at the URL of
    /// `DISPATCH_API_URL`.
    ///
    /// # Errors
    ///
    /// No key is set, or the URL is invalid.
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// A client with settings of its own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Dispatches a call: awaits to its id, once the scheduler has stored it. In a function, the request is
    /// sent at once.
    pub fn dispatch(&self, call: Call) -> DispatchFuture {
        DispatchFuture::new(self.send(&[call]))
    }

    /// A batch, whose calls are dispatched all or none.
    pub fn batch(&self) -> Batch {
        Batch::new(self.clone())
    }

    fn send(&self, calls: &[Call]) -> Dispatching {
        match request::encode(calls) {
            Ok(body) => Dispatching::new(self.clone(), calls.len(), body),
            Err(error) => Dispatching::failed(error),
        }
    }

    /// The error for a key that the scheduler does not know. It shows no more than three letters.
    fn invalid_key(&self) -> Error {
        let shown: String = match self.api_key.chars().count() {
            0..=3 => self.api_key.clone(),
            length => {
                let start = self.api_key.chars().take(3);
                start.chain(std::iter::repeat_n('*', length - 3)).collect()
            }
        };
        Error::InvalidApiKey(match self.is_from_environment {
            true => format!("invalid DISPATCH_API_KEY: {shown}"),
            false => format!("invalid Dispatch API key provided with .api_key(..): {shown}"),
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api_url", &self.api_url)
            .finish_non_exhaustive()
    }
}

/// The settings of a [`Client`].
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    api_key: Option<String>,
    api_url: Option<String>,
}

impl ClientBuilder {
    /// Sets the key, instead of `DISPATCH_API_KEY`.
    pub fn api_key(self, key: impl Into<String>) -> Self {
        Self {
            api_key: Some(key.into()),
            ..self
        }
    }

    /// Sets the scheduler's URL, instead of `DISPATCH_API_URL`.
    pub fn api_url(self, url: impl Into<String>) -> Self {
        Self {
            api_url: Some(url.into()),
            ..self
        }
    }

    /// Makes the client.
    ///
    /// # Errors
    ///
    /// - [`Error::NoApiKey`]: no key is set.
    /// - [`Error::InvalidApiUrl`]: the URL is invalid, or its scheme is neither `http` nor `https`.
    pub fn build(self) -> Result<Client, Error> {
        let is_from_environment = self.api_key.is_none();
        let key = self.api_key.or_else(|| variable("DISPATCH_API_KEY"));
        let api_key = key.filter(|key| !key.is_empty()).ok_or(Error::NoApiKey)?;
        let url = self.api_url.or_else(|| variable("DISPATCH_API_URL"));
        let url = url.filter(|url| !url.is_empty());
        let url = url.unwrap_or_else(|| DEFAULT_URL.to_owned());
        let has_scheme = url.starts_with("http://") || url.starts_with("https://");
        if !has_scheme || url.parse::<http::Uri>().is_err() {
            return Err(Error::InvalidApiUrl(url));
        }
        Ok(Client {
            api_key,
            is_from_environment,
            api_url: url.trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("api_url", &self.api_url)
            .finish_non_exhaustive()
    }
}

/// A variable of the environment, unless it is not set or not UTF-8.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
