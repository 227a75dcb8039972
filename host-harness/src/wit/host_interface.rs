//! Interfaces that an embedder adds to the contract's.

use std::any::Any;
use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};

use super::State;
use crate::telemetry::InvocationId;

/// An interface that functions of a host may import, besides the contract's and WASI 0.2.
///
/// Added with [`Builder::interface`](crate::Builder::interface). wasmtime's `bindgen!` generates the
/// traits and the `add_to_linker` of an interface from its WIT. Use the version [`crate::wasmtime`], with
/// `wasmtime_crate: host_harness::wasmtime`. Data of a single invocation goes into [`State::local`], and
/// is dropped with the invocation.
///
/// A function of such an interface runs on a thread of the host's runtime, so it must not block. A
/// call does not end an invocation that is past its deadline; the next call or loop iteration does.
///
/// ```
/// use host_harness::wasmtime::component::Linker;
/// use host_harness::{HostInterface, InvocationState};
///
/// /// `interface clock { now: func() -> u64; }` of `package acme:clock@1.0.0`.
/// struct Clock;
///
/// impl HostInterface for Clock {
///     fn names(&self) -> &[&str] {
///         &["acme:clock/clock@1.0.0"]
///     }
///
///     fn add_to_linker(
///         &self,
///         linker: &mut Linker<InvocationState>,
///     ) -> host_harness::wasmtime::Result<()> {
///         let mut clock = linker.instance("acme:clock/clock@1.0.0")?;
///         clock.func_wrap("now", |_, ()| Ok((1_700_000_000_u64,)))
///     }
/// }
///
/// let builder = host_harness::Harness::builder().interface(Clock);
/// ```
pub trait HostInterface: Any + Send + Sync {
    /// The interface names, as components import them: `acme:clock/clock@1.0.0`.
    fn names(&self) -> &[&str];

    /// Adds the interfaces' functions to a host's linker.
    ///
    /// # Errors
    ///
    /// Those of wasmtime, for example for a name that is taken. Building the host then fails.
    fn add_to_linker(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;
}

/// The interfaces that the embedder added to a host.
pub(crate) type HostInterfaces = Arc<[Arc<dyn HostInterface>]>;

impl State {
    /// The interface as it was added to the host, shared by all invocations.
    #[must_use]
    pub fn interface<I: HostInterface>(&self) -> Option<&I> {
        let interfaces = self.call.function.interfaces.iter();
        interfaces
            .filter_map(|interface| {
                let interface: &dyn Any = interface.as_ref();
                interface.downcast_ref()
            })
            .next()
    }

    /// An interface's data of this invocation, created on first use. No other invocation sees it.
    pub fn local<T: Send + 'static>(&mut self, make: impl FnOnce() -> T) -> &mut T {
        let locals = &mut self.locals;
        let found = locals.iter().position(|local| local.is::<T>());
        let index = found.unwrap_or_else(|| {
            locals.push(Box::new(make()));
            locals.len() - 1
        });
        let local = locals.get_mut(index).and_then(|local| local.downcast_mut());
        #[expect(clippy::expect_used, reason = "it was found or pushed just now")]
        local.expect("of this type")
    }

    /// The resources of the invocation. If a function still holds one when it answers, its instance is
    /// not reused.
    pub fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    /// The name of the running function.
    #[must_use]
    pub fn function_name(&self) -> &str {
        &self.call.function.name
    }

    /// The id of the invocation, as in the log.
    #[must_use]
    pub fn invocation_id(&self) -> InvocationId {
        self.call.id
    }
}
