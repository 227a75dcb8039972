use super::Step;
use super::sealed::Token;
use crate::request::Request;
use crate::response::{IntoResponse, WebResponse};
use crate::task;

/// The kind of a handler that has answered when it returns.
#[derive(Debug)]
pub enum Immediate {}

/// The kind of an `async` handler.
#[derive(Debug)]
pub enum Awaited {}

/// The kind of a handler that returns another one, which gets the request: a router, a service.
#[derive(Debug)]
pub enum Delegated {}

/// The kind of an `async` handler that returns another one: `async fn app() -> Router`.
#[derive(Debug)]
pub enum AwaitedDelegated {}

/// What a [`Handler`](crate::Handler) returns: a response, a future of one, or another handler.
///
/// | returned | `Kind` |
/// |---|---|
/// | what implements [`IntoResponse`](crate::IntoResponse) | [`Immediate`] |
/// | a future of it: `async fn` | [`Awaited`] |
/// | `Router`, `HandleErrors`, `Tower`, or a `Result` of them whose error is a response | [`Delegated`] |
/// | a future of these | [`AwaitedDelegated`] |
///
/// The compiler infers `Kind`, because no type is two of them. The trait is sealed: implement
/// [`IntoResponse`](crate::IntoResponse) for a type of your own.
#[diagnostic::on_unimplemented(
    message = "a web function cannot return `{Self}`",
    label = "not a response",
    note = "return `Json<T>` (which needs `T: serde::Serialize`), `String`, `Vec<u8>`, `Data`, `StatusCode`, `WebResponse`, `Option<T>`, a `Result` of them whose error is a response, too (`WebResult<T>` is one, and `?` in it takes any error), or make it an `async fn` that does"
)]
pub trait HandlerOutput<Kind> {
    /// The response to the request, of which the handler took its arguments.
    #[doc(hidden)]
    fn finish(self, request: &mut Request, token: Token) -> WebResponse;

    /// As [`finish`](HandlerOutput::finish), but leaves it to the caller to await what is to be awaited.
    #[doc(hidden)]
    fn start(self, request: &mut Request, token: Token) -> Step
    where
        Self: Sized + 'static,
    {
        Step::Answered(self.finish(request, token))
    }
}

impl<T: IntoResponse> HandlerOutput<Immediate> for T {
    fn finish(self, _: &mut Request, _: Token) -> WebResponse {
        self.into_response()
    }
}

impl<F: Future<Output: IntoResponse>> HandlerOutput<Awaited> for F {
    fn finish(self, _: &mut Request, _: Token) -> WebResponse {
        task::block_on(self).into_response()
    }

    fn start(self, _: &mut Request, _: Token) -> Step
    where
        Self: Sized + 'static,
    {
        Step::Awaiting(Box::pin(async { self.await.into_response() }))
    }
}

/// What the router needs may not be there: `fn app() -> WebResult<Router>`.
#[diagnostic::do_not_recommend]
impl<T: HandlerOutput<Delegated>, E: IntoResponse> HandlerOutput<Delegated> for Result<T, E> {
    fn finish(self, request: &mut Request, token: Token) -> WebResponse {
        match self {
            Ok(handler) => handler.finish(request, token),
            Err(error) => error.into_response().into_error(),
        }
    }

    fn start(self, request: &mut Request, token: Token) -> Step
    where
        Self: Sized + 'static,
    {
        match self {
            Ok(handler) => handler.start(request, token),
            Err(error) => Step::Answered(error.into_response().into_error()),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<F: Future<Output: HandlerOutput<Delegated>>> HandlerOutput<AwaitedDelegated> for F {
    fn finish(self, request: &mut Request, token: Token) -> WebResponse {
        task::block_on(self).finish(request, token)
    }
}
