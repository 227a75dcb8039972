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

/// A function that is ready to be called.
pub(crate) struct Function {
    pub(crate) context: Arc<FunctionContext>,
    pub(super) instance: InstancePre<State>,
    pub(super) invoke: ComponentExportIndex,
    /// Whose its memories and stacks are.
    pub(super) owner: Registration,
    /// The function with which an instance verifies its globals.
    pub(super) verify: Option<ComponentExportIndex>,
    /// Whether its instances can be made as they were when they were new.
    pub(super) reusable: Result<(), NotReusable>,
    /// How many linear memories an instance has, each of which takes a slot: at least one.
    pub(super) memories: u32,
    /// What is in the memory of a new instance, of a function that is renewable; known with its first
    /// instance.
    pub(super) image: OnceLock<Option<MemoryImage>>,
    /// How often in a row that took more than making one does.
    oversize_resets: AtomicU32,
}

/// How often in a row a function may write to more memory than is kept in place.
const MAX_OVERSIZE_RESETS: u32 = 8;

/// How many of its instances are made from there on, until it is tried again.
const MADE: u32 = 1000;

impl Function {
    pub(super) fn is_reusable(&self) -> bool {
        self.reusable.is_ok() && self.oversize_resets.load(Ordering::Relaxed) < MAX_OVERSIZE_RESETS
    }

    /// Whether requests are answered by instances that have answered others, or why not.
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

    /// What a new instance has in its memory, which is of this function and was just made.
    ///
    /// # Safety
    ///
    /// As for [`MemoryReset::image`].
    #[expect(unsafe_code, reason = "memory of functions is read from outside")]
    pub(super) unsafe fn image_of(&self, memory: &MemoryReset) -> Option<&MemoryImage> {
        // SAFETY: the caller has promised it.
        let image = self.image.get_or_init(|| unsafe { memory.image() });
        image.as_ref()
    }

    /// Whether one that is being made is to be renewed.
    pub(super) fn should_reset(&self) -> bool {
        let oversize_resets = self.oversize_resets.load(Ordering::Relaxed);
        if self.reusable.is_ok() && oversize_resets >= MAX_OVERSIZE_RESETS {
            let next = (oversize_resets + 1) % (MAX_OVERSIZE_RESETS + MADE);
            self.oversize_resets.store(next, Ordering::Relaxed);
        }
        self.is_reusable()
    }

    /// Counts an instance that was renewed. As a rule nothing is written, which other threads would
    /// have to read.
    pub(super) fn count_reset(&self, in_place: bool) {
        let oversize_resets = self.oversize_resets.load(Ordering::Relaxed);
        let now = if in_place { 0 } else { oversize_resets + 1 };
        if now != oversize_resets && oversize_resets < MAX_OVERSIZE_RESETS {
            self.oversize_resets.store(now, Ordering::Relaxed);
        }
    }
}

/// Says whether instances of a function are reused, for the log and for who watches.
pub(crate) fn describe_reuse(reusable: Result<(), NotReusable>) -> String {
    match reusable {
        Ok(()) => "instances are reset and reused".into(),
        Err(reason) => format!("a new instance for each request: {reason}"),
    }
}

/// Why a component is not a function that this host can run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidFunction {
    #[error("it does not compile")]
    Compile(#[source] wasmtime::Error),
    #[error(transparent)]
    NotCompiled(CompileError),
    #[error("it imports {}, which this host does not offer", needs.join(" and "))]
    Import { needs: Vec<String> },
    #[error("it needs {}, and this host offers less than that", needs.join(" and "))]
    Link {
        needs: Vec<String>,
        source: wasmtime::Error,
    },
    #[error("it does not export {HANDLER}, which makes a component a web function{}", found(.exports))]
    Export { exports: Vec<String> },
    #[error("its instances have {memories} linear memories, above the limit of {most}; {fix}")]
    Memories {
        memories: u32,
        most: u32,
        fix: &'static str,
    },
    #[error("it begins with more memory than its limit of {limit} bytes; raise it with --memory")]
    Memory { limit: usize },
    #[error(
        "its instances would take {bytes} bytes besides their memory, for the globals, functions and \
         imports of its modules; {} is the most",
        footprint::MAX
    )]
    Footprint { bytes: u64 },
    #[error(
        "making an instance of it would copy {bytes} bytes into its memory and tables, as which a function \
         in a table counts 32; {} is the most",
        footprint::MAX_INITIAL
    )]
    Initial { bytes: u64 },
    #[error("its export {HANDLER} is not of the type that this host calls")]
    Type(#[source] wasmtime::Error),
    #[error("no instance of it can be made")]
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
    /// Compiles a component unless that was kept, and makes all of its links.
    pub(crate) fn prepare(
        &self,
        wasm: &ComponentBytes,
        context: FunctionContext,
        reuse: Reuse,
    ) -> Result<Function, InvalidFunction> {
        // What cannot be parsed does not compile, which tells why.
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
        self.try_out(&function, footprint.starts)?;
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

    /// How many linear memories an instance has: each takes a permit of a request's, and there must be
    /// as many.
    fn check_memories(&self, component: &Component) -> Result<u32, InvalidFunction> {
        let most = self.limits.memories.max(1);
        let resources = component.resources_required();
        // Unknown where it imports modules, which no host offers.
        let memories = resources.map_or(most, |resources| resources.num_memories);
        let concurrency = self.limits.concurrency.max(1);
        let (most, fix) = if self.setup.multi_tenant {
            (most, "--multi-tenant allows no more")
        } else if most <= concurrency {
            (most, "raise it with --max-memories")
        } else {
            (concurrency, "raise --max-concurrency")
        };
        if memories > most {
            return Err(InvalidFunction::Memories {
                memories,
                most,
                fix,
            });
        }
        Ok(memories.max(1))
    }

    /// The pool refuses what does not fit its places when it is compiled.
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

    /// Finds imports that are not offered, to say it better than the linker could.
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
    // Which of WASI's is there, and which is not, the linker knows.
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
