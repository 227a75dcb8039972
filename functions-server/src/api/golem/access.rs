//! Who may use the API on its own listener. Its clients send no credentials, so only a web page is told apart.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::answer::ErrorResponse;
use crate::api::{Connection, host_names};

/// Passes a request on unless it is for another host, or from a web page.
pub(super) async fn check(
    State(hosts): State<std::sync::Arc<[String]>>,
    request: Request,
    next: Next,
) -> Response {
    let (uri, headers) = (request.uri(), request.headers());
    let connection = request.extensions().get::<Connection>();
    let refused =
        |status, text: &str| ErrorResponse::Error(status, text.to_owned()).into_response();
    if !host_names::is_own(uri, headers, connection, &hosts) {
        return refused(
            StatusCode::MISDIRECTED_REQUEST,
            "this server is not known under the name of the request's Host: use its address, or start it with \
             --golem-host NAME",
        );
    }
    if host_names::is_cross_site(uri, headers) {
        return refused(
            StatusCode::FORBIDDEN,
            "web pages of other origins may not use this API",
        );
    }
    next.run(request).await
}
