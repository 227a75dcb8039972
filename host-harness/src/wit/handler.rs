//! `functions:web/handler`: the export that the host calls, and its reply.

use wasmtime::component::{
    Component, ComponentExportIndex, ComponentType, Instance, Lift, Resource, TypedFunc,
};
use wasmtime::{AsContextMut, Result, Store, format_err};

use super::bindings::functions::bytes::bytes::Data;
use super::bounded::HeaderList;
use super::{Buffer, HANDLER, State};
use crate::message::headers::{HeaderLimit, InvalidHeader};

/// The contract's `invoke`, whose reply is checked before it is copied. Generated code would copy as
/// many headers as fit into the function's memory.
pub(crate) type Invoke = TypedFunc<(Resource<Buffer>,), (HandlerReply,)>;

/// The contract's `reply`.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum HandlerReply {
    #[component(name = "response")]
    Response(Response),
    #[component(name = "streamed")]
    Streamed,
}

/// The contract's `response`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: HeaderList,
    pub(crate) body: Data,
}

impl Response {
    /// Takes the headers, if they are within `limit`.
    pub(crate) fn take_headers(
        &mut self,
        limit: HeaderLimit,
    ) -> Result<Vec<(String, Vec<u8>)>, InvalidHeader> {
        std::mem::replace(&mut self.headers, HeaderList(None)).within(limit)
    }
}

/// Finds a component's `invoke`.
pub(crate) fn find(component: &Component) -> Result<ComponentExportIndex> {
    let handler = component.get_export_index(None, HANDLER);
    let invoke = handler.and_then(|handler| component.get_export_index(Some(&handler), "invoke"));
    invoke.ok_or_else(|| format_err!("{HANDLER} has no function `invoke`"))
}

/// Gets an instance's `invoke`, if it has the contract's type.
pub(crate) fn load(
    store: &mut Store<State>,
    instance: &Instance,
    invoke: &ComponentExportIndex,
) -> Result<Invoke> {
    instance.get_typed_func(store.as_context_mut(), invoke)
}
