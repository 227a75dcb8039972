use super::sealed::Token;

/// A function that answers requests: what `invoke!`, a route and a test take.
///
/// Every `FnOnce` of up to eight arguments is one, a plain `fn` or an `async fn`. `Args` is the tuple of
/// the arguments' types. Three bounds make a function generic over handlers:
///
/// ```
/// use functions_guest_web::{HandleErrors, Handler, HandlerArguments, HandlerOutput, invoke};
/// # use functions_guest_web::testing::TestRequest;
///
/// /// Hides from the client what went wrong.
/// fn discreet<H, Args, Kind>(handler: H) -> HandleErrors
/// where
///     H: Handler<Args> + 'static,
///     Args: HandlerArguments,
///     H::Output: HandlerOutput<Kind> + 'static,
/// {
///     HandleErrors::new(handler, |error| error.with_public("sorry"))
/// }
///
/// invoke!(app);
/// fn app() -> HandleErrors {
///     discreet(async |body: String| Ok::<_, functions_guest_web::WebError>(body.parse::<u8>()?.to_string()))
/// }
/// # assert_eq!(TestRequest::post("/").body("7").call(app).text(), "7");
/// # assert!(TestRequest::post("/").body("x").call(app).text().contains("sorry"));
/// ```
///
/// The trait is sealed: it says nothing of what a handler takes or returns, so that the compiler's
/// complaint is about the argument or the result that does not fit.
#[diagnostic::on_unimplemented(
    message = "`invoke!` takes a function of at most eight arguments",
    label = "not such a function",
    note = "give the path of a function: `invoke!(greet);`"
)]
pub trait Handler<Args> {
    /// What the handler returns: a response, a future of one, or a router.
    type Output;

    /// Calls the handler.
    #[doc(hidden)]
    fn call(self, arguments: Args, token: Token) -> Self::Output;
}

macro_rules! handlers {
    ($(($($argument:ident)*))*) => {$(
        impl<Function, Output, $($argument,)*> Handler<($($argument,)*)> for Function
        where
            Function: FnOnce($($argument),*) -> Output,
        {
            type Output = Output;

            #[allow(
                non_snake_case,
                clippy::allow_attributes,
                reason = "each argument is a variable named after its type"
            )]
            fn call(self, ($($argument,)*): ($($argument,)*), _: Token) -> Output {
                self($($argument),*)
            }
        }
    )*};
}

handlers! {
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
