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
