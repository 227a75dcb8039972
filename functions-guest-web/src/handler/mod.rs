//! What a handler is: from a function of any shape to the one function that the host calls.
//!
//! [`Handler`], [`HandlerArguments`] and [`HandlerOutput`] are three small traits instead of one, so that
//! each has one thing to say when it is not implemented.

mod arguments;
#[cfg(not(target_family = "wasm"))]
mod check;
mod function;
mod handle_errors;
mod output;
mod service;
mod step;

/// Seals traits: nobody else can name a parameter of their methods.
mod sealed {
    /// Nothing.
    #[derive(Debug, Clone, Copy)]
    pub struct Token;
}

pub use arguments::HandlerArguments;
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub use check::check;
pub use function::Handler;
pub use handle_errors::HandleErrors;
pub use output::{Awaited, AwaitedDelegated, Delegated, HandlerOutput, Immediate};
pub(crate) use sealed::Token;
#[doc(hidden)]
pub use service::{Served, Service};
#[doc(hidden)]
pub use step::Step;

use functions_bytes::__private::bindings::functions::bytes::bytes::Buffer;

use crate::__private::bindings::exports::functions::web::handler::Reply;
use crate::logging;
use crate::request::Request;
use crate::response::{IntoResponse as _, WebResponse};

/// Answers one request: extracts the arguments, calls the handler, makes a response of its result.
///
/// `None` when the response was streamed.
pub(crate) fn answer<H, Args, Kind>(handler: H, request: &mut Request) -> Option<WebResponse>
where
    H: Handler<Args>,
    Args: HandlerArguments,
    H::Output: HandlerOutput<Kind>,
{
    logging::around(|| {
        let arguments = Args::from_request(request, Token);
        let arguments = if Args::BODIES_ARE_CERTAIN {
            arguments
        } else {
            request.unless_taken_twice(arguments)
        };
        let response = match arguments {
            Ok(arguments) => handler.call(arguments, Token).finish(request, Token),
            Err(rejection) => rejection.into_response(),
        };
        response.finish()
    })
}

/// A handler of whatever shape.
pub(crate) type BoxedHandler = Box<dyn FnOnce(&mut Request) -> Step>;

/// Forgets a handler's shape. A plain `fn` has no size, and then nothing is allocated.
pub(crate) fn boxed<H, Args, Kind>(handler: H) -> BoxedHandler
where
    H: Handler<Args> + 'static,
    Args: HandlerArguments,
    H::Output: HandlerOutput<Kind> + 'static,
{
    // The function that this handler is inside of may have taken the body.
    Box::new(move |request| {
        let arguments = Args::from_request(request, Token);
        let arguments = request.unless_taken_twice(arguments);
        match arguments {
            Ok(arguments) => handler.call(arguments, Token).start(request, Token),
            Err(rejection) => Step::Answered(rejection.into_response()),
        }
    })
}

/// What `invoke!` exports.
#[doc(hidden)]
pub fn run<H, Args, Kind>(handler: H, body: Buffer) -> Reply
where
    H: Handler<Args>,
    Args: HandlerArguments,
    H::Output: HandlerOutput<Kind>,
{
    let mut request = Request::new(functions_bytes::__private::from_buffer(body));
    answer(handler, &mut request).map_or(Reply::Streamed, |response| {
        Reply::Response(response.into_wit())
    })
}
