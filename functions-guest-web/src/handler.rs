//! From a handler of any shape to the one function that the host calls.
//!
//! Small traits rather than one `Handler`: each has one thing to say when it is not implemented.

use functions_bytes::__private::bindings::functions::bytes::bytes::Buffer;

use crate::__private::bindings::exports::functions::web::handler::Reply;
use crate::request::{FromRequest, Rejection, Request};
use crate::response::IntoResponse;

/// What a handler takes: a tuple of extractors.
pub trait Arguments: Sized {
    /// Extracts one after the other, and stops at the first that refuses.
    fn from_request(request: &mut Request) -> Result<Self, Rejection>;
}

/// Anything that can be called with `Args`. Says nothing of what it takes or returns, so that the
/// compiler's complaint is about the argument or the result that does not fit.
#[diagnostic::on_unimplemented(
    message = "`invoke!` takes a function of at most eight arguments",
    label = "not such a function",
    note = "give the path of a function: `invoke!(greet);`"
)]
pub trait Shape<Args> {
    /// What the call returns.
    type Output;

    /// Calls the handler.
    fn call(self, arguments: Args) -> Self::Output;
}

macro_rules! shapes {
    ($(($($argument:ident)*))*) => {$(
        impl<$($argument: FromRequest,)*> Arguments for ($($argument,)*) {
            #[allow(
                non_snake_case,
                unused_variables,
                clippy::allow_attributes,
                reason = "each argument is a variable named after its type; some shapes have none"
            )]
            fn from_request(request: &mut Request) -> Result<Self, Rejection> {
                const {
                    assert!(
                        0 $(+ $argument::BODY as u8)* <= 1,
                        "a web function can take the request's body only once"
                    );
                }
                $(let $argument = $argument::from_request(request)?;)*
                Ok(($($argument,)*))
            }
        }

        impl<Function, Output, $($argument,)*> Shape<($($argument,)*)> for Function
        where
            Function: FnOnce($($argument),*) -> Output,
        {
            type Output = Output;

            #[allow(
                non_snake_case,
                clippy::allow_attributes,
                reason = "each argument is a variable named after its type"
            )]
            fn call(self, ($($argument,)*): ($($argument,)*)) -> Output {
                self($($argument),*)
            }
        }
    )*};
}

shapes! {
    ()
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
}

/// Answers one request: extracts the arguments, calls the handler, makes a response of its result.
pub fn run<Handler, Args>(handler: Handler, body: Buffer) -> Reply
where
    Handler: Shape<Args>,
    Args: Arguments,
    Handler::Output: IntoResponse,
{
    let mut request = Request::new(functions_bytes::__private::from_buffer(body));
    let response = match Args::from_request(&mut request) {
        Ok(arguments) => handler.call(arguments).into_response(),
        Err(rejection) => rejection.into_response(),
    };
    Reply::Response(response.into_wit())
}
