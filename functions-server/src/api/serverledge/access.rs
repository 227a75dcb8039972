//! Who may use the API. Its clients send no credentials, so only a web page is told apart.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;

use super::{Api, answer};
use crate::api::{Connection, host_names};

/// Passes a request on unless it is for another host, or from a web page.
pub(super) async fn check(State(api): State<Api>, request: Request, next: Next) -> Response {
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
