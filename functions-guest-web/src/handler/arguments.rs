use crate::request::{FromRequest, Rejection, Request};

/// What a handler takes: a tuple of extractors.
pub trait Arguments: Sized {
    /// Extracts one after the other, and stops at the first that refuses.
    fn from_request(request: &mut Request) -> Result<Self, Rejection>;
}

macro_rules! arguments {
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
