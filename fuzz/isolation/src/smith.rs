//! A random core module from wasm-smith, with the facts that a driver needs.

use anyhow::{Context as _, Result, ensure};
use arbitrary::Unstructured;
use wasm_encoder::{ConstExpr, GlobalSection, GlobalType, Module};
use wasmparser::{FuncType, Parser, Payload, TableType, ValType};

/// A module that always terminates, because its last global is the fuel.
pub(crate) struct Smith {
    pub(crate) wasm: Vec<u8>,
    pub(crate) types: Vec<FuncType>,
    /// The type of each function.
    pub(crate) functions: Vec<u32>,
    /// The type of each global, and whether it is mutable.
    pub(crate) globals: Vec<(ValType, bool)>,
    pub(crate) tables: Vec<TableType>,
}

impl Smith {
    pub(crate) fn new(random: &mut fastrand::Rng) -> Result<Self> {
        let mut raw = vec![0; random.usize(500..12_000)];
        random.fill(&mut raw);
        let config = config(random);
        let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(&raw))?;
        module.ensure_termination(random.u32(200..5000))?;
        Self::of(module.to_bytes())
    }

    /// A module with only the fuel.
    pub(crate) fn empty() -> Result<Self> {
        let mut globals = GlobalSection::new();
        let ty = GlobalType {
            val_type: wasm_encoder::ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(ty, &ConstExpr::i32_const(0));
        let mut module = Module::new();
        module.section(&globals);
        Self::of(module.finish())
    }

    fn of(wasm: Vec<u8>) -> Result<Self> {
        let mut smith = Self {
            wasm,
            types: Vec::new(),
            functions: Vec::new(),
            globals: Vec::new(),
            tables: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(&smith.wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        smith.types.push(ty?);
                    }
                }
                Payload::FunctionSection(section) => {
                    for function in section {
                        smith.functions.push(function?);
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        smith.tables.push(table?.ty);
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        let ty = global?.ty;
                        smith.globals.push((ty.content_type, ty.mutable));
                    }
                }
                Payload::ImportSection(section) => ensure!(section.count() == 0, "imports"),
                _ => {}
            }
        }
        Ok(smith)
    }

    pub(crate) fn type_of(&self, function: u32) -> Result<&FuncType> {
        self.types
            .get(usize::try_from(function)?)
            .context("a function without a type")
    }
}

/// Mostly features with which instances are reusable, and some others.
fn config(random: &mut fastrand::Rng) -> wasm_smith::Config {
    let mut chance = |of: f64| random.f64() < of;
    let plain = chance(0.75);
    wasm_smith::Config {
        allow_start_export: chance(0.05),
        bulk_memory_enabled: !plain,
        reference_types_enabled: !plain && chance(0.5),
        disallow_traps: chance(0.9),
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        shared_everything_threads_enabled: false,
        threads_enabled: chance(0.03),
        custom_page_sizes_enabled: false,
        max_imports: 0,
        min_exports: 0,
        max_exports: 0,
        min_memories: 1,
        max_memories: 1,
        max_memory32_bytes: 2 << 20,
        min_tables: 1,
        max_tables: 3,
        max_table_elements: 200,
        min_funcs: 4,
        max_funcs: 24,
        // Globals of vectors or references, or without a constant initializer, cannot be reset.
        max_globals: if plain { 3 } else { 12 },
        max_data_segments: 6,
        max_element_segments: 6,
        max_instructions: 20 + 20 * (usize::from(chance(0.5)) + usize::from(chance(0.5)) * 8),
        tail_call_enabled: chance(0.4),
        relaxed_simd_enabled: chance(0.3),
        simd_enabled: chance(if plain { 0.2 } else { 0.6 }),
        extended_const_enabled: chance(if plain { 0.0 } else { 0.3 }),
        max_tags: 0,
        ..wasm_smith::Config::default()
    }
}
