use super::Step;
use crate::request::Request;
use crate::response::{IntoResponse, WebResponse};
use crate::task;

/// A handler that has answered when it returns.
#[derive(Debug)]
pub enum Now {}

/// A handler that is still to be awaited.
#[derive(Debug)]
pub enum Later {}

/// A handler that only says who answers, such as a router or a service: that one gets the request.
#[derive(Debug)]
pub enum Routed {}

/// A handler that is still to be awaited, and then says who answers: `async fn app() -> Router`.
#[derive(Debug)]
pub enum RoutedLater {}

/// What a handler returns: a response, a future of one, or what answers in its place.
///
/// `When` is found by the compiler, as no type is two of them.
#[diagnostic::on_unimplemented(
    message = "a web function cannot return `{Self}`",
    label = "not a response",
    note = "return `Json<T>` (which needs `T: serde::Serialize`), `String`, `Vec<u8>`, `Data`, `StatusCode`, `WebResponse`, `Option<T>`, a `Result` of them whose error is a response, too (`WebResult<T>` is one, and `?` in it takes any error), or make it an `async fn` that does"
)]
pub trait Outcome<When> {
    /// The response to the request, of which the handler took its arguments.
    fn finish(self, request: &mut Request) -> WebResponse;

    /// As [`finish`](Outcome::finish), but leaves it to the caller to await what is to be awaited.
    fn start(self, request: &mut Request) -> Step
    where
        Self: Sized + 'static,
    {
        Step::Answered(self.finish(request))
    }
}

impl<T: IntoResponse> Outcome<Now> for T {
    fn finish(self, _: &mut Request) -> WebResponse {
        self.into_response()
    }
}

impl<F: Future<Output: IntoResponse>> Outcome<Later> for F {
    fn finish(self, _: &mut Request) -> WebResponse {
        task::block_on(self).into_response()
    }

    fn start(self, _: &mut Request) -> Step
    where
        Self: Sized + 'static,
    {
        Step::Awaiting(Box::pin(async { self.await.into_response() }))
    }
}

#[diagnostic::do_not_recommend]
impl<F: Future<Output: Outcome<Routed>>> Outcome<RoutedLater> for F {
    fn finish(self, request: &mut Request) -> WebResponse {
        task::block_on(self).finish(request)
    }
}
