//! The functions that a component exports, as its metadata lists them.

mod find;
mod function_index;
mod read;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::analysed_type::{AnalysedType, Field};

pub(crate) use find::{CallKind, FoundFunction, Indexed, IndexedCall};
pub(crate) use function_index::FunctionIndex;

/// Everything that a component exports: JSON as `metadata.exports`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Exports(Vec<Export>);

/// A function of the world, or an instance of an interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Export {
    Function(ExportedFunction),
    Instance {
        name: String,
        functions: Vec<ExportedFunction>,
    },
}

/// A function, under the name that the component exports it by, such as `[method]counter.inc-by`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ExportedFunction {
    pub(crate) name: String,
    pub(crate) parameters: Vec<Field>,
    pub(crate) results: Vec<NamedResult>,
}

impl Exports {
    /// All functions: the instance that exports each, if any, and its name.
    pub(crate) fn names(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.0.iter().flat_map(|export| {
            let (site, functions) = match export {
                Export::Function(function) => (None, std::slice::from_ref(function)),
                Export::Instance { name, functions } => (Some(&**name), &**functions),
            };
            functions
                .iter()
                .map(move |function| (site, &*function.name))
        })
    }

    /// The functions of an interface, in any version: the instance that exports each, and the function.
    pub(crate) fn functions_of(
        &self,
        interface: &str,
    ) -> impl Iterator<Item = (&str, &ExportedFunction)> {
        let exports = self.0.iter().filter_map(move |export| match export {
            Export::Instance { name, functions } if name.split('@').next() == Some(interface) => {
                Some((&**name, functions))
            }
            _ => None,
        });
        exports.flat_map(|(name, functions)| functions.iter().map(move |function| (name, function)))
    }
}

/// What a function returns. Only results of an older WIT have names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NamedResult {
    pub(crate) name: Option<String>,
    pub(crate) typ: AnalysedType,
}

/// A call names a function that does not exist, or has parameters that do not fit. Each text says what is
/// wrong with one part.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", errors.join("; "))]
pub(crate) struct BadCall {
    pub(crate) errors: Vec<String>,
}

impl BadCall {
    pub(crate) fn new(error: impl Into<String>) -> Self {
        Self {
            errors: vec![error.into()],
        }
    }
}
