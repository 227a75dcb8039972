use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use super::{Engine, Pool, Reuse};
use crate::compile::Compiled;
use crate::compile::compiler::CompileError;
use crate::compile::footprint::{self, Footprint};
use crate::compile::{ComponentBytes, NotReusable, rewrite};
use crate::invocation::FunctionContext;
use crate::pool::{MemoryImage, MemoryReset, Registration};
use crate::wit::{HANDLER, State, handler};

/// A function, ready to be called.
pub(crate) struct Function {
    pub(crate) context: Arc<FunctionContext>,
    pub(super) instance: InstancePre<State>,
    pub(super) invoke: ComponentExportIndex,
    /// The owner of its memories and stacks.
    pub(super) owner: Registration,
    /// The component's export that verifies its globals.
    pub(super) verify: Option<ComponentExportIndex>,
    /// Whether instances can be reset to their initial state.
    pub(super) reusable: Result<(), NotReusable>,
    /// The number of linear memories of an instance, at least one. Each takes a slot.
    pub(super) memories: u32,
    /// The initial contents of the memory, if the function is reusable. Captured from the first
    /// instance.
    pub(super) image: OnceLock<Option<MemoryImage>>,
    /// How many resets in a row cost more than a new instance.
    oversize_resets: AtomicU32,
}

/// How many resets in a row may exceed the resident memory before resets stop.
const MAX_OVERSIZE_RESETS: u32 = 8;

/// How many instances are created until resets are tried again.
const RETRY_AFTER: u32 = 1000;

impl Function {
    pub(super) fn is_reusable(&self) -> bool {
        self.reusable.is_ok() && self.oversize_resets.load(Ordering::Relaxed) < MAX_OVERSIZE_RESETS
    }

    /// Whether requests share instances that are reset in between, or why not.
    pub(crate) fn reusable(&self) -> Result<(), NotReusable> {
        self.reusable?;
        match self.image.get() {
            Some(None) => Err(NotReusable::Image),
            Some(Some(_)) | None => Ok(()),
        }
    }

    fn log_reuse(&self) {
        let function = &self.context.name;
        tracing::info!(%function, "{}", describe_reuse(self.reusable()));
    }

    /// The initial contents of the memory, captured if this is the first instance.
    ///
    /// # Safety
    ///
    /// The memory is of an instance of this function that was just created. Otherwise as for
    /// [`MemoryReset::image`].
    #[expect(unsafe_code, reason = "reads the memory of functions")]
    pub(super) unsafe fn image_of(&self, memory: &MemoryReset) -> Option<&MemoryImage> {
        // SAFETY: the caller guarantees what `MemoryReset::image` needs.
        let image = self.image.get_or_init(|| unsafe { memory.image() });
        image.as_ref()
    }

    /// Whether the instance that is being created should be reset after its first invocation.
    pub(super) fn should_reset(&self) -> bool {
        let oversize_resets = self.oversize_resets.load(Ordering::Relaxed);
        if self.reusable.is_ok() && oversize_resets >= MAX_OVERSIZE_RESETS {
            let next = (oversize_resets + 1) % (MAX_OVERSIZE_RESETS + RETRY_AFTER);
            self.oversize_resets.store(next, Ordering::Relaxed);
        }
        self.is_reusable()
    }

    /// Counts a reset. Usually writes nothing, so that threads share the cache line.
    pub(super) fn count_reset(&self, in_place: bool) {
        let oversize_resets = self.oversize_resets.load(Ordering::Relaxed);
        let now = if in_place { 0 } else { oversize_resets + 1 };
        if now != oversize_resets && oversize_resets < MAX_OVERSIZE_RESETS {
            self.oversize_resets.store(now, Ordering::Relaxed);
        }
    }
}

/// Describes whether instances are reused, for the log and for `functions serve -v`.
pub(crate) fn describe_reuse(reusable: Result<(), NotReusable>) -> String {
    match reusable {
        Ok(()) => "instances are reset and reused".into(),
        Err(reason) => format!("a new instance for each request: {reason}"),
    }
}

