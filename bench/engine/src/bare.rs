//! Wasmtime without the host: creates an instance, calls it once, and drops it.
//!
//! The host is compared with wasmtime's default pool. The tuned pool shows how much of the difference comes from
//! settings, because the host has its own memory and stack pools.

use std::path::Path;

use wasmtime::component::{Component, Linker, Resource, ResourceTable};
use wasmtime::error::Context as _;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use bindings::FunctionPre;
use bindings::exports::functions::web::handler::Reply;

mod bindings {
    #![allow(
        clippy::allow_attributes,
        missing_debug_implementations,
        missing_docs,
        unreachable_pub,
        clippy::semicolon_if_nothing_returned,
        reason = "generated code"
    )]

    /// The type of the linker's resources, which `ping` does not use.
    pub type Nothing = ();

    wasmtime::component::bindgen!({
        path: ["../../wit/io", "../../wit/clocks", "../../wit/bytes", "../../wit/web"],
        world: "functions:web/function",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "functions:bytes/bytes.buffer": Nothing,
            "functions:web/response-stream.writer": Nothing,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
        },
    });
}

/// How the pool clears a used slot.
#[derive(Clone, Copy)]
pub(crate) enum Pool {
    /// Wasmtime's default, which returns the memory to the kernel.
    AsItComes,
    /// Clears the start of a memory in place, without asking the kernel for written pages. Wasmtime 48 misses
    /// swapped-out pages there, and an instance could read another's data.
    Tuned,
}

struct State {
    table: ResourceTable,
    wasi: Option<WasiCtx>,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: self.wasi.get_or_insert_default(),
            table: &mut self.table,
        }
    }
}

/// A linked function.
pub(crate) struct Bare {
    engine: Engine,
    component: Component,
    function: FunctionPre<State>,
    with_wasi: bool,
}

/// An instance that is called repeatedly.
pub(crate) struct Kept {
    store: Store<State>,
    instance: bindings::Function,
}

impl Bare {
    pub(crate) fn new(pool: Pool, wasm: &Path, with_wasi: bool) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config(pool))?;
        let component = Component::from_file(&engine, wasm)
            .with_context(|| format!("cannot load {}", wasm.display()))?;
        let mut linker = Linker::new(&engine);
        if with_wasi {
            wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        }
        // `ping` never calls its imports.
        linker.define_unknown_imports_as_traps(&component)?;
        let function = FunctionPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self {
            engine,
            component,
            function,
            with_wasi,
        })
    }

    /// Creates an instance, calls it and drops it, `times` times.
    pub(crate) async fn invoke(&mut self, times: u32) -> wasmtime::Result<()> {
        for _ in 0..times {
            let mut store = self.store();
            let instance = self.function.instantiate_async(&mut store).await?;
            call(&instance, &mut store).await?;
        }
        Ok(())
    }

    /// Like `invoke`, without the call.
    pub(crate) async fn only_instances(&mut self, times: u32) -> wasmtime::Result<()> {
        for _ in 0..times {
            let mut store = self.store();
            self.function.instantiate_async(&mut store).await?;
        }
        Ok(())
    }

    /// Like `only_instances`, without the instance.
    pub(crate) fn only_stores(&mut self, times: u32) -> wasmtime::Result<()> {
        for _ in 0..times {
            std::hint::black_box(self.store());
        }
        Ok(())
    }

    pub(crate) fn keep(&self, runtime: &tokio::runtime::Runtime) -> wasmtime::Result<Kept> {
        let mut store = self.store();
        let instance = runtime.block_on(self.function.instantiate_async(&mut store))?;
        Ok(Kept { store, instance })
    }

    /// The size of the compiled function in bytes.
    pub(crate) fn artifact_size(&self) -> wasmtime::Result<usize> {
        Ok(self.component.serialize()?.len())
    }

    fn store(&self) -> Store<State> {
        let state = State {
            table: ResourceTable::new(),
            // Every host with WASI creates this for each request of a guest that imports WASI.
            wasi: self.with_wasi.then(WasiCtx::default),
        };
        let mut store = Store::new(&self.engine, state);
        store.set_epoch_deadline(u64::MAX / 2);
        store
    }
}

impl Kept {
    pub(crate) async fn call(&mut self, times: u32) -> wasmtime::Result<()> {
        for _ in 0..times {
            call(&self.instance, &mut self.store).await?;
        }
        Ok(())
    }
}

async fn call(instance: &bindings::Function, store: &mut Store<State>) -> wasmtime::Result<()> {
    let request = store.data_mut().table.push(())?;
    let handler = instance.functions_web_handler();
    let reply = handler
        .call_invoke(&mut *store, Resource::new_own(request.rep()))
        .await?;
    match reply {
        Reply::Response(response) if response.status == 200 => Ok(()),
        other => wasmtime::bail!("ping answered {other:?}"),
    }
}

fn config(pool: Pool) -> Config {
    let mut places = PoolingAllocationConfig::new();
    places
        .total_component_instances(1000)
        .total_memories(1000)
        .total_stacks(1000)
        .total_core_instances(8000)
        .total_tables(8000)
        .max_memory_size(128 << 20);
    if let Pool::Tuned = pool {
        places
            .pagemap_scan(Enabled::No)
            .linear_memory_keep_resident(64 << 10)
            .table_keep_resident(64 << 10);
    }
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(places));
    config
}
