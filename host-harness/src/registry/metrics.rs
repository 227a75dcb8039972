//! What is counted of all functions, at this moment.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::info::info;
use super::{ByName, Deployed, Registry};
use crate::invocation::permits::BoundedSemaphore;
use crate::telemetry::metrics::{FunctionMetrics, Metrics};

impl Registry {
    /// What was counted so far.
    pub(crate) fn metrics(&self) -> Metrics {
        let idle = self.engine.idle_instances();
        let mut metrics = Metrics::default();
        let nobody = Arc::from("");
        let others = self.counters().others();
        metrics.other = others.map(|others| others.read(&nobody));
        for ByName(deployed) in self.functions.load().iter() {
            let info = info(deployed, &idle);
            metrics.deployed += 1;
            metrics.loaded += u64::from(info.loaded);
            let counters = &deployed.context.counters;
            let Some(assigned) = counters.assigned() else {
                continue;
            };
            let mut own = None;
            let of = match counters.is_other() {
                true => metrics.other.as_mut(),
                false => Some(own.insert(assigned.read(&info.name))),
            };
            if let Some(of) = of {
                of.idle += u64::from(info.instances.idle);
                of.running += u64::from(info.instances.running);
                of.waiting += waiting(deployed);
            }
            metrics.functions.extend(own);
        }
        let by_name = |one: &FunctionMetrics, other: &FunctionMetrics| one.name.cmp(&other.name);
        metrics.functions.sort_unstable_by(by_name);
        metrics.unknown_functions = self.counters().unknown_functions();
        metrics.invalid_requests = self.counters().invalid_requests();
        metrics.queues = self.engine.queue_lengths();
        metrics
    }
}

/// How many requests wait for something of this function.
fn waiting(deployed: &Deployed) -> u64 {
    let own = deployed.context.permits.as_ref();
    let loading = deployed.waiting.load(Ordering::Relaxed) as u64;
    own.map_or(0, BoundedSemaphore::waiting) + loading
}
