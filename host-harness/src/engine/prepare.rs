//! Prepares a component: checks, compiles and links it, and makes one instance.

use std::sync::Arc;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex};

use super::{Engine, Function, InvalidFunction, Pool, Reuse};
use crate::command::Program;
use crate::compile::cache;
use crate::compile::compiler::CompileError;
use crate::compile::footprint::{self, Footprint};
use crate::compile::{Compiled, ComponentBytes, NotReusable};
use crate::invocation::FunctionContext;
use crate::wit::{HANDLER, RUN, handler, run};

impl Engine {
    /// Compiles a component, or loads it from the cache, and links it.
    pub(crate) fn prepare(
        &self,
        wasm: &ComponentBytes,
        context: Arc<FunctionContext>,
        reuse: Reuse,
    ) -> Result<Function, InvalidFunction> {
        let footprint = footprint_of(wasm)?;
        let compiled = self.compile(wasm);
        let compiled = compiled.map_err(|error| self.not_compiled(error))?;
        self.link(compiled, footprint, wasm, context, reuse)
    }

    /// Loads a component from the cache and links it; `None` if it has to be compiled.
    pub(crate) fn prepare_cached(
        &self,
        wasm: &ComponentBytes,
        context: &Arc<FunctionContext>,
        reuse: Reuse,
    ) -> Result<Option<Function>, InvalidFunction> {
        let cache = self.cache.as_ref().filter(|_| self.setup.rewrite);
        let compiled = cache.and_then(|cache| cache.load(&self.wasmtime, wasm));
        let Some(compiled) = compiled else {
            return Ok(None);
        };
        let footprint = footprint_of(wasm)?;
        let function = self.link(compiled, footprint, wasm, Arc::clone(context), reuse);
        function.map(Some)
    }

    /// Links compiled code, and makes one instance of it.
    fn link(
        &self,
        compiled: Compiled,
        footprint: Option<Footprint>,
        wasm: &ComponentBytes,
        context: Arc<FunctionContext>,
        reuse: Reuse,
    ) -> Result<Function, InvalidFunction> {
        let Compiled {
            component,
            reusable,
        } = compiled;
        let run = self.find_run(&component);
        let reusable = match reuse {
            _ if run.is_some() => Err(NotReusable::Command),
            Reuse::Never => Err(NotReusable::Setting),
            Reuse::Auto if self.limits.idle_instances == 0 => Err(NotReusable::NoIdleInstances),
            Reuse::Auto if self.setup.pool != Pool::Own => Err(NotReusable::NoPool),
            Reuse::Auto => reusable,
        };
        let footprint = footprint.ok_or(InvalidFunction::Footprint { bytes: u64::MAX })?;
        let memories = self.check_memories(&component, context.limits.memories)?;
        self.check_imports(&component)?;
        let linker = match run {
            Some(_) => &self.command_linker,
            None => &self.linker,
        };
        let instance = linker.instantiate_pre(&component).map_err(|error| {
            let imports = component.component_type();
            let imports = imports.imports(&self.wasmtime).map(|(name, _)| name);
            let needs = imports
                .filter(|name| !name.starts_with("wasi:"))
                .map(str::to_owned);
            InvalidFunction::Link {
                needs: needs.collect(),
                source: error,
            }
        })?;
        let entry = match run {
            Some(run) => {
                let program = Program::new(&context.name, wasm.appendix.as_ref());
                (run, Some(program.map_err(InvalidFunction::Program)?))
            }
            None => {
                self.check_exports(&component)?;
                let invoke = handler::find(&component).map_err(InvalidFunction::Type)?;
                (invoke, None)
            }
        };
        let function = Function::new(context, &component, instance, memories, reusable, entry);
        self.run_trial(&function, footprint.starts)?;
        function.log_reuse();
        Ok(function)
    }

    fn compile(&self, wasm: &ComponentBytes) -> Result<Compiled, CompileError> {
        if !self.setup.rewrite {
            return Ok(wasm.compile_unchanged(&self.wasmtime)?);
        }
        cache::compiled(self.cache.as_ref(), &self.compiler, &self.wasmtime, wasm)
    }

    /// The number of linear memories of an instance. Each takes a permit, so there must be enough
    /// permits.
    fn check_memories(&self, component: &Component, max: u32) -> Result<u32, InvalidFunction> {
        let resources = component.resources_required();
        // The number is unknown if the component imports modules, which no host offers.
        let memories = resources.map_or(max, |resources| resources.num_memories);
        let concurrency = self.limits.concurrency.max(1);
        let (max, fix) = if self.setup.multi_tenant {
            (max, "--multi-tenant allows no more")
        } else if max < self.limits.memories {
            (max, "raise the function's setting memories")
        } else if max <= concurrency {
            (max, "raise it with --max-memories")
        } else {
            (concurrency, "raise --max-concurrency")
        };
        if memories > max {
            return Err(InvalidFunction::Memories { memories, max, fix });
        }
        Ok(memories.max(1))
    }

