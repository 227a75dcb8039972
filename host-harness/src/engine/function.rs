use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use super::Engine;
use crate::command::Program;
use crate::compile::{NotReusable, rewrite};
use crate::invocation::FunctionContext;
use crate::pool::{MemoryImage, MemoryReset, Owner, Registration};
use crate::wit::State;

/// A function, ready to be called.
pub(crate) struct Function {
    pub(crate) context: Arc<FunctionContext>,
    pub(super) instance: InstancePre<State>,
    /// The export that is called.
    pub(super) export: ComponentExportIndex,
    /// What a command is run with; `None` for a web function.
    pub(super) program: Option<Program>,
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
    /// Whether the function was replaced, removed or unloaded, so that its instances are not kept.
    retired: AtomicBool,
}

/// How many resets in a row may exceed the resident memory before resets stop.
const MAX_OVERSIZE_RESETS: u32 = 8;

/// How many instances are created until resets are tried again.
const RETRY_AFTER: u32 = 1000;

impl Function {
    /// A function whose instances are made from `instance`, of `component`.
    pub(super) fn new(
        context: Arc<FunctionContext>,
        component: &Component,
        instance: InstancePre<State>,
        memories: u32,
        reusable: Result<(), NotReusable>,
        (export, program): (ComponentExportIndex, Option<Program>),
    ) -> Self {
        Self {
            export,
            program,
            owner: Registration::new(&context.name),
            context,
            instance,
            memories,
            verify: component.get_export_index(None, rewrite::VERIFY),
            reusable,
            image: OnceLock::new(),
            oversize_resets: AtomicU32::new(0),
            retired: AtomicBool::new(false),
        }
    }

    /// The owner of its memories, stacks and idle instances.
    pub(crate) fn owner(&self) -> Owner {
        self.owner.owner()
    }

    pub(super) fn is_reusable(&self) -> bool {
        self.reusable.is_ok() && self.oversize_resets.load(Ordering::Relaxed) < MAX_OVERSIZE_RESETS
    }

    /// Whether the function is no longer found by its name.
    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// Whether requests share instances that are reset in between, or why not.
    pub(crate) fn reusable(&self) -> Result<(), NotReusable> {
        self.reusable?;
        match self.image.get() {
            Some(None) => Err(NotReusable::Image),
            Some(Some(_)) | None => Ok(()),
        }
    }

    pub(super) fn log_reuse(&self) {
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

impl Engine {
    /// Drops the idle instances of a function that was replaced, removed or unloaded. Its requests in
    /// flight go on.
    pub(crate) fn retire(&self, function: &Function) {
        function.retired.store(true, Ordering::Relaxed);
        self.idle.drop_of(function.owner());
    }
}
