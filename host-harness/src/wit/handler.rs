//! `functions:web/handler`: what the host calls, and what it takes of the answer.

use wasmtime::component::{
    Component, ComponentExportIndex, ComponentType, Instance, Lift, Resource, TypedFunc,
};
use wasmtime::{AsContextMut, Result, Store, format_err};

use super::bindings::functions::bytes::bytes::Data;
use super::bounded::HeaderList;
use super::{Buffer, HANDLER, State};
use crate::message::headers::{HeaderLimit, InvalidHeader};

/// The contract's `invoke`, whose reply is looked at before it is copied: generated code would copy as
/// many headers as fit the function's memory.
pub(crate) type Invoke = TypedFunc<(Resource<Buffer>,), (Reply,)>;

/// The contract's `reply`.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Reply {
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
    /// Its headers, unless they are more than may be.
    pub(crate) fn take_headers(
        &mut self,
        limit: HeaderLimit,
    ) -> Result<Vec<(String, Vec<u8>)>, InvalidHeader> {
        std::mem::replace(&mut self.headers, HeaderList(None)).within(limit)
    }
}

/// Where a component has its `invoke`.
pub(crate) fn find(component: &Component) -> Result<ComponentExportIndex> {
    let handler = component.get_export_index(None, HANDLER);
    let invoke = handler.and_then(|handler| component.get_export_index(Some(&handler), "invoke"));
    invoke.ok_or_else(|| format_err!("{HANDLER} has no function `invoke`"))
}

/// That of an instance, if it is of the contract's type.
pub(crate) fn load(
    store: &mut Store<State>,
    instance: &Instance,
    invoke: &ComponentExportIndex,
) -> Result<Invoke> {
    instance.get_typed_func(store.as_context_mut(), invoke)
}
