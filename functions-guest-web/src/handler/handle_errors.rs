use std::fmt;

use super::{
    BoxedHandler, Delegated, Handler, HandlerArguments, HandlerOutput, Step, Token, boxed,
};
use crate::WebError;
use crate::request::Request;
use crate::response::{IntoResponse, WebResponse};

/// A handler whose errors are answered in one place: its own [`WebError`]s, rejections of its
/// arguments, a value that cannot be encoded, an invalid header, and what a `Router` inside has no
/// handler for.
///
/// The error is in the log before `answer` gets it. [`WebError::status`] and [`WebError::public`] are
/// what the client would be told; [`WebError::source`] is the error itself, to be downcast.
///
/// ```
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::{HandleErrors, Json, WebError, WebResult, invoke};
/// use http::StatusCode;
///
/// #[derive(serde::Serialize)]
/// struct Problem {
///     error: String,
/// }
///
/// fn problem(error: WebError) -> (StatusCode, Json<Problem>) {
///     let told = error.public().unwrap_or("something went wrong");
///     (error.status(), Json(Problem { error: told.to_owned() }))
/// }
///
/// fn double(body: String) -> WebResult<String> {
///     let number: u32 = body.parse()?;
///     Ok((number * 2).to_string())
/// }
///
/// invoke!(app);
/// fn app() -> HandleErrors {
///     HandleErrors::new(double, problem)
/// }
///
/// assert_eq!(TestRequest::post("/").body("21").call(app).text(), "42");
/// let response = TestRequest::post("/").body("x").call(app);
/// assert_eq!((response.status(), response.text()), (500, r#"{"error":"something went wrong"}"#));
/// let response = TestRequest::post("/").body(vec![0xff]).call(app);
/// assert_eq!((response.status(), response.text()), (400, r#"{"error":"not UTF-8 at byte 0"}"#));
/// ```
///
/// It does not see the response of an error type of the author's own, which is what that type says,
/// nor a trap or a limit, which the host answers.
#[must_use = "the handler answers the request when it is returned"]
pub struct HandleErrors {
    handler: BoxedHandler,
}

impl HandleErrors {
    /// Calls `handler`, and lets `answer` make the response where that failed.
    pub fn new<H, Args, Kind, R>(handler: H, answer: impl FnOnce(WebError) -> R + 'static) -> Self
    where
        H: Handler<Args> + 'static,
        Args: HandlerArguments,
        H::Output: HandlerOutput<Kind> + 'static,
        R: IntoResponse + 'static,
    {
        let handler = boxed(handler);
        Self {
            handler: Box::new(move |request| {
                handler(request).map(|response| response.map_error(answer))
            }),
        }
    }
}

#[diagnostic::do_not_recommend]
impl HandlerOutput<Delegated> for HandleErrors {
    fn finish(self, request: &mut Request, _: Token) -> WebResponse {
        (self.handler)(request).wait()
    }

    fn start(self, request: &mut Request, _: Token) -> Step {
        (self.handler)(request)
    }
}

impl fmt::Debug for HandleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandleErrors").finish_non_exhaustive()
    }
}
