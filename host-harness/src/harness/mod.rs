//! The library's entry point.

mod build;
mod builder;
mod deploy;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod multi_tenant;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};

pub use builder::Builder;
pub use error::BuildError;

use crate::gateway::{Gateway, InvocationError, InvokeOptions, MAX_NAMES, Origin, Server};
use crate::message::body::Body;
use crate::outbound::Fetcher;
use crate::{engine, registry};

/// An embeddable host of functions.
///
/// Clones are cheap and share one host. A harness works on any flavour of tokio's runtime.
///
/// ```no_run
/// use host_harness::Harness;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let harness = Harness::builder().function("ping", "ping.wasm").build()?;
///
/// // Without a socket, in a test:
/// let response = harness.handle(http::Request::get("/ping").body(String::new())?).await;
/// assert_eq!(response.status(), 200);
///
/// // Over HTTP:
/// let server = harness.serve("127.0.0.1:0").await?;
/// println!("listening on http://{}", server.address());
/// server.shutdown(std::time::Duration::from_secs(30)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Harness {
    gateway: Arc<Gateway>,
}

impl Harness {
    /// Returns a builder without functions and with the default [`Limits`](crate::Limits).
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Answers a request without a socket, exactly as over one. The request's path starts with the
    /// function's name.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        self.gateway
            .respond(parts, Body::new(body), Origin::default())
            .await
    }

    /// Checks whether a client's request may invoke a function, as a server of the host's own does: for an
    /// embedder's servers beside it. Returns the metadata of the request's token, and removes the token from
    /// the headers unless the function may see it.
    ///
    /// # Errors
    ///
    /// - No function has this name, or it is private.
    /// - It needs a token, and the request has none that may invoke it.
    pub fn admit(
        &self,
        function: &str,
        headers: &mut HeaderMap,
        peer: Option<SocketAddr>,
    ) -> Result<Option<Arc<str>>, InvocationError> {
        self.gateway.admit_client(function, headers, peer)
    }

    /// Invokes a function for the embedder itself, whatever its [`Ingress`](crate::Ingress) is. The
    /// request's path is the function's own.
    ///
    /// ```no_run
    /// # async fn run(harness: host_harness::Harness) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = http::Request::post("/").body(r#"{"n":17}"#.to_owned())?;
    /// let response = harness.invoke("is-prime", request, host_harness::InvokeOptions::default()).await?;
    /// assert_eq!(response.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - No function has this name, or it cannot be loaded.
    /// - The body is longer than the function accepts.
    /// - The function fails, or runs into a limit, before it has answered.
    pub async fn invoke<B>(
        &self,
        function: &str,
        request: Request<B>,
        options: InvokeOptions,
    ) -> Result<Response<Body>, InvocationError>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        self.gateway
            .invoke(function, parts, Body::new(body), options)
            .await
    }

    /// A client for requests of the embedder's own, which pass the rules, certificate authorities and names
    /// that functions' requests pass. It does not take their permits.
    #[must_use]
    pub fn fetcher(&self) -> Fetcher {
        Fetcher::new(self.gateway.registry.network())
    }

    /// The address of the client of a request that arrived from `peer`, as functions get it: behind
    /// [trusted proxies](Builder::trusted_proxy), that which their headers have. For an embedder's own
    /// servers beside the host's.
    #[must_use]
    pub fn client_address(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        match &self.gateway.proxies {
            None => peer,
            Some(proxies) => proxies.client_address(peer, headers),
        }
    }

    /// Says in one line whether instances of a function are reused, and if not, why; `None` for an unknown
    /// function.
    #[must_use]
    pub fn describe_reuse(&self, name: &str) -> Option<String> {
        let reusable = self.gateway.registry.reusable(name)?;
        Some(engine::describe_reuse(reusable))
    }

    /// Checks that a function can have this name: it can stand unescaped in a URL's path.
    ///
    /// # Errors
    ///
    /// It cannot; the text says what a valid name is.
    pub fn check_name(name: &str) -> Result<(), String> {
        registry::check_name(name)
    }

    /// Listens for HTTP/1 and HTTP/2; port 0 takes a free port.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on.
    pub async fn serve(&self, address: impl tokio::net::ToSocketAddrs) -> std::io::Result<Server> {
        Server::start(&self.gateway, address).await
    }
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.gateway.registry.names(MAX_NAMES);
        f.debug_struct("Harness")
            .field("functions", &names)
            .finish()
    }
}
