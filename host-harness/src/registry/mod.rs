//! The functions of a host, by name. They change while requests are answered.
//!
//! The map is immutable, behind an atomic pointer. A request reads it once, without a lock, and keeps
//! the function that it found until it has answered. A change copies the map, and swaps the pointer.

mod component_engine;
mod defaults;
mod deploy_error;
mod deployed;
mod info;
mod invalid_setting;
mod load;
mod load_error;
mod loaded;
mod metrics;
mod name;
mod settings;
mod source;
mod unavailable;

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

pub use component_engine::{ComponentEngine, SlotOwner};
pub(crate) use defaults::Defaults;
pub use deploy_error::DeployError;
pub(crate) use deployed::Deployed;
pub use info::{FunctionInfo, InstanceCounts};
pub use invalid_setting::InvalidSetting;
pub use load_error::{LoadError, LoadErrorKind};
pub(crate) use name::check as check_name;
pub use settings::FunctionSettings;
pub use source::ComponentSource;
pub(crate) use source::Opened;
pub(crate) use unavailable::Unavailable;

use crate::engine::{Engine, Function};
use crate::invocation::FunctionContext;
use crate::outbound::OutboundConfig;
use crate::telemetry::metrics::HostCounters;
use load::Permits;
use loaded::Loaded;

/// The functions that a host serves.
pub(crate) struct Registry {
    engine: Arc<Engine>,
    defaults: Defaults,
    functions: ArcSwap<Functions>,
    /// Held while the map is replaced.
    changing: Mutex<()>,
    loaded: Loaded,
    permits: Permits,
}

/// Names are not hashed as slowly as std does it: only those who deploy could choose them to collide, and the
/// hasher is seeded.
type Functions = HashSet<ByName, foldhash::fast::RandomState>;

/// A function in the map.
#[derive(Clone)]
struct ByName(Arc<Deployed>);

impl ByName {
    fn name(&self) -> &str {
        &self.0.context.name
    }
}

impl Borrow<str> for ByName {
    fn borrow(&self) -> &str {
        self.name()
    }
}

impl Hash for ByName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl PartialEq for ByName {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for ByName {}

/// A function that was found by its name.
pub(crate) enum FoundFunction {
    Loaded(Arc<Function>),
    /// The function has to be loaded first.
    NotLoaded(Arc<Deployed>),
}

impl FoundFunction {
    pub(crate) fn context(&self) -> &Arc<FunctionContext> {
        match self {
            Self::Loaded(function) => &function.context,
            Self::NotLoaded(deployed) => &deployed.context,
        }
    }
}

impl Registry {
    pub(crate) fn new(engine: Arc<Engine>, defaults: Defaults) -> Self {
        Self {
            loaded: Loaded::new(engine.limits().loaded_functions),
            engine,
            defaults,
            functions: ArcSwap::default(),
            changing: Mutex::default(),
            permits: Permits::default(),
        }
    }

    /// Finds a function: one atomic load of the map, and one of the function.
    pub(crate) fn get(&self, name: &str) -> Option<FoundFunction> {
        loop {
            let functions = self.functions.load();
            let ByName(deployed) = functions.get(name)?;
            match deployed.function.load_full() {
                Some(function) => {
                    self.loaded.touch(deployed);
                    return Some(FoundFunction::Loaded(function));
                }
                None if !deployed.is_retired() => {
                    return Some(FoundFunction::NotLoaded(Arc::clone(deployed)));
                }
                // It was replaced between the two loads.
                None => {}
            }
        }
    }

    /// What the requests of all functions to other servers share.
    pub(crate) fn network(&self) -> Arc<OutboundConfig> {
        Arc::clone(&self.defaults.network)
    }

    /// What the host counts.
    pub(crate) fn counters(&self) -> &HostCounters {
        &self.defaults.counters
    }

    /// The context of a function, loaded or not.
    pub(crate) fn context(&self, name: &str) -> Option<Arc<FunctionContext>> {
        let functions = self.functions.load();
        let ByName(deployed) = functions.get(name)?;
        Some(Arc::clone(&deployed.context))
    }

    /// The first `max` names, in order.
    pub(crate) fn names(&self, max: usize) -> Vec<Arc<str>> {
        let functions = self.functions.load();
        let mut names: Vec<_> = functions
            .iter()
            .map(|of| Arc::clone(&of.0.context.name))
            .collect();
        names.sort_unstable();
        names.truncate(max);
        names
    }

    /// The SHA-256 of all functions' components, as far as they are known.
    pub(crate) fn digests(&self) -> Vec<[u8; 32]> {
        let functions = self.functions.load();
        functions.iter().filter_map(|of| of.0.digest()).collect()
    }

    /// Checks a name and settings.
    pub(crate) fn describe(
        &self,
        name: &str,
        source: ComponentSource,
        settings: &FunctionSettings,
    ) -> Result<Deployed, DeployError> {
        check_name(name).map_err(DeployError::name)?;
        let context = self.defaults.context(&self.engine, name, settings)?;
        let reuse = self.defaults.reuse(settings)?;
        Ok(Deployed::new(context, source, reuse, settings.digest))
    }

    /// Inserts a function, and replaces the one with its name. Later requests do not find the old one.
    pub(crate) fn put(&self, deployed: Arc<Deployed>, function: Option<Arc<Function>>) {
        let is_loaded = function.is_some();
        deployed.function.store(function);
        let surplus = self.change(|functions| {
            if let Some(ByName(replaced)) = functions.get(&*deployed.context.name) {
                deployed
                    .context
                    .counters
                    .inherit(&replaced.context.counters);
            }
            let replaced = functions.replace(ByName(Arc::clone(&deployed)));
            let surplus = is_loaded.then(|| self.loaded.add(&deployed));
            (replaced, surplus.unwrap_or_default())
        });
        surplus.iter().for_each(|surplus| self.unload(surplus));
    }

    /// Removes a function; returns whether there was one.
    pub(crate) fn remove(&self, name: &str) -> bool {
        self.change(|functions| {
            let removed = functions.take(name);
            let existed = removed.is_some();
            (removed, existed)
        })
    }

    /// Replaces the map by a changed copy, and drops what was taken out of it.
    #[expect(
        clippy::mutable_key_type,
        reason = "only the name is compared, which never changes"
    )]
    fn change<T>(&self, change: impl FnOnce(&mut Functions) -> (Option<ByName>, T)) -> T {
        let (taken, result) = {
            let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
            let mut functions = Functions::clone(&self.functions.load());
            let (taken, result) = change(&mut functions);
            self.functions.store(Arc::new(functions));
            if let Some(ByName(taken)) = &taken {
                taken.retire();
                self.loaded.remove(taken);
            }
            (taken, result)
        };
        if let Some(ByName(taken)) = taken {
            self.unload(&taken);
        }
        result
    }

    /// Drops a function's code and idle instances. Requests in flight keep their own.
    fn unload(&self, deployed: &Deployed) {
        if let Some(function) = deployed.function.swap(None) {
            self.engine.retire(&function);
        }
    }
}