/// Why this host cannot run a component.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidFunction {
    #[error("the component does not compile")]
    Compile(#[source] wasmtime::Error),
    #[error(transparent)]
    NotCompiled(CompileError),
    #[error("the component imports {}, which this host does not offer", needs.join(" and "))]
    Import { needs: Vec<String> },
    #[error("the component needs functions of {} that this host does not provide", needs.join(" and "))]
    Link {
        needs: Vec<String>,
        source: wasmtime::Error,
    },
    #[error("the component does not export {HANDLER}, as a web function must{}", found(.exports))]
    Export { exports: Vec<String> },
    #[error(
        "the component's instances have {memories} linear memories, above the limit of {max}; {fix}"
    )]
    Memories {
        memories: u32,
        max: u32,
        fix: &'static str,
    },
    #[error(
        "the component's initial memory exceeds the limit of {limit} bytes; raise it with --memory"
    )]
    Memory { limit: usize },
    #[error(
        "the component's instances would take {bytes} bytes besides their memory, for globals, functions \
         and imports of modules, above the limit of {}",
        footprint::MAX
    )]
    Footprint { bytes: u64 },
    #[error(
        "instantiating the component would copy {bytes} bytes into memories and tables, above the limit \
         of {}; a function in a table counts 32",
        footprint::MAX_INITIAL
    )]
    Initial { bytes: u64 },
    #[error("the component's export {HANDLER} does not have the type that this host calls")]
    Type(#[source] wasmtime::Error),
    #[error("the component cannot be instantiated")]
    Start(#[source] wasmtime::Error),
}

fn found(exports: &[String]) -> String {
    if exports.is_empty() {
        "; it exports nothing".into()
    } else {
        format!("; it exports {}", exports.join(", "))
    }
}

impl Engine {
    /// Compiles a component, or loads it from the cache, and links it.
    pub(crate) fn prepare(
        &self,
        wasm: &ComponentBytes,
        context: FunctionContext,
        reuse: Reuse,
    ) -> Result<Function, InvalidFunction> {
        // A component that cannot be parsed does not compile either, and that error says why.
        let footprint = Footprint::of(&wasm.bytes);
        if let Some(Footprint { bytes, initial, .. }) = footprint {
            if bytes > footprint::MAX {
                return Err(InvalidFunction::Footprint { bytes });
            }
            if initial > footprint::MAX_INITIAL {
                return Err(InvalidFunction::Initial { bytes: initial });
            }
        }
        let compiled = self.compile(wasm);
        let Compiled {
            component,
            reusable,
        } = compiled.map_err(|error| self.not_compiled(error))?;
        let reusable = match reuse {
            Reuse::Never => Err(NotReusable::Setting),
            Reuse::Auto if self.limits.idle_instances == 0 => Err(NotReusable::NoIdleInstances),
            Reuse::Auto if self.setup.pool != Pool::Own => Err(NotReusable::NoPool),
            Reuse::Auto => reusable,
        };
        let footprint = footprint.ok_or(InvalidFunction::Footprint { bytes: u64::MAX })?;
        let memories = self.check_memories(&component)?;
        self.check_imports(&component)?;
        let instance = self.linker.instantiate_pre(&component).map_err(|error| {
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
        self.check_exports(&component)?;
        let function = Function {
            invoke: handler::find(&component).map_err(InvalidFunction::Type)?,
            owner: Registration::new(&context.name),
            context: Arc::new(context),
            instance,
            memories,
            verify: component.get_export_index(None, rewrite::VERIFY),
            reusable,
            image: OnceLock::new(),
            oversize_resets: AtomicU32::new(0),
        };
        self.run_trial(&function, footprint.starts)?;
        function.log_reuse();
        Ok(function)
    }

    fn compile(&self, wasm: &ComponentBytes) -> Result<Compiled, CompileError> {
        if !self.setup.rewrite {
            return Ok(wasm.compile_unchanged(&self.wasmtime)?);
        }
        let compile = || self.compiler.compile(&self.wasmtime, wasm);
        match &self.cache {
            Some(cache) => cache.component(&self.wasmtime, wasm, compile),
            None => compile().map(|fresh| fresh.compiled),
        }
    }

    /// The number of linear memories of an instance. Each takes a permit, so there must be enough
    /// permits.
    fn check_memories(&self, component: &Component) -> Result<u32, InvalidFunction> {
        let max = self.limits.memories.max(1);
        let resources = component.resources_required();
        // The number is unknown if the component imports modules, which no host offers.
        let memories = resources.map_or(max, |resources| resources.num_memories);
        let concurrency = self.limits.concurrency.max(1);
        let (max, fix) = if self.setup.multi_tenant {
            (max, "--multi-tenant allows no more")
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

    /// Wasmtime's pool refuses a memory that exceeds its slots during compilation.
    fn not_compiled(&self, error: CompileError) -> InvalidFunction {
        match error {
            CompileError::Invalid(error)
                if format!("{error:#}").contains("memory has a minimum byte size") =>
            {
                InvalidFunction::Memory {
                    limit: self.limits.memory,
                }
            }
            CompileError::Invalid(error) => InvalidFunction::Compile(error),
            other => InvalidFunction::NotCompiled(other),
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
