//! What is served: functions by name.

mod load;
mod name;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use load::{LoadError, LoadErrorKind};
pub(crate) use load::{Settings, load, read};
pub(crate) use name::check as check_name;

use crate::engine::Function;

/// The functions that a host serves.
#[derive(Default)]
pub(crate) struct Registry {
    functions: BTreeMap<Box<str>, Served>,
}

/// A function, and who may call it.
pub(crate) struct Served {
    pub(crate) function: Arc<Function>,
    /// Only other functions do.
    pub(crate) private: bool,
}

impl Registry {
    pub(crate) fn get(&self, name: &str) -> Option<&Served> {
        self.functions.get(name)
    }

    /// One that requests from outside reach.
    pub(crate) fn public(&self, name: &str) -> Option<&Arc<Function>> {
        let served = self.get(name)?;
        (!served.private).then_some(&served.function)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(AsRef::as_ref)
    }

    /// Adds a function; `false` when there is one of that name.
    pub(crate) fn add(&mut self, function: Function, private: bool) -> bool {
        let name = Box::from(function.context.name.as_ref());
        match self.functions.entry(name) {
            std::collections::btree_map::Entry::Occupied(_) => false,
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Served {
                    function: Arc::new(function),
                    private,
                });
                true
            }
        }
    }
}
