use super::sealed::Token;
use crate::request::{FromRequest, Rejection, Request};

/// What a [`Handler`](crate::Handler) takes: a tuple of up to eight extractors, each of which implements
/// [`FromRequest`].
///
/// The trait is sealed: implement [`FromRequest`] for a type of your own.
pub trait HandlerArguments: Sized {
    /// How many of them take the body.
    #[doc(hidden)]
    const BODIES: usize;
    /// Whether that number is certain: an extractor that somebody wrote may not say that it takes it.
    #[doc(hidden)]
    const BODIES_ARE_CERTAIN: bool;

    /// Extracts one after the other, and stops at the first that refuses.
    #[doc(hidden)]
    fn from_request(request: &mut Request, token: Token) -> Result<Self, Rejection>;
}

/// Fails to compile where more than one argument takes the body.
pub(super) const fn check_bodies<Args: HandlerArguments>() {
    assert!(
        Args::BODIES <= 1,
        "a web function can take the request's body only once"
    );
}

macro_rules! arguments {
    ($(($($argument:ident)*))*) => {$(
        impl<$($argument: FromRequest,)*> HandlerArguments for ($($argument,)*) {
            const BODIES: usize = 0 $(+ $argument::BODY as usize)*;
            const BODIES_ARE_CERTAIN: bool = true $(&& $argument::BODY_IS_CERTAIN)*;

            #[allow(
                non_snake_case,
                unused_variables,
                clippy::allow_attributes,
                reason = "each argument is a variable named after its type; some shapes have none"
            )]
            fn from_request(request: &mut Request, _: Token) -> Result<Self, Rejection> {
                const { check_bodies::<Self>() };
                $(let $argument = $argument::from_request(request)?;)*
                Ok(($($argument,)*))
            }
        }
    )*};
}

arguments! {
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
