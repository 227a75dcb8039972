//! The functions of a component by the texts that clients name them by.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{BadCall, CallKind, Exports, FoundFunction};
use crate::workers::function_name::{FunctionName, InvalidName};

/// How many texts are known at once.
const CAPACITY: usize = 256;

/// The longest text that is kept, in bytes.
const MAX_TEXT: usize = 256;

/// The exports of a component, and the functions that were looked up lately.
#[derive(Debug)]
pub(crate) struct FunctionIndex {
    exports: Exports,
    found: Mutex<HashMap<String, Arc<FoundFunction>>>,
}

impl FunctionIndex {
    pub(crate) fn new(exports: Exports) -> Self {
        Self {
            exports,
            found: Mutex::default(),
        }
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.exports
    }

    /// Finds the function that a text names.
    pub(crate) fn find(&self, text: &str) -> Result<Arc<FoundFunction>, BadCall> {
        if let Some(found) = self.lock().get(text) {
            return Ok(Arc::clone(found));
        }
        let name: FunctionName = text
            .parse()
            .map_err(|error: InvalidName| BadCall::new(error.to_string()))?;
        let found = Arc::new(self.exports.find(&name)?);
        // Those with parameters of a constructor are as many as there are parameters.
        let is_kept = text.len() <= MAX_TEXT && !matches!(found.call, CallKind::Indexed(_));
        if is_kept {
            let mut known = self.lock();
            if known.len() >= CAPACITY {
                known.clear();
            }
            known.insert(text.to_owned(), Arc::clone(&found));
        }
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<FoundFunction>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
