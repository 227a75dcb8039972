//! What is served: functions by name.

mod load;
mod name;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use load::load;
pub use load::{LoadError, LoadErrorKind};
pub(crate) use name::check as check_name;

use crate::engine::Function;

/// The functions that a host serves.
#[derive(Default)]
pub(crate) struct Registry {
    functions: BTreeMap<Box<str>, Arc<Function>>,
}

impl Registry {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.functions.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(AsRef::as_ref)
    }

    /// Adds a function; `false` when there is one of that name.
    pub(crate) fn add(&mut self, function: Function) -> bool {
        let name = Box::from(function.identity.name.as_ref());
        match self.functions.entry(name) {
            std::collections::btree_map::Entry::Occupied(_) => false,
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Arc::new(function));
                true
            }
        }
    }
}
