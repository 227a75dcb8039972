//! Middleware: code that runs around the handlers of a router.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::handler::{BoxedHandler, HandlerOutput, Step, Token};
use crate::request::Request;
use crate::response::WebResponse;

/// A middleware whose shape is forgotten.
pub(super) type Layer = Rc<dyn Fn(Request, Next) -> Step>;

/// A kind of answer that a middleware may give: a response, or a future of one.
pub trait Direct {}
impl Direct for crate::handler::Immediate {}
impl Direct for crate::handler::Awaited {}

pub(super) fn layer<M, O, Kind>(middleware: M) -> Layer
where
    M: Fn(Request, Next) -> O + 'static,
    O: HandlerOutput<Kind> + 'static,
    Kind: Direct,
{
    // A kind of answer that is direct does not look at the request.
    Rc::new(move |request, next| middleware(request, next).start(&mut Request::spent(), Token))
}

/// Puts layers around a handler, the last one outermost.
pub(super) fn layered(layers: &[Layer], handler: BoxedHandler) -> BoxedHandler {
    layers.iter().fold(handler, |handler, layer| {
        let layer = Rc::clone(layer);
        Box::new(move |request| {
            let request = std::mem::replace(request, Request::spent());
            layer(request, Next { handler })
        })
    })
}

/// The rest of the way to the handler: the middleware in between, and the handler itself.
///
/// See [`Router::layer`](crate::Router::layer).
#[must_use = "a request that is not passed on is not answered by its handler"]
pub struct Next {
    handler: BoxedHandler,
}

impl Next {
    /// Passes the request on. Await the response, or [`wait`](Running::wait) for it in a `fn` that is
    /// not `async`.
    pub fn run(self, mut request: Request) -> Running {
        Running {
            step: Some((self.handler)(&mut request)),
        }
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

/// A handler that runs below a middleware: a future of its response.
///
/// Dropping it drops the handler.
#[derive(Debug)]
#[must_use = "the handler does not go on unless its response is awaited"]
pub struct Running {
    step: Option<Step>,
}

impl Running {
    /// Waits for the response.
    pub fn wait(mut self) -> WebResponse {
        self.step
            .take()
            .map(Step::wait)
            .unwrap_or_default()
            .settled()
    }
}

impl Future for Running {
    type Output = WebResponse;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<WebResponse> {
        match self.step.take() {
            Some(Step::Answered(response)) => Poll::Ready(response.settled()),
            Some(Step::Awaiting(mut rest)) => match rest.as_mut().poll(cx) {
                Poll::Ready(response) => Poll::Ready(response.settled()),
                Poll::Pending => {
                    self.step = Some(Step::Awaiting(rest));
                    Poll::Pending
                }
            },
            // It has answered, and is polled again.
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests;
