use crate::response::{IntoResponse, WebResponse};
use crate::task;

/// A handler that has answered when it returns.
#[derive(Debug)]
pub enum Now {}

/// A handler that is still to be awaited.
#[derive(Debug)]
pub enum Later {}

/// What a handler returns: a response, or a future of one.
///
/// `When` is found by the compiler, as no type is both.
#[diagnostic::on_unimplemented(
    message = "a web function cannot return `{Self}`",
    label = "not a response",
    note = "return `Json<T>` (which needs `T: serde::Serialize`), `String`, `Vec<u8>`, `Data`, `StatusCode`, `WebResponse`, `Option<T>`, a `Result` of them whose error is a `std::error::Error` or a `WebError`, or make it an `async fn` that does"
)]
pub trait Outcome<When> {
    /// The response.
    fn finish(self) -> WebResponse;
}

impl<T: IntoResponse> Outcome<Now> for T {
    fn finish(self) -> WebResponse {
        self.into_response()
    }
}

impl<F: Future<Output: IntoResponse>> Outcome<Later> for F {
    fn finish(self) -> WebResponse {
        task::block_on(self).into_response()
    }
}