    /// The error of a component whose initial memory exceeds its function's limit.
    pub(super) fn memory_exceeded(&self, limit: usize) -> InvalidFunction {
        let fix = match limit < self.limits.most_memory() {
            true => "raise the function's setting memory",
            false => "raise it with --memory",
        };
        InvalidFunction::Memory { limit, fix }
    }

    /// Wasmtime's pool refuses a memory that exceeds its slots during compilation.
    fn not_compiled(&self, error: CompileError) -> InvalidFunction {
        match error {
            CompileError::Invalid(error)
                if format!("{error:#}").contains("memory has a minimum byte size") =>
            {
                self.memory_exceeded(self.limits.most_memory())
            }
            other => other.into(),
        }
    }

    /// Finds imports that the host does not offer, for a better message than the linker's.
    fn check_imports(&self, component: &Component) -> Result<(), InvalidFunction> {
        let offered = self.offered();
        let needs: Vec<String> = component
            .component_type()
            .imports(&self.wasmtime)
            .filter(|(name, _)| !is_offered(name, &offered))
            .map(|(name, item)| describe(name, &item.ty))
            .collect();
        if needs.is_empty() {
            Ok(())
        } else {
            Err(InvalidFunction::Import { needs })
        }
    }

    /// The export of a command; `None` for other components. A component that is both answers requests.
    fn find_run(&self, component: &Component) -> Option<ComponentExportIndex> {
        let component_type = component.component_type();
        let names = || component_type.exports(&self.wasmtime).map(|(name, _)| name);
        if names().any(|name| fits(name, HANDLER)) {
            return None;
        }
        let interface = names().find(|name| name.starts_with(RUN))?;
        run::find(component, interface)
    }

    fn check_exports(&self, component: &Component) -> Result<(), InvalidFunction> {
        let component = component.component_type();
        if component
            .exports(&self.wasmtime)
            .any(|(name, _)| fits(name, HANDLER))
        {
            return Ok(());
        }
        let exports = component.exports(&self.wasmtime);
        let exports = exports
            .map(|(name, item)| describe(name, &item.ty))
            .collect();
        Err(InvalidFunction::Export { exports })
    }
}

/// Measures a component's instances, within limits. A component that cannot be parsed does not compile
/// either, and that error says why.
pub(super) fn footprint_of(wasm: &ComponentBytes) -> Result<Option<Footprint>, InvalidFunction> {
    let footprint = Footprint::of(&wasm.bytes);
    if let Some(Footprint { bytes, initial, .. }) = footprint {
        if bytes > footprint::MAX {
            return Err(InvalidFunction::Footprint { bytes });
        }
        if initial > footprint::MAX_INITIAL {
            return Err(InvalidFunction::Initial { bytes: initial });
        }
    }
    Ok(footprint)
}

fn describe(name: &str, item: &ComponentItem) -> String {
    match item {
        ComponentItem::ComponentInstance(_) => name.to_owned(),
        ComponentItem::ComponentFunc(_) | ComponentItem::CoreFunc(_) => format!("function {name}"),
        _ => format!("\"{name}\""),
    }
}

fn is_offered(import: &str, offered: &[String]) -> bool {
    // The linker knows which WASI interfaces exist.
    let wasi = import.starts_with("wasi:")
        && !import.starts_with("wasi:http/")
        && import
            .split('@')
            .nth(1)
            .is_some_and(|version| version.starts_with("0.2."));
    wasi || offered
        .iter()
        .any(|offered| import == offered || fits(import, offered))
}

/// Whether two interfaces match up to compatible differences within a major version. The linker
/// reports a missing function of a newer minor version if it is used.
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

    /// Offered interfaces match in every compatible version, and nothing else matches.
    #[test]
    fn compatible_versions_are_offered() {
        let none: crate::wit::HostInterfaces = Arc::new([]);
        let offered = crate::wit::offered(&none);
        assert!(is_offered("functions:web/environment@1.0.0", &offered));
        assert!(is_offered("functions:web/environment@1.2.3", &offered));
        assert!(is_offered("wasi:io/poll@0.2.6", &offered));
        assert!(!is_offered("functions:web/environment@2.0.0", &offered));
        assert!(!is_offered("functions:web/environment", &offered));
        assert!(!is_offered("functions:cache/cache@1.0.0", &offered));
        assert!(!is_offered("wasi:io/poll@0.3.0", &offered));
        assert!(!is_offered("wasi:http/types@0.2.6", &offered));
    }
}
