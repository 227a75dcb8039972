use memchr::memmem;
use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use super::{NotReusable, rewrite};

/// How the import begins that a function makes calls with.
const CALLS: &str = "functions:binding/";

/// A component as it was read, and its SHA-256.
pub(crate) struct ComponentBytes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: [u8; 32],
}

/// A component, compiled.
pub(crate) struct Compiled {
    pub(crate) component: Component,
    /// Whether its instances can be reset and reused, or why not: see `rewrite`. Found out as it is
    /// compiled, and kept with it.
    pub(crate) reusable: Result<(), NotReusable>,
}

impl ComponentBytes {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let hash = Sha256::digest(&bytes).into();
        Self { bytes, hash }
    }

    /// Compiles it, in a form that takes less for each invocation if it has one.
    pub(crate) fn compile(&self, engine: &wasmtime::Engine) -> wasmtime::Result<Compiled> {
        let direct = rewrite::without_shim(&self.bytes);
        let resettable = rewrite::make_reusable(direct.as_deref().unwrap_or(&self.bytes));
        let reason = match &resettable {
            Ok(_) => NotReusable::NotCompiled,
            Err(reason) => *reason,
        };
        if let Some(component) = other_form(engine, resettable.ok()) {
            let reusable = rewrite::check_types(&component, engine);
            return Ok(Compiled {
                component,
                reusable,
            });
        }
        let component = match other_form(engine, direct) {
            Some(component) => component,
            None => Component::from_binary(engine, &self.bytes)?,
        };
        Ok(Compiled {
            component,
            reusable: Err(reason),
        })
    }

    /// Compiles it as it is, to compare with.
    pub(crate) fn compile_unchanged(
        &self,
        engine: &wasmtime::Engine,
    ) -> wasmtime::Result<Compiled> {
        Ok(Compiled {
            component: Component::from_binary(engine, &self.bytes)?,
            reusable: Err(NotReusable::Setting),
        })
    }

    /// Whether it could call other functions, found without parsing it: the name of what it would
    /// need is nowhere in it, or may be an import.
    pub(crate) fn imports_binding(&self) -> bool {
        memmem::find(&self.bytes, CALLS.as_bytes()).is_some()
    }
}

/// A component in a form that the host has made; none if it has none, or one that does not compile.
fn other_form(engine: &wasmtime::Engine, form: Option<Vec<u8>>) -> Option<Component> {
    let compiled = Component::from_binary(engine, &form?);
    let told = compiled.inspect_err(|error| {
        tracing::debug!("compiling it in another form: {error:#}");
    });
    told.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What imports the interface for calls may call, in any version; what does not may not.
    #[test]
    fn imports_tell_who_may_call() {
        let read = |file: &str| ComponentBytes::new(std::fs::read(file).unwrap());
        assert!(!read(test_guests::PING).imports_binding());
        assert!(!read(test_guests::MISBEHAVE).imports_binding());
        assert!(read(test_guests::CALLER).imports_binding());
        let newer = r#"(component (import "functions:binding/invoker@1.7.0" (instance)))"#;
        assert!(ComponentBytes::new(wat::parse_str(newer).unwrap()).imports_binding());
    }
}
