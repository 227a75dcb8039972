//! Who may use the API, and which of its functions. Most clients send no credentials, so web pages are told apart.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;

use super::{ServerledgeApi, answer};
use crate::api::{Connection, host_names};

/// Passes a request on unless it is for another host, or from a web page.
pub(super) async fn check(
    State(api): State<ServerledgeApi>,
    request: Request,
    next: Next,
) -> Response {
    let (uri, headers) = (request.uri(), request.headers());
    let connection = request.extensions().get::<Connection>();
    if !host_names::is_own(uri, headers, connection, &api.options.hosts) {
        return answer::message(
            StatusCode::MISDIRECTED_REQUEST,
            "this server is not known under the name of the request's Host: use its address, or start it \
             with --serverledge-host NAME",
        );
    }
    if host_names::is_cross_site(uri, headers) {
        let text = "web pages of other origins may not use this API";
        return answer::message(StatusCode::FORBIDDEN, text);
    }
    next.run(request).await
}

/// A client that may use a function.
pub(super) struct AdmittedClient {
    pub(super) token_metadata: Option<Arc<str>>,
    pub(super) peer: Option<SocketAddr>,
}

/// Why a client may not use a function.
pub(super) struct AccessDenied(StatusCode, String);

impl From<AccessDenied> for Response {
    fn from(AccessDenied(status, text): AccessDenied) -> Self {
        answer::text(status, text)
    }
}

/// Admits a client to a function, as the function's own address does: one that is private does not exist here, and
/// others may need a token. `unknown` is the text for one that does not exist.
pub(super) fn admit(
    api: &ServerledgeApi,
    function: &str,
    parts: &mut Parts,
    unknown: &str,
) -> Result<AdmittedClient, AccessDenied> {
    let harness = api.server.harness();
    let peer = parts.extensions.get::<Connection>().map(|of| of.peer);
    let peer = peer.map(|peer| harness.client_address(peer, &parts.headers));
    let admitted = harness.admit(function, &mut parts.headers, peer);
    let token_metadata = admitted.map_err(|error| match error.is_not_found() {
        true => AccessDenied(StatusCode::NOT_FOUND, unknown.to_owned()),
        false => AccessDenied(error.status(), error.to_string()),
    })?;
    Ok(AdmittedClient {
        token_metadata,
        peer,
    })
}
