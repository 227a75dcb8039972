//! Adds a driver to a module: types, imports, functions, globals, exports, and its memory.

use std::collections::HashSet;
use std::convert::Infallible;

use anyhow::{Result, anyhow};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, FunctionSection,
    GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType, Module, SectionId,
    TypeSection, ValType,
};
use wasmparser::Parser;

use crate::driver::{self, Driver, OWN_FUNCTIONS};
use crate::plan::{self, Plan};
use crate::smith::Smith;

const BYTES: &str = "functions:bytes/bytes@1.0.0";
const I32: ValType = ValType::I32;

/// The imports of a driver: module, name and parameters. None has a result.
const IMPORTS: [(&str, &str, &[ValType]); 6] = [
    (BYTES, "[method]buffer.read", &[I32, I32, I32]),
    (
        BYTES,
        "[static]buffer.into-bytes",
        &[I32, I32, ValType::I64, I32],
    ),
    (BYTES, "[resource-drop]buffer", &[I32]),
    ("functions:web/environment@1.0.0", "query", &[I32]),
    ("functions:web/output@1.0.0", "write", &[I32, I32, I32]),
    (BYTES, "[method]buffer.length", &[I32, I32]),
];

/// Adds a driver to a module.
pub(crate) fn weave(smith: &Smith, plan: &Plan) -> Result<Vec<u8>> {
    let mut weave = Weave {
        plan,
        driver: Driver::new(smith, plan, IMPORTS.len())?,
        had: HashSet::new(),
    };
    let mut module = Module::new();
    let woven = weave.parse_core_module(&mut module, Parser::new(0), &smith.wasm);
    woven.map_err(|error| anyhow!("{error}"))?;
    Ok(module.finish())
}

struct Weave<'a> {
    plan: &'a Plan,
    driver: Driver<'a>,
    /// The sections that the module had, or that were added.
    had: HashSet<u8>,
}

