use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};

use super::{Gateway, Origin};
use crate::message::body::Body;

type ResponseFuture = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// What requests pass before they reach functions: [`Builder::middleware`](crate::Builder::middleware).
pub(crate) trait Middleware: Send + Sync {
    fn handle(&self, request: Request<Body>, next: Next) -> ResponseFuture;
}

impl<F, R> Middleware for F
where
    F: Fn(Request<Body>, Next) -> R + Send + Sync,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    fn handle(&self, request: Request<Body>, next: Next) -> ResponseFuture {
        Box::pin(self(request, next))
    }
}

/// The rest of a request's way, behind a [middleware](crate::Builder::middleware).
#[must_use]
pub struct Next {
    gateway: Arc<Gateway>,
    origin: Origin,
}

impl Next {
    pub(super) fn new(gateway: Arc<Gateway>, origin: Origin) -> Self {
        Self { gateway, origin }
    }

    /// Answers the request as the host does without a middleware.
    pub async fn run(self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let mut responding = self.gateway.begin_inside(parts, body, self.origin);
        self.gateway.finish(&mut responding).await
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
