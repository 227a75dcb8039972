//! What workers may import.

use wasmtime::Result;
use wasmtime::component::Linker;
use wasmtime_wasi::p2::bindings::{clocks, io, random};

use super::state::{HasInstanceState, InstanceState};
use super::{functions, outgoing_handler, streams};

/// Links what workers may import.
pub(crate) type HostLinker = Linker<InstanceState>;

/// WASI as its library has it, but for what can differ between two runs: that is recorded.
pub(crate) fn link(engine: &wasmtime::Engine) -> Result<HostLinker> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    linker.allow_shadowing(true);
    let l = &mut linker;
    clocks::wall_clock::add_to_linker::<InstanceState, HasInstanceState>(l, |state| state)?;
    clocks::monotonic_clock::add_to_linker::<InstanceState, HasInstanceState>(l, |state| state)?;
    random::random::add_to_linker::<InstanceState, HasInstanceState>(l, |state| state)?;
    random::insecure::add_to_linker::<InstanceState, HasInstanceState>(l, |state| state)?;
    random::insecure_seed::add_to_linker::<InstanceState, HasInstanceState>(l, |state| state)?;
    io::poll::add_to_linker::<InstanceState, HasInstanceState>(l, |state| state)?;
    outgoing_handler::link(l)?;
    streams::link(l)?;
    l.allow_shadowing(false);
    functions::link(l)?;
    Ok(linker)
}
