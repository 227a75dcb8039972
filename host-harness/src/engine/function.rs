use std::sync::Arc;

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use super::Engine;
use crate::interfaces::bindings::FunctionPre;
use crate::interfaces::environment::Identity;
use crate::interfaces::{HANDLER, OFFERED, State};

/// A function that is ready to be called.
pub(crate) struct Function {
    pub(crate) identity: Arc<Identity>,
    pub(super) instance: FunctionPre<State>,
}

/// Why a component is not a function that this host can run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidFunction {
    #[error("it does not compile")]
    Compile(#[source] wasmtime::Error),
    #[error("it imports {}, which this host does not offer", needs.join(" and "))]
    Import { needs: Vec<String> },
    #[error("it does not export {HANDLER}, which makes a component a web function{}", found(.exports))]
    Export { exports: Vec<String> },
    #[error("what it imports or exports is not of the type that this host knows")]
    Type(#[source] wasmtime::Error),
}

fn found(exports: &[String]) -> String {
    if exports.is_empty() {
        "; it exports nothing".into()
    } else {
        format!("; it exports {}", exports.join(", "))
    }
}

impl Engine {
    /// Compiles a component, and makes all of its links.
    pub(crate) fn prepare(
        &self,
        component: &[u8],
        identity: Identity,
    ) -> Result<Function, InvalidFunction> {
        let component =
            Component::from_binary(&self.wasmtime, component).map_err(InvalidFunction::Compile)?;
        self.check_names(&component)?;
        let instance = self
            .linker
            .instantiate_pre(&component)
            .and_then(FunctionPre::new)
            .map_err(InvalidFunction::Type)?;
        Ok(Function { identity: Arc::new(identity), instance })
    }

    /// Finds imports that are not offered, and the missing export, to say it better than a linker
    /// could.
    fn check_names(&self, component: &Component) -> Result<(), InvalidFunction> {
        let component = component.component_type();
        let needs: Vec<String> = component
            .imports(&self.wasmtime)
            .filter(|(name, _)| !is_offered(name))
            .map(|(name, item)| describe(name, &item.ty))
            .collect();
        if !needs.is_empty() {
            return Err(InvalidFunction::Import { needs });
        }
        let mut exports = component.exports(&self.wasmtime).map(|(name, _)| name);
        if !exports.any(|name| fits(name, HANDLER)) {
            let exports = component.exports(&self.wasmtime);
            let exports = exports.map(|(name, item)| describe(name, &item.ty)).collect();
            return Err(InvalidFunction::Export { exports });
        }
        Ok(())
    }
}

fn describe(name: &str, item: &ComponentItem) -> String {
    match item {
        ComponentItem::ComponentInstance(_) => name.to_owned(),
        ComponentItem::ComponentFunc(_) | ComponentItem::CoreFunc(_) => format!("function {name}"),
        _ => format!("\"{name}\""),
    }
}

fn is_offered(import: &str) -> bool {
    // Which of WASI's is there, and which is not, the linker knows.
    let wasi = import.starts_with("wasi:")
        && !import.starts_with("wasi:http/")
        && import.split('@').nth(1).is_some_and(|version| version.starts_with("0.2."));
    wasi || OFFERED.iter().any(|offered| fits(import, offered))
}

/// Whether two interfaces are the same, up to what may differ within a major version. What a newer
/// minor version has more, the linker misses if it is used.
fn fits(name: &str, offered: &str) -> bool {
    let split = |name: &str| -> Option<(String, String)> {
        let (interface, version) = name.split_once('@')?;
        Some((interface.to_owned(), version.split('.').next()?.to_owned()))
    };
    split(name).is_some_and(|name| Some(name) == split(offered))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is offered is offered in every compatible version, and nothing else is.
    #[test]
    fn offers() {
        assert!(is_offered("functions:web/environment@1.0.0"));
        assert!(is_offered("functions:web/environment@1.2.3"));
        assert!(is_offered("wasi:io/poll@0.2.6"));
        assert!(!is_offered("functions:web/environment@2.0.0"));
        assert!(!is_offered("functions:web/environment"));
        assert!(!is_offered("functions:cache/cache@1.0.0"));
        assert!(!is_offered("wasi:io/poll@0.3.0"));
        assert!(!is_offered("wasi:http/types@0.2.6"));
    }
}
