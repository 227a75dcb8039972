//! The host's own interfaces, as workers import them: requests to other servers and calls of functions, whose
//! results are recorded as a whole. Of a web function's environment, they have what their SDK needs.

mod buffer;
mod client;
mod environment;
mod invoker;
mod message;
mod output;
mod pending;

use wasmtime::component::{HasSelf, Linker};

use super::state::InstanceState;

mod bindings {
    //! Generated from `wit/`.
    #![allow(
        clippy::allow_attributes,
        missing_debug_implementations,
        missing_docs,
        unreachable_pub,
        clippy::must_use_candidate,
        clippy::semicolon_if_nothing_returned,
        dead_code,
        reason = "generated code"
    )]

    wasmtime::component::bindgen!({
        path: ["wit/io", "wit/clocks", "wit/bytes", "wit/web", "wit/http", "wit/binding"],
        inline: "
            package functions:workers;

            world worker {
                include functions:http/imports@1.0.0;
                include functions:binding/imports@1.0.0;
                import functions:web/environment@1.0.0;
                import functions:web/output@1.0.0;
            }
        ",
        imports: {
            "functions:binding/invoker.call": async | trappable,
            "functions:binding/invoker.[static]pending.get": async | trappable,
            "functions:binding/invoker.[static]pending.try-get": async | trappable,
            "functions:http/client.call": async | trappable,
            "functions:http/client.[static]pending.get": async | trappable,
            "functions:http/client.[static]pending.try-get": async | trappable,
            default: trappable,
        },
        with: {
            "functions:binding/invoker.pending": super::pending::Pending,
            "functions:bytes/bytes.buffer": super::buffer::Buffer,
            "functions:http/client.pending": super::pending::Pending,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
        },
    });
}

pub(super) fn link(linker: &mut Linker<InstanceState>) -> wasmtime::Result<()> {
    use bindings::functions::{binding::invoker, bytes::bytes, http::client, web};

    bytes::add_to_linker::<_, HasSelf<InstanceState>>(linker, |state| state)?;
    client::add_to_linker::<_, HasSelf<InstanceState>>(linker, |state| state)?;
    invoker::add_to_linker::<_, HasSelf<InstanceState>>(linker, |state| state)?;
    web::environment::add_to_linker::<_, HasSelf<InstanceState>>(linker, |state| state)?;
    web::output::add_to_linker::<_, HasSelf<InstanceState>>(linker, |state| state)
}
