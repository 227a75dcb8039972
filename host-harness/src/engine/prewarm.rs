//! Creates instances before requests need them.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::instance::Instance;
use super::{Engine, Function};
use crate::invocation::Invocation;
use crate::pool::SlotScope;

impl Engine {
    /// Creates up to `instances` idle instances of a function, and returns how many. Creates none if its
    /// instances are not reused. Takes the caller's thread for some microseconds each.
    pub(crate) fn prewarm(&self, function: &Function, instances: u32) -> u32 {
        let made = (0..instances).take_while(|_| self.prewarm_one(function));
        u32::try_from(made.count()).unwrap_or(u32::MAX)
    }

    fn prewarm_one(&self, function: &Function) -> bool {
        if !function.is_reusable() || function.is_retired() {
            return false;
        }
        let store = self.store(Invocation::placeholder(Arc::clone(&function.context)));
        let mut instance = Box::new(Instance::new(store, function.owner()));
        let created = {
            let mut creating = pin!(instance.create(function));
            let creating = poll_fn(|cx| {
                let _scope = SlotScope::enter(function.owner());
                creating.as_mut().poll(cx)
            });
            // A reusable function runs nothing at its start, so this never waits.
            creating.now_or_never()
        };
        match created {
            Some(Ok(true)) => self.idle.put_prewarmed(instance),
            Some(Ok(false)) | None => false,
            Some(Err(error)) => {
                let function = &function.context.name;
                tracing::warn!(%function, "cannot prewarm an instance: {error:#}");
                false
            }
        }
    }
}
