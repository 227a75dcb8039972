//! An instance, whose functions are called by what a client sends.

mod handles;
mod linked_component;
mod snapshot;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use wasmtime::component::{Func, Instance as WasmInstance, ResourceAny, Val};
use wasmtime::{Result, Store, UpdateDeadline};

pub(crate) use handles::OwnedResource;
pub(crate) use linked_component::LinkedComponent;

use super::analysed_type::AnalysedType;
use super::check::CheckedCall;
use super::exports::{CallKind, Indexed, IndexedCall};
use super::journal::{InvocationOutcome, Journal};
use super::runtime::{CpuBudget, Environment, InstanceState, TooLarge};
use super::typed_json;
use handles::Handles;

/// A store with one instance in it.
pub(crate) struct Instance {
    store: Store<InstanceState>,
    instance: WasmInstance,
    handles: Handles,
    code: Arc<LinkedComponent>,
}

/// A call whose handles are all there.
#[derive(Debug)]
pub(crate) struct Prepared {
    values: Vec<Val>,
    moved: HashSet<u64>,
}

impl Instance {
    /// Instantiates a component. The CPU time of this and of calls counts by [`timed`](super::runtime::timed).
    ///
    /// # Errors
    ///
    /// The guest traps, or the host has no memory for it.
    pub(crate) async fn new(
        code: &Arc<LinkedComponent>,
        environment: &Environment,
        journal: Arc<Journal>,
    ) -> Result<Self> {
        let mut store = Store::new(code.pre.engine(), InstanceState::new(environment, journal));
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            let state = context.data();
            state.budget.check(state.journal.is_replaying())?;
            Ok(UpdateDeadline::Yield(1))
        });
        let instance = match code.pre.instantiate_async(&mut store).await {
            Err(error) if !error.is::<wasmtime::Trap>() && store.data().memory.is_refused() => {
                return Err(TooLarge(error.to_string()).into());
            }
            instance => instance?,
        };
        Ok(Self {
            store,
            instance,
            handles: Handles::new(environment.caller.worker.clone()),
            code: Arc::clone(code),
        })
    }

    /// Finds the handles that a call names.
    ///
    /// # Errors
    ///
    /// One names no resource, or is used twice.
    pub(crate) fn prepare(&self, call: &CheckedCall) -> std::result::Result<Prepared, String> {
        let indexed = match &call.function.call {
            CallKind::Indexed(indexed) => self.handles.indexed(&key(call, indexed)),
            _ => None,
        };
        let mut uses = self.handles.uses(indexed);
        let values = typed_json::values(&call.function.parameters, &call.params, &mut uses)?;
        Ok(Prepared {
            values,
            moved: uses.moved(),
        })
    }

    /// Runs a call, which began at this time in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// The guest traps, exits, diverges from its journal or runs into a limit. The instance cannot be used
    /// any longer.
    pub(crate) async fn call(
        &mut self,
        call: &CheckedCall,
        prepared: Prepared,
        at: i64,
    ) -> Result<InvocationOutcome> {
        self.handles.begin(at);
        self.store.data().begin_output();
        let Prepared { mut values, moved } = prepared;
        let mut resources = Vec::new();
        for number in moved {
            resources.extend(self.handles.remove(number));
        }
        match &call.function.call {
            CallKind::Export(export) => self.export(call, export, &values).await,
            CallKind::Drop { .. } => {
                for resource in resources {
                    resource.resource_drop_async(&mut self.store).await?;
                }
                Ok(self.returned(call, &[]))
            }
            CallKind::Indexed(indexed) => {
                let number = match self.get_or_create(call, indexed).await? {
                    Ok(number) => number,
                    Err(refused) => return Ok(InvocationOutcome::Refused(refused)),
                };
                match &indexed.then {
                    IndexedCall::Handle => Ok(self.handle(call, number)),
                    IndexedCall::Drop => {
                        if let Some(resource) = self.handles.remove(number) {
                            resource.resource_drop_async(&mut self.store).await?;
                        }
                        Ok(self.returned(call, &[]))
                    }
                    IndexedCall::Method(method) => {
                        let resource = self.handles.resource(number).map(Val::Resource);
                        values.splice(0..0, resource);
                        self.export(call, method, &values).await
                    }
                    IndexedCall::Static(function) => self.export(call, function, &values).await,
                }
            }
        }
    }

    /// Calls an export of the call's site.
    async fn export(
        &mut self,
        call: &CheckedCall,
        export: &str,
        values: &[Val],
    ) -> Result<InvocationOutcome> {
        let count = call.function.results.len();
        let results = self.call_export(call, export, values, count).await?;
        Ok(self.returned(call, &results))
    }

    async fn call_export(
        &mut self,
        call: &CheckedCall,
        export: &str,
        values: &[Val],
        count: usize,
    ) -> Result<Vec<Val>> {
        let function = self.function(call.function.site.as_deref(), export)?;
        let mut results = vec![Val::Bool(false); count];
        function
            .call_async(&mut self.store, values, &mut results)
            .await?;
        Ok(results)
    }

    fn returned(&mut self, call: &CheckedCall, results: &[Val]) -> InvocationOutcome {
        let function = &call.function;
        match typed_json::result_value(&function.results, results, &mut self.handles) {
            Ok(value) => returned(call, value),
            Err(error) => InvocationOutcome::Refused(error),
        }
    }

    /// The handle of an indexed resource, as a result.
    fn handle(&self, call: &CheckedCall, number: u64) -> InvocationOutcome {
        let text = self.handles.text(number);
        returned(call, serde_json::json!([text]).to_string())
    }

    /// The number of the resource that the call's parameters name. The inner error is the constructor's own.
    async fn get_or_create(
        &mut self,
        call: &CheckedCall,
        indexed: &Indexed,
    ) -> Result<std::result::Result<u64, String>> {
        let key = key(call, indexed);
        if let Some(number) = self.handles.indexed(&key) {
            return Ok(Ok(number));
        }
        let mut uses = self.handles.uses(None);
        let values = typed_json::values(&indexed.parameters, &indexed.arguments, &mut uses);
        let values = values.map_err(|error| wasmtime::format_err!("{error}"))?;
        let results = self
            .call_export(call, &indexed.constructor, &values, 1)
            .await?;
        match constructed(results) {
            Some(resource) => {
                let number = self
                    .handles
                    .add(resource, type_of(&indexed.constructed), Some(key));
                Ok(Ok(number))
            }
            None => Ok(Err(format!(
                "the constructor of {} failed",
                indexed.resource
            ))),
        }
    }

    fn function(&mut self, site: Option<&str>, name: &str) -> Result<Func> {
        let export = self.code.export(site, name);
        let function = export.and_then(|export| self.instance.get_func(&mut self.store, export));
        function.ok_or_else(|| wasmtime::format_err!("the component does not export {name}"))
    }

    /// What invocations may use.
    pub(crate) fn budget(&self) -> Arc<CpuBudget> {
        self.store.data().budget.clone()
    }

    /// Says which workers wait for the calls that come.
    pub(crate) fn set_origin(&mut self, origin: Option<Arc<str>>) {
        self.store.data_mut().set_origin(origin);
    }

    /// What it has, by number.
    pub(crate) fn resources(&self) -> BTreeMap<u64, OwnedResource> {
        self.handles.list()
    }

    /// What its memories have together, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.store.data().memory.used() as u64
    }

    /// The end of what the guest wrote to its standard error since the last call of this.
    pub(crate) fn take_stderr(&self) -> String {
        self.store.data().stderr.take_tail()
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").finish_non_exhaustive()
    }
}

fn key(call: &CheckedCall, indexed: &Indexed) -> handles::IndexKey {
    let site = call.function.site.clone();
    (site, indexed.resource.clone(), indexed.key.clone())
}

/// The resource that a constructor returned, which may fail.
fn constructed(results: Vec<Val>) -> Option<ResourceAny> {
    match results.into_iter().next()? {
        Val::Resource(resource) => Some(resource),
        Val::Result(Ok(Some(value))) => match *value {
            Val::Resource(resource) => Some(resource),
            _ => None,
        },
        _ => None,
    }
}

/// The number of a resource's type.
fn type_of(constructed: &AnalysedType) -> u64 {
    match constructed {
        AnalysedType::Handle { resource_id, .. } => *resource_id,
        AnalysedType::Result { ok: Some(ok), .. } => type_of(ok),
        _ => u64::MAX,
    }
}

fn returned(call: &CheckedCall, value: String) -> InvocationOutcome {
    let typ = call.function.result_type.clone();
    InvocationOutcome::Returned { typ, value }
}
