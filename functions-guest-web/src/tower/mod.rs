//! Services of the tower ecosystem as handlers.

mod body;
mod respond;
#[cfg(test)]
mod tests;

use std::error::Error;

pub use body::TowerBody;
use http_body::Body;
use tower_service::Service;

use crate::handler::{Delegated, HandlerOutput, Token};
use crate::request::{FromRequest as _, Request};
use crate::response::{IntoResponse as _, WebResponse};
use crate::{WebError, task};

/// A [`tower_service::Service`] that answers the request, an `axum::Router` for instance.
///
/// ```
/// use axum::{Router, extract::Path, routing::get};
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::{Tower, invoke};
///
/// invoke!(app);
/// fn app() -> Tower<Router> {
///     let hello = async |Path(name): Path<String>| format!("Hello, {name}!");
///     Tower(Router::new().route("/hello/{name}", get(hello)))
/// }
///
/// let response = TestRequest::get("/hello/Ada").call(app);
/// assert_eq!((response.status(), response.text()), (200, "Hello, Ada!"));
/// ```
///
/// The service gets an [`http::Request`] with a [`TowerBody`], which is read as the service asks for
/// it. The response's body goes out frame by frame as the service makes it, or in one piece when
/// there is one frame only; trailers are left out. No runtime is there: what the service awaits
/// must be of the kind that [`task`] describes. Layers of tower-http for CORS, compression, headers,
/// request ids, tracing and limits of bodies work. Those that use tokio's clock or tasks, such as its
/// `TimeoutLayer`, panic: put [`task::timeout`] into the handler instead.
///
/// In a function, each request has a service of its own: what a service keeps between requests is
/// gone, and limits and load balancing have nothing to count.
///
/// # Errors
///
/// An error of the service, or of its body before the first frame, is the function's, as that of
/// any handler: 500 unless it is made of one of the SDK's, and the rest is in the log. After the
/// first frame the connection is cut, so that nobody takes the part for the whole.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
#[must_use = "a service answers the request when the handler returns it"]
pub struct Tower<S>(pub S);

/// Any error, as in tower.
type BoxError = Box<dyn Error + Send + Sync>;

impl<S, B> HandlerOutput<Delegated> for Tower<S>
where
    S: Service<http::Request<TowerBody>, Response = http::Response<B>, Error: Into<BoxError>>,
    B: Body<Error: Into<BoxError>>,
{
    fn finish(self, request: &mut Request, _: Token) -> WebResponse {
        let whole = http::Request::from_request(request);
        let whole = match request.unless_taken_twice(whole) {
            Ok(whole) => whole.map(TowerBody::new),
            Err(rejection) => return rejection.into_response(),
        };
        task::block_on(answer(self.0, whole)).into_response()
    }
}

async fn answer<S, B>(
    mut service: S,
    request: http::Request<TowerBody>,
) -> Result<WebResponse, WebError>
where
    S: Service<http::Request<TowerBody>, Response = http::Response<B>, Error: Into<BoxError>>,
    B: Body<Error: Into<BoxError>>,
{
    std::future::poll_fn(|cx| service.poll_ready(cx))
        .await
        .map_err(WebError::from)?;
    let response = service.call(request).await.map_err(WebError::from)?;
    respond::respond(response).await
}
