//! One instance of a function, made as it is loaded.
//!
//! Only that checks the type of its handler, and that its memory fits. It runs the `start` of its modules,
//! if there is one, to its end, within the limits of a request: whether a function is refused must not
//! depend on how far it came before it was looked at.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::thread;

use futures_util::FutureExt as _;
use wasmtime::Store;

use super::function::InvalidFunction;
use super::{Engine, Function};
use crate::invocation::Invocation;
use crate::invocation::cpu_time::CpuTimed;
use crate::pool::{self, PollScope};
use crate::wit::{State, handler};

/// What a `start` is stopped with that waits.
#[derive(Debug, thiserror::Error)]
#[error("its start took longer than the time limit of a request; --timeout raises it")]
struct OutOfTime;

impl Engine {
    /// Makes one instance; `starts` says whether that runs anything of the component.
    pub(super) fn try_out(&self, function: &Function, starts: bool) -> Result<(), InvalidFunction> {
        let mut store = self.store(Invocation::placeholder(function.context.clone()));
        let made = {
            // That time is counted, so that it yields.
            let made = instantiate(function, &mut store);
            let owner = function.owner.owner();
            let mut made = pin!(made);
            let made = poll_fn(|cx| {
                let _scope = PollScope::enter(owner);
                made.as_mut().poll(cx)
            });
            let mut made = CpuTimed::new(made);
            let at_once = match starts {
                true => None,
                // Needs no runtime then, nor waits, but may yield.
                false => (&mut made).now_or_never(),
            };
            at_once.unwrap_or_else(|| self.finish_trial(made))
        };
        if made.is_err() && store.data().memory.exceeded() {
            return Err(InvalidFunction::Memory {
                limit: self.limits.memory,
            });
        }
        made
    }

    /// Polls it to its end on a thread of its own: it may wait for what needs a runtime, and whoever
    /// loads a function may be within one already.
    fn finish_trial(
        &self,
        made: impl Future<Output = Result<(), InvalidFunction>> + Send,
    ) -> Result<(), InvalidFunction> {
        let run = || -> Result<(), InvalidFunction> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.map_err(|error| InvalidFunction::Start(error.into()))?;
            runtime.block_on(async {
                let made = tokio::time::timeout(self.limits.timeout, made).await;
                made.unwrap_or_else(|_| Err(InvalidFunction::Start(OutOfTime.into())))
            })
        };
        thread::scope(|scope| {
            let thread = thread::Builder::new().name("trial".into());
            let thread = thread.spawn_scoped(scope, run);
            let thread = thread.map_err(|error| InvalidFunction::Start(error.into()))?;
            let panicked = wasmtime::Error::msg("the thread that tried it out panicked");
            thread
                .join()
                .unwrap_or_else(|_| Err(InvalidFunction::Start(panicked)))
        })
    }
}

#[expect(unsafe_code, reason = "memory of functions is read from outside")]
async fn instantiate(function: &Function, store: &mut Store<State>) -> Result<(), InvalidFunction> {
    let instance = function.instance.instantiate_async(&mut *store);
    let (instance, memory) = pool::capture_memory(instance).await;
    let instance = instance.map_err(InvalidFunction::Start)?;
    let typed = handler::load(store, &instance, &function.invoke);
    typed.map_err(InvalidFunction::Type)?;
    if let (Ok(()), Some(memory)) = (function.reusable, &memory) {
        // SAFETY: the instance was just made, in the store that is borrowed, and a function that is
        // reusable runs nothing at its start.
        unsafe { function.image_of(memory) };
    }
    Ok(())
}
