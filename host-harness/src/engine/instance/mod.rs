use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::Resource;
use wasmtime::error::Context as _;

use super::Function;
use super::idle_instances::IdlePermit;
use crate::invocation::memory_limiter::MemoryLimit;
use crate::invocation::time_check::TimeCheck;
use crate::invocation::{FunctionContext, Invocation};
use crate::pool::seeded_bugs::{self, Bug};
use crate::pool::verify;
use crate::pool::{self, MemoryReset};
use crate::wit::handler::{self, Invoke};
use crate::wit::{Buffer, State};

/// What one invocation runs in, and after it another one of the same function: in between, it is made
/// as it was when it was new.
pub(super) struct Instance {
    pub(super) store: Store<State>,
    made: Option<Instantiated>,
    /// That it may be kept. After the store: a place is free before another may take it.
    pub(super) ticket: Option<IdlePermit>,
}

/// What there is once it was made.
struct Instantiated {
    instance: wasmtime::component::Instance,
    invoke: Invoke,
    /// What it takes to make it as it was; none where that cannot be done.
    renewable: Option<Reusable>,
}

struct Reusable {
    memory: MemoryReset,
    /// What the instance took of its memory limit when it was made.
    limit: MemoryLimit,
}

impl Instance {
    /// One that will be made.
    pub(super) fn new(store: Store<State>) -> Self {
        Self {
            store,
            made: None,
            ticket: None,
        }
    }

    /// Calls the function, in a new instance unless this is one.
    ///
    /// From here to [`reset`](Self::reset), it is within one poll if the function does not wait.
    pub(super) async fn call(
        &mut self,
        function: &Function,
        request: Resource<Buffer>,
    ) -> wasmtime::Result<handler::Reply> {
        let made = match &mut self.made {
            Some(made) => made,
            // In a box, for it is much and seldom.
            none => none.insert(Box::pin(Instantiated::new(&mut self.store, function)).await?),
        };
        if let Some(renewable) = &mut made.renewable {
            renewable.memory.begin();
        }
        let (reply,) = made.invoke.call_async(&mut self.store, (request,)).await?;
        Ok(reply)
    }

    /// Makes it as it was when it was new, after a call that returned. None if that cannot be done.
    #[expect(unsafe_code, reason = "memory of functions is written to from outside")]
    pub(super) fn reset(mut self, function: &Function) -> Option<Self> {
        let renewable = self.made.as_mut()?.renewable.as_mut()?;
        let state = self.store.data_mut();
        // A handle that the function still has would be there for the next request; and memory that
        // has grown cannot shrink.
        let handles = !state.table.is_empty() && !seeded_bugs::is_on(Bug::HandlesKept);
        let grown = state.memory != renewable.limit && !seeded_bugs::is_on(Bug::GrownMemoryKept);
        if handles || grown {
            return None;
        }
        let image = function.image.get()?.as_ref()?;
        // SAFETY: the instance is in this store, which is borrowed; its memory has not grown, as its
        // limit tells, and the image is the function's.
        let in_place = unsafe { renewable.memory.reset(image) }.ok()?;
        function.count_reset(in_place);
        if !function.is_reusable() {
            return None;
        }
        let limit = renewable.limit.clone();
        let time = TimeCheck::new(state.time.cpu_time());
        *state = State::new(
            Invocation::placeholder(Arc::clone(&function.context)),
            limit,
            time,
        );
        Some(self)
    }

    /// Ends the process if one that was just renewed is not as one that is new.
    #[expect(unsafe_code, reason = "memory of functions is read from outside")]
    pub(super) async fn verify(&mut self, function: &Function) -> wasmtime::Result<()> {
        let made = self.made.as_ref().context("it was not made")?;
        let memory = made.renewable.as_ref().map(|renewable| &renewable.memory);
        let image = function.image.get().and_then(Option::as_ref);
        if let (Some(memory), Some(image)) = (memory, image) {
            // SAFETY: as for `reset`, which this comes after.
            let different = unsafe { memory.first_difference(image) }?;
            if let Some(at) = different {
                let name = &function.context.name;
                verify::abort(name, format_args!("its memory differs at {at:#x}"));
            }
        }
        let verify = function
            .verify
            .context("it has nothing to verify its globals with")?;
        let store = &mut self.store;
        let verify = made
            .instance
            .get_typed_func::<(), (u32,)>(&mut *store, &verify)?;
        let (different,) = verify.call_async(&mut *store, ()).await?;
        if let Some(global) = different.checked_sub(1) {
            let name = &function.context.name;
            verify::abort(name, format_args!("its global {global} differs"));
        }
        Ok(())
    }

    /// Gives one that was renewed to another request.
    pub(super) fn begin(&mut self, call: Invocation) {
        let state = self.store.data_mut();
        state.call = call;
        state.time = TimeCheck::new(state.time.cpu_time());
    }

    pub(super) fn is_of(&self, function: &Arc<FunctionContext>) -> bool {
        Arc::ptr_eq(&self.store.data().call.function, function)
    }
}

impl Instantiated {
    async fn new(store: &mut Store<State>, function: &Function) -> wasmtime::Result<Self> {
        let instance = function.instance.instantiate_async(&mut *store);
        if !function.should_reset() {
            let instance = instance.await?;
            let invoke = handler::load(store, &instance, &function.invoke)?;
            return Ok(Self {
                instance,
                invoke,
                renewable: None,
            });
        }
        let (instance, memory) = pool::capture_memory(instance).await;
        // The memory of one that could not be made is another's by now.
        let instance = instance?;
        let invoke = handler::load(store, &instance, &function.invoke)?;
        let renewable = memory.and_then(|memory| Reusable::new(store, function, memory));
        Ok(Self {
            instance,
            invoke,
            renewable,
        })
    }
}

impl Reusable {
    /// Takes the image of the function's memory if this is the first instance.
    #[expect(unsafe_code, reason = "memory of functions is read from outside")]
    fn new(store: &Store<State>, function: &Function, memory: MemoryReset) -> Option<Self> {
        // SAFETY: the instance was just made, in this store, which is borrowed; a function that is
        // renewable runs nothing at its start.
        let image = unsafe { function.image_of(&memory) };
        image.is_some().then(|| Self {
            memory,
            limit: store.data().memory.clone(),
        })
    }
}

// Elsewhere none is used again.
#[cfg(test)]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod tests;
