use std::sync::Arc;
use std::time::Instant;

use wasmtime::Store;
use wasmtime::component::Resource;
use wasmtime::error::Context as _;

use super::Function;
use super::idle_permits::IdlePermit;
use crate::invocation::Invocation;
use crate::invocation::memory_limiter::MemoryLimit;
use crate::invocation::time_check::TimeCheck;
use crate::pool::seeded_bugs::{self, Bug};
use crate::pool::verify;
use crate::pool::{self, MemoryReset, Owner};
use crate::wit::handler::{self, Invoke};
use crate::wit::{Buffer, State};

/// An instance, which one invocation at a time uses. Between two invocations of its function, it is
/// reset to its initial state.
pub(super) struct Instance {
    pub(super) store: Store<State>,
    /// The function, loaded once: the same component loaded again is another.
    owner: Owner,
    instantiated: Option<Instantiated>,
    /// The permission to keep it idle. Dropped after the store: the slot must be free before the
    /// permit is.
    pub(super) permit: Option<IdlePermit>,
}

/// The parts that exist after instantiation.
struct Instantiated {
    instance: wasmtime::component::Instance,
    invoke: Invoke,
    /// What a reset needs; `None` if the instance cannot be reset.
    reusable: Option<Reusable>,
}

struct Reusable {
    memory: MemoryReset,
    /// The initial use of the memory limit.
    limit: MemoryLimit,
}

impl Instance {
    /// An instance that is created on the first call.
    pub(super) fn new(store: Store<State>, owner: Owner) -> Self {
        Self {
            store,
            owner,
            instantiated: None,
            permit: None,
        }
    }

    /// Calls the function, and creates the instance first if needed.
    ///
    /// If the function does not wait, everything from here to [`reset`](Self::reset) happens within
    /// one poll.
    pub(super) async fn call(
        &mut self,
        function: &Function,
        request: Resource<Buffer>,
    ) -> wasmtime::Result<handler::HandlerReply> {
        let instantiated = match &mut self.instantiated {
            Some(instantiated) => instantiated,
            // Boxed, because it is large and rarely runs.
            none => none.insert(Box::pin(Instantiated::new(&mut self.store, function)).await?),
        };
        if let Some(reusable) = &mut instantiated.reusable {
            reusable.memory.begin();
        }
        self.store.data().call.set_called();
        let (reply,) = instantiated
            .invoke
            .call_async(&mut self.store, (request,))
            .await?;
        Ok(reply)
    }

    /// Creates the instance before any call; returns whether it can be reset and kept.
    pub(super) async fn create(&mut self, function: &Function) -> wasmtime::Result<bool> {
        let instantiated = Instantiated::new(&mut self.store, function).await?;
        let is_reusable = instantiated.reusable.is_some();
        self.instantiated = Some(instantiated);
        Ok(is_reusable)
    }

    /// Resets the instance after a call that returned. Returns whether it may be used again; if not, it
    /// has to be dropped.
    pub(super) fn reset(&mut self, function: &Function) -> bool {
        self.try_reset(function).is_some()
    }

    #[expect(unsafe_code, reason = "writes the memory of functions")]
    fn try_reset(&mut self, function: &Function) -> Option<()> {
        let reusable = self.instantiated.as_mut()?.reusable.as_mut()?;
        let state = self.store.data_mut();
        // A remaining handle would be visible to the next request, and a grown memory cannot
        // shrink.
        let handles = !state.table.is_empty() && !seeded_bugs::is_on(Bug::HandlesKept);
        let grown = state.memory != reusable.limit && !seeded_bugs::is_on(Bug::GrownMemoryKept);
        if handles || grown {
            return None;
        }
        let image = function.image.get()?.as_ref()?;
        // SAFETY: the instance is in this store, which is borrowed, so it does not run. Its memory
        // has not grown, as its limit shows. The image is this function's.
        let in_place = unsafe { reusable.memory.reset(image) }.ok()?;
        function.count_reset(in_place);
        if !function.is_reusable() {
            return None;
        }
        let limit = reusable.limit.clone();
        let time = TimeCheck::new(state.time.cpu_time());
        *state = State::new(
            Invocation::placeholder(Arc::clone(&function.context)),
            limit,
            time,
        );
        Some(())
    }

    /// Aborts the process if an instance that was just reset differs from a new one.
    #[expect(unsafe_code, reason = "reads the memory of functions")]
    pub(super) async fn verify(&mut self, function: &Function) -> wasmtime::Result<()> {
        let instantiated = self
            .instantiated
            .as_ref()
            .context("the instance was never created")?;
        let memory = instantiated
            .reusable
            .as_ref()
            .map(|reusable| &reusable.memory);
        let image = function.image.get().and_then(Option::as_ref);
        if let (Some(memory), Some(image)) = (memory, image) {
            // SAFETY: as for `reset`, which ran before without an invocation in between.
            let difference = unsafe { memory.first_difference(image) }?;
            if let Some(at) = difference {
                let name = &function.context.name;
                verify::abort(name, format_args!("its memory differs at {at:#x}"));
            }
        }
        let verify = function
            .verify
            .context("the component does not export its verification")?;
        let store = &mut self.store;
        let verify = instantiated
            .instance
            .get_typed_func::<(), (u32,)>(&mut *store, &verify)?;
        let (difference,) = verify.call_async(&mut *store, ()).await?;
        if let Some(global) = difference.checked_sub(1) {
            let name = &function.context.name;
            verify::abort(name, format_args!("its global {global} differs"));
        }
        Ok(())
    }

    /// Assigns an idle instance to another request.
    pub(super) fn assign(&mut self, call: Invocation) {
        let state = self.store.data_mut();
        state.call = call;
        state.time = TimeCheck::new(state.time.cpu_time());
    }

    pub(super) fn owner(&self) -> Owner {
        self.owner
    }
}

impl Instantiated {
    async fn new(store: &mut Store<State>, function: &Function) -> wasmtime::Result<Self> {
        let began = Instant::now();
        let instantiated = Self::instantiate(store, function).await?;
        function.context.counters.get().created(began.elapsed());
        Ok(instantiated)
    }

    async fn instantiate(store: &mut Store<State>, function: &Function) -> wasmtime::Result<Self> {
        let instance = function.instance.instantiate_async(&mut *store);
        if !function.should_reset() {
            let instance = instance.await?;
            let invoke = handler::load(store, &instance, &function.export)?;
            return Ok(Self {
                instance,
                invoke,
                reusable: None,
            });
        }
        let (instance, memory) = pool::capture_memory(instance).await;
        // On failure, another instance may already use the memory.
        let instance = instance?;
        let invoke = handler::load(store, &instance, &function.export)?;
        let reusable = memory.and_then(|memory| Reusable::new(store, function, memory));
        Ok(Self {
            instance,
            invoke,
            reusable,
        })
    }
}

impl Reusable {
    /// Captures the initial contents of the memory if this is the function's first instance.
    #[expect(unsafe_code, reason = "reads the memory of functions")]
    fn new(store: &Store<State>, function: &Function, memory: MemoryReset) -> Option<Self> {
        // SAFETY: the instance was just created in this store, which is borrowed. It does not run:
        // a reusable function runs nothing at its start.
        let image = unsafe { function.image_of(&memory) };
        image.is_some().then(|| Self {
            memory,
            limit: store.data().memory.clone(),
        })
    }
}

// On other systems, no instance is reused.
#[cfg(test)]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod tests;
