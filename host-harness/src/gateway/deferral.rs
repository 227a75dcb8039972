//! Requests whose clients do not wait for the function: `Prefer: respond-async` (RFC 7240).

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderName, Request, Response};

use super::Origin;
use crate::invocation::FunctionContext;
use crate::message::body::Body;

/// The first segment of paths that the embedder answers. No function can have this name.
pub(super) const OWN: &str = "-";

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// A response of the embedder's.
pub type DeferralFuture = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// Takes requests over whose clients do not wait for the function; see
/// [`Builder::deferral`](crate::Builder::deferral).
pub trait Deferral: Send + Sync + 'static {
    /// Answers a request that prefers `respond-async`, and may invoke its function.
    ///
    /// The function is invoked later, with [`Harness::invoke`](crate::Harness::invoke).
    fn defer(&self, deferred: DeferredRequest) -> DeferralFuture;

    /// Answers a request below `/-/`, such as one for what came of an invocation. `request_id` is the id that a
    /// trusted proxy gave it.
    fn answer(&self, request: Request<Body>, request_id: Option<Arc<str>>) -> DeferralFuture;
}

/// A request for an asynchronous invocation.
#[derive(Debug)]
#[non_exhaustive]
pub struct DeferredRequest {
    /// The function.
    pub function: Arc<str>,
    /// The request. Its path and query are below the function's own.
    pub request: Request<Body>,
    /// The metadata of its token.
    pub token_metadata: Option<Arc<str>>,
    /// Its client.
    pub peer: Option<SocketAddr>,
    /// The id that a trusted proxy gave it.
    pub request_id: Option<Arc<str>>,
    /// The longest body that the function accepts, in bytes.
    pub max_body: Option<u64>,
}

impl DeferredRequest {
    pub(super) fn new(
        function: &FunctionContext,
        mut parts: Parts,
        base: usize,
        body: Body,
        token_metadata: Option<Arc<str>>,
        Origin { peer, request_id }: Origin,
    ) -> Self {
        if let Some(own) = below(&parts, base) {
            parts.uri = own;
        }
        Self {
            function: Arc::clone(&function.name),
            request: Request::from_parts(parts, body),
            token_metadata,
            peer,
            request_id,
            max_body: function.access.max_body,
        }
    }
}

/// The path and query behind the part that names the function.
fn below(parts: &Parts, base: usize) -> Option<http::Uri> {
    let path = parts.uri.path().get(base..)?;
    let slash = if path.starts_with('/') { "" } else { "/" };
    let query = parts.uri.query();
    let (mark, query) = query.map_or(("", ""), |query| ("?", query));
    format!("{slash}{path}{mark}{query}").parse().ok()
}

/// Whether a client does not wait.
pub(super) fn is_preferred(headers: &HeaderMap) -> bool {
    let values = headers.get_all(PREFER).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let mut preferences = texts.flat_map(|text| text.split(','));
    preferences.any(|preference| {
        let name = preference.split([';', '=']).next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("respond-async")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The preference is found among others, in any case; nothing else is it.
    #[test]
    fn preference_is_found() {
        for (values, is_async) in [
            (&[][..], false),
            (&["respond-async"], true),
            (&["Respond-Async, wait=10"], true),
            (&["wait=10; x=y, respond-async;z"], true),
            (&["wait=10", "respond-async"], true),
            (&["return=minimal"], false),
            (&["respond-asynchronously"], false),
            (&["x=respond-async"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(PREFER, value.parse().unwrap());
            }
            assert_eq!(is_preferred(&headers), is_async, "{values:?}");
        }
    }

    /// The function's own part of a path is what an invocation gets.
    #[test]
    fn paths_are_below_the_function() {
        for (uri, base, own) in [
            ("/f", 2, "/"),
            ("/f/", 2, "/"),
            ("/f/a%2fb?c=d", 2, "/a%2fb?c=d"),
            ("/f?q", 2, "/?q"),
        ] {
            let (parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
            assert_eq!(below(&parts, base).unwrap(), own, "{uri}");
        }
    }
}
