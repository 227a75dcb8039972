//! Requests of the embedder's own.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::client::HttpClient;
use super::config::OutboundConfig;
use super::error::Error;
use super::exchange::{is_redirected, send};
use super::outgoing::{Outgoing, Payload, RequestHead};

/// Sends requests under the rules for functions' requests; see [`Harness::fetcher`](crate::Harness::fetcher).
///
/// A request may be sent twice, if its connection ended before the response: it has to be idempotent.
/// The caller limits the time.
pub struct Fetcher {
    network: Arc<OutboundConfig>,
    client: HttpClient,
}

impl Fetcher {
    pub(crate) fn new(network: Arc<OutboundConfig>) -> Self {
        let client = HttpClient::new(Arc::clone(&network), None);
        Self { network, client }
    }

    /// Checks that the rules allow a server, as far as its name tells. Whether they allow its addresses is
    /// known once a request is sent.
    ///
    /// # Errors
    ///
    /// They do not. The text names the option that does.
    pub fn check(&self, url: &Uri) -> Result<(), FetchError> {
        let is_tls = url.scheme() == Some(&http::uri::Scheme::HTTPS);
        let port = url.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let permit = self
            .network
            .egress
            .permit(url.host().unwrap_or_default(), port);
        permit.map(drop).map_err(|denied| FetchError {
            kind: FetchErrorKind::NotAllowed,
            violation: None,
            detail: denied.to_string(),
        })
    }

    /// Sends a request, and waits for the whole response, of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// There is no response, or it is longer.
    pub async fn fetch(
        &self,
        request: Request<Bytes>,
        limit: usize,
    ) -> Result<Response<Bytes>, FetchError> {
        self.fetch_following(request, limit, 0).await
    }

    /// Does the same, and follows up to `redirects` redirects as browsers do. With 0, a redirect is the
    /// response.
    ///
    /// # Errors
    ///
    /// There is no response, it is longer, or there are more redirects.
    pub async fn fetch_following(
        &self,
        request: Request<Bytes>,
        limit: usize,
        redirects: u32,
    ) -> Result<Response<Bytes>, FetchError> {
        let (head, body) = request.into_parts();
        let headers = head.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        let head = RequestHead {
            method: head.method.to_string(),
            url: head.uri.to_string(),
            headers: headers.collect(),
            redirects,
            response_limit: None,
        };
        let mut outgoing = Outgoing::new(head, Payload::Bytes(body))?;
        outgoing.may_repeat = true;
        let mut left = redirects;
        let response = loop {
            let response = send(&self.client, &mut outgoing).await?;
            if !is_redirected(&mut outgoing, &response, &mut left)? {
                break response;
            }
        };
        let (head, body) = response.into_parts();
        let body = Limited::new(body, limit).collect().await;
        let body = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => FetchError::from(Error::TooLarge(limit as u64)),
            None => {
                let text = format!("the response broke off: {error}");
                FetchError::from(Error::of_exchange(&*error, text))
            }
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").finish_non_exhaustive()
    }
}

/// Why a [`Fetcher`] has no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchError {
    kind: FetchErrorKind,
    violation: Option<Violation>,
    detail: String,
}

/// How a server broke HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Violation {
    Malformed,
    Reset,
}

/// What kind of failure a [`FetchError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// The request is invalid.
    InvalidRequest,
    /// The rules do not allow the server.
    NotAllowed,
    /// The server's name has no address.
    Dns,
    /// No connection: refused, unreachable.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// Connecting took too long.
    Timeout,
    /// The response is too long.
    TooLarge,
    /// The server broke HTTP, or closed the connection.
    Protocol,
    /// There are more redirects than were to be followed. The text is the next location.
    TooManyRedirects,
    /// Any other failure.
    Other,
}

impl FetchError {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> FetchErrorKind {
        self.kind
    }

    /// Whether what the server sent is not HTTP, of the kind [`Protocol`](FetchErrorKind::Protocol).
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        self.violation == Some(Violation::Malformed)
    }

    /// Whether the server reset the connection, of the kind [`Protocol`](FetchErrorKind::Protocol).
    #[must_use]
    pub fn is_reset(&self) -> bool {
        self.violation == Some(Violation::Reset)
    }
}

impl From<Error> for FetchError {
    fn from(error: Error) -> Self {
        use FetchErrorKind as Kind;
        let violation = match error {
            Error::Malformed(_) => Some(Violation::Malformed),
            Error::Reset(_) => Some(Violation::Reset),
            _ => None,
        };
        let (kind, detail) = match error {
            Error::InvalidUrl(what) => (Kind::InvalidRequest, format!("invalid URL: {what}")),
            Error::InvalidMethod(what) => {
                (Kind::InvalidRequest, format!("invalid method {what:?}"))
            }
            Error::InvalidHeader(what) => {
                (Kind::InvalidRequest, format!("invalid header {what:?}"))
            }
            Error::NotAllowed(why) => (Kind::NotAllowed, why),
            Error::Dns(what) => (Kind::Dns, what),
            Error::Connect(what) => (Kind::Connect, what),
            Error::Tls(what) => (Kind::Tls, what),
            Error::Timeout => (Kind::Timeout, "connecting took too long".to_owned()),
            Error::TooLarge(limit) => (
                Kind::TooLarge,
                format!("the response is longer than {limit} bytes"),
            ),
            Error::Protocol(what) | Error::Malformed(what) | Error::Reset(what) => {
                (Kind::Protocol, what)
            }
            Error::TooManyRedirects(next) => (Kind::TooManyRedirects, next),
            Error::Other(what) => (Kind::Other, what),
        };
        Self {
            kind,
            violation,
            detail,
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for FetchError {}
