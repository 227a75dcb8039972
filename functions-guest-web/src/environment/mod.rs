//! The environment of an invocation: the request, and the function itself.

mod query_parameters;

use std::cell::OnceCell;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use functions_bytes::Headers;
use http::Method;
pub use query_parameters::QueryParameters;

/// Where the environment comes from: the host, or natively the test that is running.
pub(crate) mod source {
    #[cfg(target_family = "wasm")]
    pub(crate) use crate::__private::bindings::functions::web::environment::{
        function_name, function_version, headers, invocation_id, method, path, peer_address, query,
        remaining_milliseconds, token_metadata, variables,
    };

    #[cfg(not(target_family = "wasm"))]
    pub(crate) use crate::testing::environment::*;
}

/// The environment of one invocation: the request without its body, and the function itself.
///
/// Nothing is fetched from the host before it is asked for, and nothing twice.
///
/// ```
/// use functions_guest_web::{WebEnvironment, invoke};
///
/// invoke!(whoami);
/// fn whoami() -> String {
///     let env = WebEnvironment::load();
///     let agent = env.headers().get("User-Agent").unwrap_or("somebody");
///     format!("{agent} asked {} for {}", env.function_name(), env.path())
/// }
/// ```
#[derive(Clone, Default)]
pub struct WebEnvironment {
    /// Clones are the same environment: what was fetched for one is there for all.
    fetched: Rc<Fetched>,
}

/// The parts that were fetched so far.
#[derive(Default)]
struct Fetched {
    method: OnceCell<Method>,
    path: OnceCell<String>,
    query: OnceCell<Option<String>>,
    query_parameters: OnceCell<QueryParameters>,
    headers: OnceCell<Headers>,
    invocation_id: OnceCell<String>,
    function_name: OnceCell<String>,
    function_version: OnceCell<String>,
    token_metadata: OnceCell<Option<String>>,
    variables: OnceCell<Vec<(String, String)>>,
    peer_address: OnceCell<Option<SocketAddr>>,
    deadline: OnceCell<Option<Instant>>,
}

impl WebEnvironment {
    /// The environment of the invocation that is running.
    ///
    /// In a native test, [`testing`](crate::testing) makes the environment; outside of a test it is a
    /// `GET` of `/` without headers.
    #[must_use]
    pub fn load() -> Self {
        Self::default()
    }

    /// The request's method.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.fetched.method.get_or_init(|| {
            // The host has parsed it, and takes none that is not one.
            Method::from_bytes(source::method().as_bytes()).unwrap_or_default()
        })
    }

    /// The request's path, below the function's own base. It starts with `/`, and is
    /// percent-encoded as it was sent.
    pub fn path(&self) -> &str {
        self.fetched.path.get_or_init(source::path)
    }

    /// The query as it was sent: what follows the `?`, if there is one.
    pub fn query(&self) -> Option<&str> {
        self.fetched.query.get_or_init(source::query).as_deref()
    }

    /// [`method`](Self::method), under its name in Momento Functions.
    #[must_use]
    pub fn http_method(&self) -> &Method {
        self.method()
    }

    /// [`path`](Self::path), under its name in Momento Functions.
    #[must_use]
    pub fn http_path(&self) -> &str {
        self.path()
    }

    /// [`query`](Self::query), under its name in Momento Functions.
    #[must_use]
    pub fn http_query(&self) -> Option<&str> {
        self.query()
    }

    /// The query's parameters, decoded, in order; repeated ones stay.
    #[must_use]
    pub fn query_parameters(&self) -> &QueryParameters {
        self.fetched
            .query_parameters
            .get_or_init(|| QueryParameters::of_query(self.query().unwrap_or_default()))
    }

    /// The request's headers, in order; repeated ones stay. Names are in lower case, and found in
    /// any.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        self.fetched
            .headers
            .get_or_init(|| Headers::from(source::headers()))
    }

    /// The invocation's id, as in the host's log.
    pub fn invocation_id(&self) -> &str {
        self.fetched
            .invocation_id
            .get_or_init(source::invocation_id)
    }

    /// The name the function is served under.
    pub fn function_name(&self) -> &str {
        self.fetched
            .function_name
            .get_or_init(source::function_name)
    }

    /// The version that is served.
    pub fn function_version(&self) -> &str {
        self.fetched
            .function_version
            .get_or_init(source::function_version)
    }

    /// The metadata of the caller's token, if the host authenticated one.
    pub fn token_metadata(&self) -> &Option<String> {
        self.fetched
            .token_metadata
            .get_or_init(source::token_metadata)
    }

    /// The variables the function was configured with.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.fetched.variables.get_or_init(source::variables);
        all.iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// One of the function's variables.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The client's address; `None` in a call from another function.
    #[must_use]
    pub fn peer_address(&self) -> Option<SocketAddr> {
        *self
            .fetched
            .peer_address
            .get_or_init(|| source::peer_address()?.parse().ok())
    }

    /// The invocation's deadline, if the host sets one.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        *self.fetched.deadline.get_or_init(|| {
            let left = Duration::from_millis(source::remaining_milliseconds()?);
            Instant::now().checked_add(left)
        })
    }
}

/// Shows what the request is for, and no header: they may be secrets.
impl fmt::Debug for WebEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebEnvironment")
            .field("method", self.method())
            .field("path", &self.path())
            .field("invocation_id", &self.invocation_id())
            .finish_non_exhaustive()
    }
}
