//! The functions of a host, by name.

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

/// A function, and whether only others may call it.
pub(crate) struct Served {
    pub(crate) function: Arc<Function>,
    /// Whether only other functions can call it.
    pub(crate) private: bool,
}

impl Registry {
    pub(crate) fn get(&self, name: &str) -> Option<&Served> {
        self.functions.get(name)
    }

    /// A function that clients can call.
    pub(crate) fn public(&self, name: &str) -> Option<&Arc<Function>> {
        let served = self.get(name)?;
        (!served.private).then_some(&served.function)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(AsRef::as_ref)
    }

    /// Adds a function; returns `false` if its name is taken.
    pub(crate) fn add(&mut self, function: Function, private: bool) -> bool {
        let name = Box::from(function.context.name.as_ref());
        match self.functions.entry(name) {
            std::collections::btree_map::Entry::Occupied(_) => false,
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Served {
                    function: Arc::new(function),
                    private,
                });
                true
            }
        }
    }
}
