use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, Module,
    TypeSection, ValType,
};
use wasmparser::{
    BinaryReaderError, CodeSectionReader, ConstExpr, DataKind, ElementKind, Export,
    ExportSectionReader, ExternalKind, FuncType, FunctionSectionReader, Global, MemoryType,
    Operator, Parser, Payload, TypeRef, TypeSectionReader,
};

use super::instructions::changes_only_memory_and_globals;
use super::reusable_module::ReusableModule;
use super::verify;
use crate::compile::NotReusable;
use crate::compile::rewrite::index_spaces::at;
use crate::pool::seeded_bugs::{self, Bug};

/// The maximum number of mutable globals, which each call sets. A function of the SDK has one.
const MAX_GLOBALS: usize = 64;

/// The contents of a module that reuse depends on.
#[derive(Default)]
pub(super) struct ModuleSummary<'a> {
    bytes: &'a [u8],
    types: Vec<FuncType>,
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
    memories: u32,
    globals: u32,
    /// Each mutable global, with the instruction that pushes its initial value.
    mutable: Vec<(u32, Instruction<'static>)>,
    exports: Vec<Export<'a>>,
}

impl<'a> ModuleSummary<'a> {
    /// Fails if an instance has other state than its memory and globals, or an initial state that
    /// the module does not determine.
    pub(super) fn of(module: &'a [u8]) -> Result<Self, NotReusable> {
        let mut summary = Self {
            bytes: module,
            ..Self::default()
        };
        for payload in Parser::new(0).parse_all(module) {
            summary.add(payload.map_err(unknown)?)?;
        }
        Ok(summary)
    }

    pub(super) fn is_stateful(&self) -> bool {
        self.memories > 0 || !self.mutable.is_empty()
    }

    pub(super) fn has_one_memory(&self) -> bool {
        self.memories == 1
    }

    fn add(&mut self, payload: Payload<'a>) -> Result<(), NotReusable> {
        match payload {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    self.types.push(ty.map_err(unknown)?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.map_err(unknown)?.ty {
                        TypeRef::Func(ty) => self.functions.push(ty),
                        // The module can call through an imported table, but not change it.
                        TypeRef::Table(_) => {}
                        _ => return Err(NotReusable::Imports),
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty.map_err(unknown)?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let MemoryType {
                        memory64: false,
                        shared: false,
                        page_size_log2: None,
                        ..
                    } = memory.map_err(unknown)?
                    else {
                        return Err(NotReusable::Memory);
                    };
                    self.memories += 1;
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.global(&global.map_err(unknown)?)?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    self.exports.push(export.map_err(unknown)?);
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    if matches!(element.map_err(unknown)?.kind, ElementKind::Passive) {
                        return Err(NotReusable::Segments);
                    }
                }
            }
            Payload::DataSection(section) => {
                for data in section {
                    if matches!(data.map_err(unknown)?.kind, DataKind::Passive) {
                        return Err(NotReusable::Segments);
                    }
                }
            }
            Payload::CodeSectionEntry(function) => changes_only_memory_and_globals(&function)?,
            Payload::Version { .. }
            | Payload::TableSection(_)
            | Payload::DataCountSection { .. }
            | Payload::CodeSectionStart { .. }
            | Payload::CustomSection(_)
            | Payload::End(_) => {}
            // A start function may ask the host for something that differs each time.
            Payload::StartSection { .. } => return Err(NotReusable::Start),
            _ => return Err(NotReusable::Unknown),
        }
        Ok(())
    }

    fn global(&mut self, global: &Global<'_>) -> Result<(), NotReusable> {
        if global.ty.mutable {
            let value = initial_value(&global.init_expr).ok_or(NotReusable::Globals)?;
            self.mutable.push((self.globals, value));
            if self.mutable.len() > MAX_GLOBALS {
                return Err(NotReusable::Globals);
            }
        }
        self.globals += 1;
        Ok(())
    }
}

