use memchr::memmem;
use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use super::{NotReusable, rewrite};

/// The prefix of the import that calls other functions.
const BINDING_PREFIX: &str = "functions:binding/";

/// The bytes of a component, and their SHA-256.
pub(crate) struct ComponentBytes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: [u8; 32],
}

/// A compiled component.
pub(crate) struct Compiled {
    pub(crate) component: Component,
    /// Whether instances can be reset and reused, or why not: see `rewrite`. Determined during
    /// compilation, and cached with the code.
    pub(crate) reusable: Result<(), NotReusable>,
}

impl ComponentBytes {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let hash = Sha256::digest(&bytes).into();
        Self { bytes, hash }
    }

    /// Compiles the component, in a rewritten form that costs less per invocation if it has one.
    pub(crate) fn compile(&self, engine: &wasmtime::Engine) -> wasmtime::Result<Compiled> {
        let inlined = rewrite::without_shim(&self.bytes);
        let reusable_form = rewrite::make_reusable(inlined.as_deref().unwrap_or(&self.bytes));
        let reason = match &reusable_form {
            Ok(_) => NotReusable::NotCompiled,
            Err(reason) => *reason,
        };
        if let Some(component) = compile_rewritten(engine, reusable_form.ok()) {
            let reusable = rewrite::check_types(&component, engine);
            return Ok(Compiled {
                component,
                reusable,
            });
        }
        let component = match compile_rewritten(engine, inlined) {
            Some(component) => component,
            None => Component::from_binary(engine, &self.bytes)?,
        };
        Ok(Compiled {
            component,
            reusable: Err(reason),
        })
    }

    /// Compiles the component unchanged, for comparison.
    pub(crate) fn compile_unchanged(
        &self,
        engine: &wasmtime::Engine,
    ) -> wasmtime::Result<Compiled> {
        Ok(Compiled {
            component: Component::from_binary(engine, &self.bytes)?,
            reusable: Err(NotReusable::Setting),
        })
    }

    /// Whether the component may call other functions. Searches for the interface's name without
    /// parsing, so a match may be no import.
    pub(crate) fn imports_binding(&self) -> bool {
        memmem::find(&self.bytes, BINDING_PREFIX.as_bytes()).is_some()
    }
}

/// Compiles a rewritten form; `None` if there is none, or it does not compile.
fn compile_rewritten(engine: &wasmtime::Engine, form: Option<Vec<u8>>) -> Option<Component> {
    let compiled = Component::from_binary(engine, &form?);
    let compiled = compiled.inspect_err(|error| {
        tracing::debug!("a rewritten component does not compile: {error:#}");
    });
    compiled.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only components that import the binding interface, in any version, may call.
    #[test]
    fn binding_import_is_found_in_any_version() {
        let read = |file: &str| ComponentBytes::new(std::fs::read(file).unwrap());
        assert!(!read(test_guests::PING).imports_binding());
        assert!(!read(test_guests::MISBEHAVE).imports_binding());
        assert!(read(test_guests::CALLER).imports_binding());
        let newer = r#"(component (import "functions:binding/invoker@1.7.0" (instance)))"#;
        assert!(ComponentBytes::new(wat::parse_str(newer).unwrap()).imports_binding());
    }
}
