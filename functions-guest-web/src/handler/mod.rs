//! From a handler of any shape to the one function that the host calls.
//!
//! Small traits rather than one `Handler`: each has one thing to say when it is not implemented.

mod arguments;
#[cfg(not(target_family = "wasm"))]
mod check;
mod handle_errors;
mod outcome;
mod shape;
mod step;

pub use arguments::Arguments;
#[cfg(not(target_family = "wasm"))]
pub use check::check;
pub use handle_errors::HandleErrors;
pub use outcome::Outcome;
pub(crate) use outcome::Routed;
#[cfg(feature = "router")]
pub(crate) use outcome::{Later, Now};
pub use shape::Shape;
pub use step::Step;

use functions_bytes::__private::bindings::functions::bytes::bytes::Buffer;

use crate::__private::bindings::exports::functions::web::handler::Reply;
use crate::logging;
use crate::request::Request;
use crate::response::{IntoResponse as _, WebResponse};

/// Answers one request: extracts the arguments, calls the handler, makes a response of its result.
///
/// `None` when the response was streamed.
pub(crate) fn answer<H, Args, When>(handler: H, request: &mut Request) -> Option<WebResponse>
where
    H: Shape<Args>,
    Args: Arguments,
    H::Output: Outcome<When>,
{
    logging::around(|| {
        let arguments = Args::from_request(request);
        let arguments = if Args::BODIES_ARE_CERTAIN {
            arguments
        } else {
            request.unless_taken_twice(arguments)
        };
        let response = match arguments {
            Ok(arguments) => handler.call(arguments).finish(request),
            Err(rejection) => rejection.into_response(),
        };
        response.finish()
    })
}

/// A handler of whatever shape.
pub(crate) type Handler = Box<dyn FnOnce(&mut Request) -> Step>;

/// Forgets a handler's shape. A plain `fn` has no size, and then nothing is allocated.
pub(crate) fn boxed<H, Args, When>(handler: H) -> Handler
where
    H: Shape<Args> + 'static,
    Args: Arguments,
    H::Output: Outcome<When> + 'static,
{
    // The function that this handler is inside of may have taken the body.
    Box::new(move |request| {
        let arguments = Args::from_request(request);
        let arguments = request.unless_taken_twice(arguments);
        match arguments {
            Ok(arguments) => handler.call(arguments).start(request),
            Err(rejection) => Step::Answered(rejection.into_response()),
        }
    })
}

/// What `invoke!` exports.
pub fn run<H, Args, When>(handler: H, body: Buffer) -> Reply
where
    H: Shape<Args>,
    Args: Arguments,
    H::Output: Outcome<When>,
{
    let mut request = Request::new(functions_bytes::__private::from_buffer(body));
    answer(handler, &mut request).map_or(Reply::Streamed, |response| {
        Reply::Response(response.into_wit())
    })
}