/// The instruction that pushes a global's initial value; `None` if the value is not constant.
fn initial_value(expression: &ConstExpr<'_>) -> Option<Instruction<'static>> {
    let mut initial = expression.get_operators_reader();
    let value = match initial.read().ok()? {
        Operator::I32Const { value } => Instruction::I32Const(value),
        Operator::I64Const { value } => Instruction::I64Const(value),
        Operator::F32Const { value } => Instruction::F32Const(value.into()),
        Operator::F64Const { value } => Instruction::F64Const(value.into()),
        _ => return None,
    };
    matches!(initial.read().ok()?, Operator::End).then_some(value)
}

/// Wasmtime refuses what wasmparser cannot read.
pub(super) fn unknown(_error: BinaryReaderError) -> NotReusable {
    NotReusable::Unknown
}

/// The module with two more functions: a wrapper around its exported function, which sets the
/// globals first, and one that verifies the globals.
pub(super) fn with_globals_set(reusable: &ReusableModule<'_>) -> Result<Module, NotReusable> {
    let summary = &reusable.summary;
    let mut exports = summary.exports.iter();
    let export = exports.find(|export| export.name == reusable.export);
    let export = export.ok_or(NotReusable::Exports)?;
    let ty = at(&summary.functions, export.index).ok_or(NotReusable::Unknown)?;
    let parameters = at(&summary.types, ty).ok_or(NotReusable::Unknown)?;
    let count = |of: usize| u32::try_from(of).map_err(|_large| NotReusable::Unknown);
    let index = count(summary.functions.len())?;
    let set_globals = set_globals(summary);
    let mut wrapper = ResetWrapper {
        export: reusable.export,
        inner: export.index,
        index,
        ty,
        parameters: count(parameters.params().len())?,
        verify: verify::body(summary.bytes, &set_globals)?,
        verify_ty: count(summary.types.len())?,
        set_globals,
    };
    let mut encoded = Module::new();
    let parsed = wrapper.parse_core_module(&mut encoded, Parser::new(0), summary.bytes);
    parsed.map_err(|_error| NotReusable::Unknown)?;
    Ok(encoded)
}

/// The instructions that set all mutable globals.
fn set_globals(summary: &ModuleSummary<'_>) -> Vec<Instruction<'static>> {
    let skipped = usize::from(seeded_bugs::is_on(Bug::FirstGlobalKept));
    let mutable = summary.mutable.iter().skip(skipped);
    let instructions =
        mutable.map(|(global, initial)| [initial.clone(), Instruction::GlobalSet(*global)]);
    instructions.flatten().collect()
}

/// A function that sets the globals, and then calls the exported one.
struct ResetWrapper<'a> {
    /// The export name of the inner function, which the wrapper takes over.
    export: &'a str,
    inner: u32,
    /// The wrapper's index. It follows all other functions, and the verifying function follows it.
    index: u32,
    ty: u32,
    parameters: u32,
    set_globals: Vec<Instruction<'static>>,
    verify: Function,
    verify_ty: u32,
}

impl ResetWrapper<'_> {
    /// Sets the globals, and passes the parameters on.
    fn body(&self) -> Function {
        let mut function = Function::new([]);
        for instruction in &self.set_globals {
            function.instruction(instruction);
        }
        for parameter in 0..self.parameters {
            function.instruction(&Instruction::LocalGet(parameter));
        }
        function.instruction(&Instruction::Call(self.inner));
        function.instruction(&Instruction::End);
        function
    }
}

impl Reencode for ResetWrapper<'_> {
    type Error = std::convert::Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([], [ValType::I32]);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_function_section(self, functions, section)?;
        functions.function(self.ty);
        functions.function(self.verify_ty);
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(verify::EXPORT, ExportKind::Func, self.index + 1);
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), Error<Self::Error>> {
        if export.kind == ExternalKind::Func && export.name == self.export {
            exports.export(export.name, ExportKind::Func, self.index);
            return Ok(());
        }
        utils::parse_export(self, exports, export)
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_code_section(self, code, section)?;
        code.function(&self.body());
        code.function(&self.verify);
        Ok(())
    }
}