impl Weave<'_> {
    fn types(&self, section: &mut TypeSection) {
        for (_, _, parameters) in IMPORTS {
            section.ty().function(parameters.iter().copied(), []);
        }
        for (parameters, results) in driver::TYPES {
            let (parameters, results) = (parameters.iter().copied(), results.iter().copied());
            section.ty().function(parameters, results);
        }
    }

    fn imports(&self, section: &mut ImportSection) {
        for ((module, name, _), ty) in IMPORTS.iter().zip(self.driver.first_type..) {
            section.import(module, name, EntityType::Function(ty));
        }
    }

    fn functions(&self, section: &mut FunctionSection) {
        let first = self.driver.first_type + IMPORTS.len() as u32;
        for ty in (first..).take(OWN_FUNCTIONS) {
            section.function(ty);
        }
    }

    fn memory(&self, section: &mut MemorySection) {
        section.memory(MemoryType {
            minimum: self.plan.min_pages.into(),
            maximum: self.plan.max_pages.map(u64::from),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
    }

    fn globals(&self, section: &mut GlobalSection) {
        let mut add = |val_type, first: &ConstExpr| {
            let ty = GlobalType {
                val_type,
                mutable: true,
                shared: false,
            };
            section.global(ty, first);
        };
        let heap = self.plan.scratch + 4096;
        add(I32, &ConstExpr::i32_const(heap.cast_signed()));
        for (ty, bits) in &self.plan.globals {
            add(*ty, &plan::expression(*ty, *bits));
        }
    }

    fn exports(&self, section: &mut ExportSection) {
        let first = self.driver.first_function;
        section.export(
            "functions:web/handler@1.0.0#invoke",
            ExportKind::Func,
            first,
        );
        section.export("cabi_realloc", ExportKind::Func, first + 1);
        if self.plan.post_return {
            let name = "cabi_post_functions:web/handler@1.0.0#invoke";
            section.export(name, ExportKind::Func, first + 2);
        }
        section.export("memory", ExportKind::Memory, 0);
    }

    fn code(&self, section: &mut CodeSection) {
        for function in self.driver.functions() {
            section.function(&function);
        }
    }

    fn data(&self, section: &mut DataSection) {
        for (at, bytes) in &self.plan.data {
            let at = ConstExpr::i32_const(at.cast_signed());
            section.active(0, &at, bytes.iter().copied());
        }
    }

    /// Adds the sections that the module lacks between these two.
    fn add_missing(&mut self, module: &mut Module, from: u8, to: u8) {
        macro_rules! missing {
            ($id:ident, $section:ident, $method:ident) => {
                if (from..to).contains(&rank(SectionId::$id))
                    && self.had.insert(SectionId::$id as u8)
                {
                    let mut section = $section::new();
                    self.$method(&mut section);
                    module.section(&section);
                }
            };
        }
        missing!(Type, TypeSection, types);
        missing!(Import, ImportSection, imports);
        missing!(Function, FunctionSection, functions);
        missing!(Memory, MemorySection, memory);
        missing!(Global, GlobalSection, globals);
        missing!(Export, ExportSection, exports);
        missing!(Code, CodeSection, code);
        missing!(Data, DataSection, data);
    }
}

/// The position of a section in a module.
fn rank(section: SectionId) -> u8 {
    match section {
        SectionId::Custom => 0,
        SectionId::Type => 1,
        SectionId::Import => 2,
        SectionId::Function => 3,
        SectionId::Table => 4,
        SectionId::Memory => 5,
        SectionId::Tag => 6,
        SectionId::Global => 7,
        SectionId::Export => 8,
        SectionId::Start => 9,
        SectionId::Element => 10,
        SectionId::DataCount => 11,
        SectionId::Code => 12,
        SectionId::Data => 13,
    }
}

macro_rules! sections {
    ($($method:ident($id:ident, $section:ident, $reader:ident) $own:ident $order:ident;)*) => {
        $(fn $method(
            &mut self,
            section: &mut wasm_encoder::$section,
            reader: wasmparser::$reader<'_>,
        ) -> Result<(), Error<Infallible>> {
            self.had.insert(SectionId::$id as u8);
            sections!(@$order self, section, utils::$method(self, section, reader)?, $own);
            Ok(())
        })*
    };
    (@after $self:ident, $section:ident, $theirs:expr, $own:ident) => {
        $theirs;
        $self.$own($section);
    };
    (@before $self:ident, $section:ident, $theirs:expr, $own:ident) => {
        $self.$own($section);
        $theirs;
    };
}

impl Reencode for Weave<'_> {
    type Error = Infallible;

    /// Moves the index behind the imports.
    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(function + IMPORTS.len() as u32)
    }

    /// Moves the index behind the plan's data.
    fn data_index(&mut self, data: u32) -> Result<u32, Error<Infallible>> {
        Ok(data + self.plan.data.len() as u32)
    }

    fn data_count(&mut self, count: u32) -> Result<u32, Error<Infallible>> {
        Ok(count + self.plan.data.len() as u32)
    }

    fn parse_memory_section(
        &mut self,
        section: &mut MemorySection,
        _: wasmparser::MemorySectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        self.had.insert(SectionId::Memory as u8);
        self.memory(section);
        Ok(())
    }

    sections! {
        parse_type_section(Type, TypeSection, TypeSectionReader) types after;
        parse_import_section(Import, ImportSection, ImportSectionReader) imports before;
        parse_function_section(Function, FunctionSection, FunctionSectionReader) functions after;
        parse_global_section(Global, GlobalSection, GlobalSectionReader) globals after;
        parse_export_section(Export, ExportSection, ExportSectionReader) exports after;
        parse_code_section(Code, CodeSection, CodeSectionReader) code after;
        parse_data_section(Data, DataSection, DataSectionReader) data before;
    }

    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        after: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error<Infallible>> {
        let from = after.map_or(0, rank);
        let to = before.map_or(u8::MAX, rank);
        self.add_missing(module, from, to);
        Ok(())
    }
}
