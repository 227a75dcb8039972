use crate::request::{FromRequest, Rejection, Request};

/// What a handler takes: a tuple of extractors.
pub trait Arguments: Sized {
    /// How many of them take the body.
    const BODIES: usize;
    /// Whether that number is certain: an extractor that somebody wrote may not say that it takes it.
    const BODIES_ARE_CERTAIN: bool;

    /// Extracts one after the other, and stops at the first that refuses.
    fn from_request(request: &mut Request) -> Result<Self, Rejection>;
}

/// Fails to compile where more than one argument takes the body.
pub(super) const fn check_bodies<Args: Arguments>() {
    assert!(
        Args::BODIES <= 1,
        "a web function can take the request's body only once"
    );
}

macro_rules! arguments {
    ($(($($argument:ident)*))*) => {$(
        impl<$($argument: FromRequest,)*> Arguments for ($($argument,)*) {
            const BODIES: usize = 0 $(+ $argument::BODY as usize)*;
            const BODIES_ARE_CERTAIN: bool = true $(&& $argument::BODY_IS_CERTAIN)*;

            #[allow(
                non_snake_case,
                unused_variables,
                clippy::allow_attributes,
                reason = "each argument is a variable named after its type; some shapes have none"
            )]
            fn from_request(request: &mut Request) -> Result<Self, Rejection> {
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
