//! `wasi:http/outgoing-handler` as workers import it: each request gets a number, and its head is recorded.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler;
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::p2::{HttpError, HttpResult};
use wasmtime_wasi_http::{RequestOptions, WasiHttpCtxView, WasiHttpView};

use super::requests::hash;
use super::state::InstanceState;

/// What the library registers its function under.
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";

type Handled = (
    Resource<HostOutgoingRequest>,
    Option<Resource<RequestOptions>>,
);

impl WasiHttpView for InstanceState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.outgoing,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// Replaces the library's function by one that records.
pub(super) fn link(linker: &mut Linker<InstanceState>) -> wasmtime::Result<()> {
    linker.instance(HANDLER)?.func_wrap(
        "handle",
        |mut store: StoreContextMut<'_, InstanceState>, (request, options): Handled| {
            match store.data_mut().handle(request, options) {
                Ok(response) => Ok((Ok(response),)),
                // Other errors than the guest's are traps.
                Err(error) => error.downcast().map(|error| (Err(error),)),
            }
        },
    )
}

impl InstanceState {
    fn handle(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> HttpResult<Resource<HostFutureIncomingResponse>> {
        let hash = head_hash(self.table.get(&request)?);
        let number = self.begin("outgoing-handler.handle", hash);
        let number = number.map_err(HttpError::trap)?;
        self.outgoing.begin(number, self.sleeps.begin_request());
        outgoing_handler::Host::handle(&mut self.http(), request, options)
    }
}

/// Stands for the head of a request. The body is not there yet.
fn head_hash(request: &HostOutgoingRequest) -> u64 {
    let HostOutgoingRequest {
        method,
        scheme,
        authority,
        path_with_query,
        headers,
        ..
    } = request;
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    hash(format_args!(
        "{method:?} {scheme:?} {authority:?} {path_with_query:?} {headers:?}"
    ))
}
