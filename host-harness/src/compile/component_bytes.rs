use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use super::appendix::{self, Appendix};
use super::config::Allocation;
use super::{NotReusable, rewrite};
use crate::telemetry::panic_text;

/// The bytes of a component, and what its file has behind it.
pub(crate) struct ComponentBytes {
    pub(crate) bytes: Bytes,
    /// The SHA-256 of both.
    pub(crate) hash: [u8; 32],
    /// The SHA-256 of the component alone, which is all that its code depends on.
    pub(crate) component_hash: [u8; 32],
    pub(crate) appendix: Option<Appendix>,
}

/// A compiled component.
pub(crate) struct Compiled {
    pub(crate) component: Component,
    /// Whether instances can be reset and reused, or why not: see `rewrite`. Determined during
    /// compilation, and cached with the code.
    pub(crate) reusable: Result<(), NotReusable>,
}

impl ComponentBytes {
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Self {
        Self::of_file(bytes, None)
    }

    /// The same, of a file that what is behind the component can be read from later.
    pub(crate) fn of_file(bytes: impl Into<Bytes>, file: Option<File>) -> Self {
        let bytes = bytes.into();
        let hash = Sha256::digest(&bytes).into();
        let (bytes, appendix) = appendix::split(bytes, file);
        let component_hash = match &appendix {
            Some(_) => Sha256::digest(&bytes).into(),
            None => hash,
        };
        Self {
            bytes,
            hash,
            component_hash,
            appendix,
        }
    }

    /// Compiles the component, in a rewritten form that costs less per invocation if it has one.
    ///
    /// Components are hostile, and wasmtime asserts what it assumes of them. A panic is an error.
    pub(crate) fn compile(&self, engine: &wasmtime::Engine) -> wasmtime::Result<Compiled> {
        without_panics(|| self.try_compile(engine))
    }

    fn try_compile(&self, engine: &wasmtime::Engine) -> wasmtime::Result<Compiled> {
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
            None => compile_checked(engine, &self.bytes)?,
        };
        Ok(Compiled {
            component,
            reusable: Err(reason),
        })
    }

    /// Compiles the component with nothing but the checks of host calls: an engine that replays calls never
    /// resets instances.
    fn compile_for_replay(&self, engine: &wasmtime::Engine) -> wasmtime::Result<Compiled> {
        Ok(Compiled {
            component: without_panics(|| compile_checked(engine, &self.bytes))?,
            // Nobody asks, but the answer has to be one that can be stored.
            reusable: Err(NotReusable::Unknown),
        })
    }

    /// Compiles the component in the form that costs least to instantiate.
    fn compile_for_one_call(&self, engine: &wasmtime::Engine) -> wasmtime::Result<Compiled> {
        without_panics(|| {
            let inlined = compile_rewritten(engine, rewrite::without_shim(&self.bytes));
            let component = match inlined {
                Some(component) => component,
                None => compile_checked(engine, &self.bytes)?,
            };
            Ok(Compiled {
                component,
                reusable: Err(NotReusable::Unknown),
            })
        })
    }

    /// Compiles the component for an engine of this allocation.
    pub(crate) fn compile_for(
        &self,
        engine: &wasmtime::Engine,
        allocation: Allocation,
    ) -> wasmtime::Result<Compiled> {
        match allocation {
            Allocation::Deterministic => self.compile_for_replay(engine),
            Allocation::HostPoolOnce => self.compile_for_one_call(engine),
            _ => self.compile(engine),
        }
    }

    /// Compiles the component without the rewrites that make it cheaper, for comparison.
    pub(crate) fn compile_unchanged(
        &self,
        engine: &wasmtime::Engine,
    ) -> wasmtime::Result<Compiled> {
        Ok(Compiled {
            component: compile_checked(engine, &self.bytes)?,
            reusable: Err(NotReusable::Setting),
        })
    }
}

/// Turns a panic of the compiler into an error.
fn without_panics<T>(compile: impl FnOnce() -> wasmtime::Result<T>) -> wasmtime::Result<T> {
    // Nothing that is unwound is used again.
    catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|panic| {
        Err(wasmtime::format_err!(
            "the compiler panicked: {}; report this with the component",
            panic_text(&*panic)
        ))
    })
}

/// Compiles a component whose calls of the host check the time.
fn compile_checked(engine: &wasmtime::Engine, component: &[u8]) -> wasmtime::Result<Component> {
    let error = match rewrite::with_checked_calls(component) {
        Some(checked) => match Component::from_binary(engine, &checked) {
            Ok(component) => return Ok(component),
            Err(error) => error,
        },
        None => wasmtime::format_err!("the component has a form that this host cannot check"),
    };
    // Wasmtime's own error names the places in the component that was given.
    Component::from_binary(engine, component)?;
    Err(error)
}

/// Compiles a rewritten form; `None` if there is none, or it does not compile.
fn compile_rewritten(engine: &wasmtime::Engine, form: Option<Vec<u8>>) -> Option<Component> {
    let compiled = compile_checked(engine, &form?);
    let compiled = compiled.inspect_err(|error| {
        tracing::debug!("a rewritten component does not compile: {error:#}");
    });
    compiled.ok()
}
