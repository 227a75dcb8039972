use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::counters::{FunctionCounters, Own};

/// How many functions have counters of their own. Those that are invoked first get them, until they are
/// deleted; all others share one set of counters.
const MAX_OWN: usize = 1000;

/// What a host counts.
pub(crate) struct HostCounters {
    max_own: usize,
    /// How many functions have counters of their own.
    own: Arc<AtomicUsize>,
    others: OnceLock<Arc<FunctionCounters>>,
    unknown_functions: AtomicU64,
    invalid_requests: AtomicU64,
}

/// The counters of what is deployed under one name.
pub(crate) struct NamedCounters {
    /// Those of the name, once they are used.
    counters: OnceLock<Arc<FunctionCounters>>,
    name: OnceLock<Arc<Name>>,
    host: Arc<HostCounters>,
}

/// What all versions of a function share. Set by the first invocation, so that functions that nobody
/// invokes take no counters.
type Name = OnceLock<Arc<FunctionCounters>>;

impl Default for HostCounters {
    fn default() -> Self {
        Self::new(MAX_OWN)
    }
}

impl HostCounters {
    fn new(max_own: usize) -> Self {
        Self {
            max_own,
            own: Arc::default(),
            others: OnceLock::new(),
            unknown_functions: AtomicU64::new(0),
            invalid_requests: AtomicU64::new(0),
        }
    }

    fn assign(&self) -> Arc<FunctionCounters> {
        match Own::acquire(&self.own, self.max_own) {
            Some(own) => Arc::new(FunctionCounters::new(Some(own))),
            None => {
                let others = || Arc::new(FunctionCounters::new(None));
                Arc::clone(self.others.get_or_init(others))
            }
        }
    }

    /// The counters of functions that have none of their own, if there are any.
    pub(crate) fn others(&self) -> Option<&Arc<FunctionCounters>> {
        self.others.get()
    }

    /// Counts a request to a name that no function has.
    pub(crate) fn count_unknown_function(&self) {
        self.unknown_functions.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that is not valid HTTP.
    pub(crate) fn count_invalid_request(&self) {
        self.invalid_requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn unknown_functions(&self) -> u64 {
        self.unknown_functions.load(Ordering::Relaxed)
    }

    pub(crate) fn invalid_requests(&self) -> u64 {
        self.invalid_requests.load(Ordering::Relaxed)
    }
}

impl NamedCounters {
    pub(crate) fn new(host: Arc<HostCounters>) -> Self {
        Self {
            counters: OnceLock::new(),
            name: OnceLock::new(),
            host,
        }
    }

    /// The counters, assigned if this is the first use.
    pub(crate) fn get(&self) -> &Arc<FunctionCounters> {
        self.counters.get_or_init(|| {
            let of_name = self.name().get_or_init(|| self.host.assign());
            Arc::clone(of_name)
        })
    }

    fn name(&self) -> &Arc<Name> {
        self.name.get_or_init(Arc::default)
    }

    /// The counters, if the function was invoked.
    pub(crate) fn assigned(&self) -> Option<&Arc<FunctionCounters>> {
        self.name().get()
    }

    /// Whether the function shares its counters with others.
    pub(crate) fn is_other(&self) -> bool {
        match (self.assigned(), self.host.others()) {
            (Some(own), Some(others)) => Arc::ptr_eq(own, others),
            _ => false,
        }
    }

    /// Goes on with the counters of what had the name before. Called before the first use.
    pub(crate) fn inherit(&self, before: &Self) {
        let _ = self.name.set(Arc::clone(before.name()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Functions beyond the bound share counters. One that goes makes room, also if its successor has
    /// had its counters.
    #[test]
    fn functions_beyond_the_bound_share_counters() {
        let host = Arc::new(HostCounters::new(2));
        let named = || NamedCounters::new(Arc::clone(&host));
        let quiet = named();
        assert!(quiet.assigned().is_none());
        let [one, two, three, four] = [named(), named(), named(), named()];
        let all = [&one, &two, &three, &four];
        all.iter().for_each(|named| named.get().reused());
        assert_eq!(all.map(NamedCounters::is_other), [false, false, true, true]);
        let name = Arc::from("");
        assert_eq!(host.others().unwrap().read(&name).instances_reused, 2);
        let next = named();
        next.inherit(&one);
        let after = named();
        after.inherit(&next);
        drop(one);
        assert!(Arc::ptr_eq(named().get(), three.get()));
        assert_eq!(after.get().read(&name).instances_reused, 1);
        drop((next, after));
        let fifth = named();
        assert_eq!(fifth.get().read(&name).instances_reused, 0);
        assert!(!fifth.is_other());
    }

    /// A redeploy assigns no counters. The old version may get them first, or the new one.
    #[test]
    fn versions_share_counters_whoever_is_invoked_first() {
        let host = Arc::new(HostCounters::new(1));
        for old_is_first in [true, false] {
            let [old, new] = [(); 2].map(|()| NamedCounters::new(Arc::clone(&host)));
            new.inherit(&old);
            assert!(new.assigned().is_none());
            let first = if old_is_first { &old } else { &new };
            first.get().reused();
            assert!(Arc::ptr_eq(old.get(), new.get()));
            assert!(!new.is_other());
        }
    }
}
