//! Instantiates a function once while it loads.
//!
//! Only this checks the type of its handler, and that its memory fits. It runs the `start`
//! functions of its modules, if any, to their end, within the limits of a request. So the result
//! never depends on how far they got.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use wasmtime::Store;

use super::{Engine, Function, InvalidFunction};
use crate::invocation::Invocation;
use crate::invocation::cpu_time::CpuTimed;
use crate::pool::{self, SlotScope};
use crate::wit::{State, handler, run};

/// The error of a `start` that waits for too long.
#[derive(Debug, thiserror::Error)]
#[error("the component's start exceeds the time limit of a request; raise it with --timeout")]
struct TrialTimeout;

impl Engine {
    /// Creates one instance. `starts` says whether instantiation runs code of the component.
    pub(super) fn run_trial(
        &self,
        function: &Function,
        starts: bool,
    ) -> Result<(), InvalidFunction> {
        let mut store = self.store(Invocation::placeholder(function.context.clone()));
        let result = {
            // Counts CPU time, so that it yields.
            let instantiation = instantiate(function, &mut store);
            let owner = function.owner();
            let mut instantiation = pin!(instantiation);
            let instantiation = poll_fn(|cx| {
                let _scope = SlotScope::enter(owner);
                instantiation.as_mut().poll(cx)
            });
            let mut instantiation = CpuTimed::new(instantiation, &function.context.cpu_bound);
            let finished = match starts {
                true => None,
                // Then instantiation never waits and needs no runtime, but may yield.
                false => (&mut instantiation).now_or_never(),
            };
            finished.unwrap_or_else(|| {
                let timeout = function.context.limits.timeout;
                finish_trial(instantiation, timeout)
            })
        };
        if result.is_err() && store.data().memory.exceeded() {
            return Err(self.memory_exceeded(function.context.limits.memory));
        }
        result
    }
}

/// Polls the instantiation to its end on its own thread. It may need a runtime, and the caller
/// may already be within one.
fn finish_trial(
    instantiation: impl Future<Output = Result<(), InvalidFunction>> + Send,
    timeout: Duration,
) -> Result<(), InvalidFunction> {
    let run = || -> Result<(), InvalidFunction> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| InvalidFunction::Start(error.into()))?;
        runtime.block_on(async {
            let result = tokio::time::timeout(timeout, instantiation).await;
            result.unwrap_or_else(|_| Err(InvalidFunction::Start(TrialTimeout.into())))
        })
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("trial".into());
        let thread = thread.spawn_scoped(scope, run);
        let thread = thread.map_err(|error| InvalidFunction::Start(error.into()))?;
        let panicked = wasmtime::Error::msg("the trial thread panicked");
        thread
            .join()
            .unwrap_or_else(|_| Err(InvalidFunction::Start(panicked)))
    })
}

#[expect(unsafe_code, reason = "reads the memory of functions")]
async fn instantiate(function: &Function, store: &mut Store<State>) -> Result<(), InvalidFunction> {
    let instance = function.instance.instantiate_async(&mut *store);
    let (instance, memory) = pool::capture_memory(instance).await;
    let instance = instance.map_err(InvalidFunction::Start)?;
    if function.program.is_some() {
        let typed = run::load(store, &instance, &function.export);
        typed.map_err(InvalidFunction::RunType)?;
        return Ok(());
    }
    let typed = handler::load(store, &instance, &function.export);
    typed.map_err(InvalidFunction::Type)?;
    if let (Ok(()), Some(memory)) = (function.reusable, &memory) {
        // SAFETY: the instance was just created in the store that is borrowed. It does not run: a
        // reusable function runs nothing at its start.
        unsafe { function.image_of(memory) };
    }
    Ok(())
}
