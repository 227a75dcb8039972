//! What is known about the functions of a host.

use std::collections::HashMap;
use std::sync::Arc;

use super::load::chain;
use super::{ByName, Deployed, Registry};
use crate::compile::NotReusable;
use crate::pool::Owner;

/// A function of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionInfo {
    /// The name.
    pub name: Arc<str>,
    /// What the function gets as its version; `None` while that is the digest of a component that has
    /// not been read.
    pub version: Option<String>,
    /// Whether the function is loaded. If not, its next request loads it.
    pub loaded: bool,
    /// Whether instances are reset and reused, or why not; `None` if it is not loaded.
    pub reuse: Option<Result<(), String>>,
    /// The instances of the current version.
    pub instances: InstanceCounts,
    /// Why the last attempt to load the function failed.
    pub load_error: Option<String>,
}

/// How many instances of a function there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceCounts {
    /// Those that wait for a request.
    pub idle: u32,
    /// Invocations in flight, including those that wait for a slot.
    pub running: u32,
}

impl Registry {
    /// All functions, in the order of their names.
    pub(crate) fn all(&self) -> Vec<FunctionInfo> {
        let idle = self.engine.idle_instances();
        let functions = self.functions.load();
        let mut all: Vec<_> = functions.iter().map(|ByName(of)| info(of, &idle)).collect();
        all.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// One function.
    pub(crate) fn info(&self, name: &str) -> Option<FunctionInfo> {
        let functions = self.functions.load();
        let ByName(deployed) = functions.get(name)?;
        Some(info(deployed, &self.engine.idle_instances()))
    }

    /// Whether a function's instances are reused, or why not; `None` unless it is loaded.
    pub(crate) fn reusable(&self, name: &str) -> Option<Result<(), NotReusable>> {
        let functions = self.functions.load();
        let ByName(deployed) = functions.get(name)?;
        let function = deployed.function.load();
        function.as_ref().map(|function| function.reusable())
    }
}

pub(super) fn info(deployed: &Deployed, idle: &HashMap<Owner, u32>) -> FunctionInfo {
    let context = &deployed.context;
    let function = deployed.function.load();
    let function = function.as_ref();
    let instances = function.map(|function| InstanceCounts {
        idle: idle.get(&function.owner()).copied().unwrap_or_default(),
        // Each invocation has one reference, and the map has one.
        running: u32::try_from(Arc::strong_count(function).saturating_sub(1)).unwrap_or(u32::MAX),
    });
    let reuse = function.map(|function| function.reusable());
    FunctionInfo {
        name: Arc::clone(&context.name),
        version: context.version.get().cloned(),
        loaded: function.is_some(),
        reuse: reuse.map(|reusable| reusable.map_err(|reason| reason.to_string())),
        instances: instances.unwrap_or_default(),
        load_error: deployed.last_error().map(|error| chain(&*error)),
    }
}
