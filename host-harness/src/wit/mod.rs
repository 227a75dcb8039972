//! The host's side of the contract in `wit/`, one file per interface.

mod binding;
mod bounded;
mod buffer;
mod environment;
mod files;
pub(crate) mod handler;
mod handles;
mod host_interface;
mod http;
mod output;
mod pending;
mod response_stream;
pub(crate) mod run;
mod shared_log;
mod state;
mod wasi;

#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub use buffer::Buffer;
pub(crate) use handles::MAX_ENTRIES;
pub use host_interface::HostInterface;
pub(crate) use host_interface::HostInterfaces;
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub use response_stream::Writer;
pub(crate) use state::CommandRun;
pub use state::State;

use wasmtime::component::Linker;

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
        path: ["wit/io", "wit/clocks", "wit/bytes", "wit/web", "wit/http", "wit/binding"],
        inline: "
            package functions:host;

            world host {
                include functions:web/function@1.0.0;
                include functions:http/imports@1.0.0;
                include functions:binding/imports@1.0.0;
            }
        ",
        imports: {
            "functions:binding/invoker.call": async | trappable,
            "functions:binding/invoker.[static]pending.get": async | trappable,
            "functions:bytes/bytes.[method]buffer.read": async | trappable,
            "functions:bytes/bytes.[static]buffer.into-bytes": async | trappable,
            "functions:http/client.call": async | trappable,
            "functions:http/client.[static]pending.get": async | trappable,
            "functions:web/response-stream.[method]writer.write": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        with: {
            "functions:binding/invoker.pending": super::binding::PendingCall,
            "functions:bytes/bytes.buffer": super::Buffer,
            "functions:http/client.pending": super::http::PendingRequest,
            "functions:web/response-stream.writer": super::Writer,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
        },
    });
}

/// An interface of the contract that functions may import.
struct Interface {
    /// The name, as components import it.
    name: &'static str,
    /// Adds its functions to a linker.
    link: fn(&mut Linker<State>) -> wasmtime::Result<()>,
}

/// All interfaces. A new one is a file like these and a line here: see `docs/adding-an-interface.md`.
const INTERFACES: [Interface; 6] = [
    binding::INTERFACE,
    buffer::INTERFACE,
    http::INTERFACE,
    environment::INTERFACE,
    output::INTERFACE,
    response_stream::INTERFACE,
];

/// The interface that makes a component a web function.
pub(crate) const HANDLER: &str = "functions:web/handler@1.0.0";

/// The names of all interfaces that functions of a host may import, besides WASI 0.2.
pub(crate) fn offered(more: &HostInterfaces) -> Vec<String> {
    let own = INTERFACES.iter().map(|interface| interface.name.to_owned());
    let more = more.iter().flat_map(|interface| interface.names());
    own.chain(more.map(|name| (*name).to_owned())).collect()
}

/// The beginning of the interface that makes a component a command.
pub(crate) const RUN: &str = "wasi:cli/run@0.2.";

/// Replaces files, which functions have none of, by those of a command.
pub(crate) fn link_command(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    files::link(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Adds every interface that functions may import.
pub(crate) fn link(linker: &mut Linker<State>, more: &HostInterfaces) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    // Bounded functions replace generated ones.
    linker.allow_shadowing(true);
    wasi::link_bounded(linker)?;
    for interface in &INTERFACES {
        (interface.link)(linker)?;
    }
    linker.allow_shadowing(false);
    for interface in more.iter() {
        interface.add_to_linker(linker)?;
    }
    Ok(())
}
