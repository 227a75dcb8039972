//! Reads a clock whose interface an embedder adds to the host.

use functions_guest_web::invoke;

mod bindings {
    #![allow(
        clippy::allow_attributes,
        missing_debug_implementations,
        missing_docs,
        unreachable_pub,
        unsafe_code,
        reason = "generated code"
    )]

    wit_bindgen::generate!({
        inline: "
            package acme:clock@1.0.0;

            interface clock {
                /// Nanoseconds since a start of the host's choice.
                now: func() -> u64;
            }

            world asks {
                import clock;
            }
        ",
        world: "acme:clock/asks@1.0.0",
    });
}

invoke!(now);

/// Reads the clock twice.
fn now() -> String {
    use bindings::acme::clock::clock;

    format!("{} {}", clock::now(), clock::now())
}
