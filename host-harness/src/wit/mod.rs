//! The host's side of the contract in `wit/`, one file an interface.

mod binding;
mod bounded;
mod buffer;
mod environment;
pub(crate) mod handler;
mod handles;
mod http;
mod output;
mod pending;
mod response_stream;
mod state;
mod wasi;

#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub use buffer::Buffer;
pub(crate) use handles::MAX_ENTRIES;
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub use response_stream::Writer;
pub(crate) use state::State;

use wasmtime::component::{HasSelf, Linker};

use binding::bindings::functions::binding::invoker::add_to_linker as add_binding;
use bindings::functions::bytes::bytes::add_to_linker as add_bytes;
use bindings::functions::web::environment::add_to_linker as add_environment;
use bindings::functions::web::output::add_to_linker as add_output;
use bindings::functions::web::response_stream::add_to_linker as add_response_stream;
use http::bindings::functions::http::client::add_to_linker as add_http;

pub(crate) mod bindings {
    //! Generated from `wit/`.
    #![allow(
        clippy::allow_attributes,
        missing_debug_implementations,
        missing_docs,
        unreachable_pub,
        clippy::must_use_candidate,
        clippy::semicolon_if_nothing_returned,
        // The export is called by `handler`.
        dead_code,
        reason = "generated code"
    )]

    wasmtime::component::bindgen!({
        path: ["wit/io", "wit/clocks", "wit/bytes", "wit/web"],
        world: "functions:web/function",
        imports: {
            "functions:bytes/bytes.[method]buffer.read": async | trappable,
            "functions:bytes/bytes.[static]buffer.into-bytes": async | trappable,
            "functions:web/response-stream.[method]writer.write": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        with: {
            "functions:bytes/bytes.buffer": super::Buffer,
            "functions:web/response-stream.writer": super::Writer,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
        },
    });
}

/// What functions may import, besides WASI 0.2: for those who import something else.
pub(crate) const OFFERED: &[&str] = &[
    "functions:binding/invoker@1.0.0",
    "functions:bytes/bytes@1.0.0",
    "functions:http/client@1.0.0",
    "functions:web/environment@1.0.0",
    "functions:web/output@1.0.0",
    "functions:web/response-stream@1.0.0",
];

/// The interface that makes a component a web function.
pub(crate) const HANDLER: &str = "functions:web/handler@1.0.0";

/// Everything that functions may import.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    add_bytes::<_, HasSelf<State>>(linker, |state| state)?;
    add_binding::<_, HasSelf<State>>(linker, |state| state)?;
    add_http::<_, HasSelf<State>>(linker, |state| state)?;
    add_environment::<_, HasSelf<State>>(linker, |state| state)?;
    add_output::<_, HasSelf<State>>(linker, |state| state)?;
    add_response_stream::<_, HasSelf<State>>(linker, |state| state)?;
    linker.allow_shadowing(true);
    buffer::link_without_copies(linker)?;
    binding::link_bounded(linker)?;
    environment::link_bounded(linker)?;
    http::link_bounded(linker)?;
    output::link_bounded(linker)?;
    response_stream::link_bounded(linker)?;
    wasi::link_bounded(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}
