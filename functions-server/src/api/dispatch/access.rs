use std::sync::Arc;

use axum::extract::Request;
use http::header::AUTHORIZATION;

use super::DispatchApi;
use super::error::{ConnectCode, ConnectError};
use crate::Connection;
use crate::auth::{Scope, Token};

/// The token of a request, which may dispatch calls.
pub(super) fn token(api: &DispatchApi, request: &Request) -> Result<Arc<Token>, ConnectError> {
    let mut given = request.headers().get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else {
        return Err(unauthenticated());
    };
    let bearer = only.to_str().ok().and_then(|text| text.split_once(' '));
    let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or_else(unauthenticated)?;
    let Some(token) = api.server.tokens().authenticate(token.trim()) else {
        return Err(failed(api, request));
    };
    if !token.has(Scope::Dispatch) {
        let message = "the API key lacks the scope \"dispatch\": use one that has it, such as `functions token \
                       create NAME --scope dispatch` makes";
        return Err(ConnectError::new(ConnectCode::PermissionDenied, message));
    }
    Ok(token)
}

fn unauthenticated() -> ConnectError {
    let message = "an API key is required: send `Authorization: Bearer KEY` with a token such as `functions token \
                   create NAME --scope dispatch` makes";
    ConnectError::new(ConnectCode::Unauthenticated, message)
}

/// An unknown token: counted, and logged without the token.
fn failed(api: &DispatchApi, request: &Request) -> ConnectError {
    let harness = api.server.harness();
    let connection = request.extensions().get::<Connection>();
    let address =
        |connection: &Connection| harness.client_address(connection.peer, request.headers());
    let peer = connection.map(|connection| address(connection).ip());
    match api.failures.record(peer) {
        Ok(()) => {
            tracing::warn!(
                ?peer,
                "a request of Dispatch had an unknown or expired token"
            );
            let message = "the API key is unknown or expired";
            ConnectError::new(ConnectCode::Unauthenticated, message)
        }
        Err(_) => {
            let message = "too many requests with unknown or expired API keys";
            ConnectError::new(ConnectCode::ResourceExhausted, message)
        }
    }
}
