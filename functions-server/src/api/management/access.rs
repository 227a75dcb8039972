//! Who may use the API: checked before anything of a request is read.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, FORWARDED, VIA};
use http::{HeaderMap, StatusCode};

use super::principal::Principal;
use super::{ManagementApi, Problem};
use crate::api::{Connection, host_names};

/// What answers without a token.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// Passes a request on if its sender may use the API, with the [`Principal`].
pub(super) async fn check(
    State(api): State<ManagementApi>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller(&api, &request) {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn caller(api: &ManagementApi, request: &Request) -> Result<Option<Principal>, Problem> {
    let (uri, headers) = (request.uri(), request.headers());
    let connection = request.extensions().get::<Connection>();
    if !host_names::is_own(uri, headers, connection, &api.options.admin_hosts) {
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "this server is not known under the name of the request's `Host`: use its address, or start it \
             with --admin-host NAME",
        ));
    }
    if host_names::is_cross_site(uri, headers) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "web pages of other origins may not use this API",
        ));
    }
    if OPEN.contains(&uri.path()) {
        return Ok(None);
    }
    if !api.server.tokens().exist() {
        if is_local(request, connection) {
            return Ok(Some(Principal::Local));
        }
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "only clients on the server's own machine may use this API until a token exists: create the \
             first there, with `functions token create admin --scope admin`, or by POST /v1/tokens \
             with {\"name\":\"admin\",\"scopes\":[\"admin\"]}",
        ));
    }
    let Some(token) = bearer(headers) else {
        return Err(Problem::unauthorized(
            "a token is required: send `Authorization: Bearer TOKEN`, or set FUNCTIONS_TOKEN for the command",
        ));
    };
    match api.server.tokens().authenticate(token) {
        Some(token) => Ok(Some(Principal::Token(token))),
        None => Err(failed(api, connection, headers)),
    }
}

/// Whether the sender is on this machine. What a proxy passes on may come from anywhere.
fn is_local(request: &Request, connection: Option<&Connection>) -> bool {
    let headers = request.headers();
    let is_forwarded = headers.keys().any(|name| {
        [FORWARDED, VIA].contains(name)
            || name == "x-real-ip"
            || name.as_str().starts_with("x-forwarded-")
    });
    let is_loopback =
        connection.is_some_and(|connection| connection.peer.ip().to_canonical().is_loopback());
    is_loopback && !is_forwarded && host_names::names_loopback(request.uri(), headers)
}

/// The token of a request; `None` if it has several.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// An invalid token: counted, and logged without the token.
fn failed(api: &ManagementApi, connection: Option<&Connection>, headers: &HeaderMap) -> Problem {
    let harness = api.server.harness();
    let peer = connection.map(|connection| harness.client_address(connection.peer, headers).ip());
    match api.failures.record(peer) {
        Ok(()) => {
            tracing::warn!(
                ?peer,
                "a management request had an unknown or expired token"
            );
            Problem::unauthorized(
                "the token is unknown or expired: send another, such as `functions token create` makes",
            )
        }
        Err(wait) => Problem::too_many("too many requests with unknown or expired tokens", wait),
    }
}
