/// Makes a handler the function's entry point: `invoke!(greet);`, once in a crate.
///
/// The handler is a function, given by its path. It takes up to eight arguments that implement
/// [`FromRequest`](crate::FromRequest), of which one may take the body, and returns what implements
/// [`IntoResponse`](crate::IntoResponse).
///
/// ```
/// use functions_guest_web::{Data, invoke};
///
/// invoke!(ping);
/// fn ping(_payload: Data) -> &'static str {
///     "pong"
/// }
/// ```
///
/// The macro declares nothing in your module, and needs no other crate in your `Cargo.toml` than
/// this one, under whatever name.
#[macro_export]
macro_rules! invoke {
    ($handler:path $(,)?) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            enum Function {}

            impl $crate::__private::Guest for Function {
                fn invoke(request: $crate::__private::Buffer) -> $crate::__private::Reply {
                    $crate::__private::run($handler, request)
                }
            }

    $crate::__private::export!(Function with_types_in $crate::__private::bindings);
        };

        // Elsewhere nothing is there to call the handler. It is checked all the same, and is not dead
        // code. A static, because `cargo build` and `cargo test` compile what it refers to: what the
        // handler returns, too, such as a router's handlers, of which one may take the body twice.
        #[cfg(not(target_family = "wasm"))]
        const _: () = {
            static CHECKED: fn() = $crate::__private::check(&$handler);
            // A use of the static, and so of the handler.
            let _: &fn() = &CHECKED;
        };
    };
}
