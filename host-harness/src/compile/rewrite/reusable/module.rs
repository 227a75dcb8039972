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

/// The most globals that are set for each call: a function of the SDK has one.
const MAX_GLOBALS: usize = 64;

/// What is in a module that matters here.
#[derive(Default)]
pub(super) struct ModuleSummary<'a> {
    bytes: &'a [u8],
    types: Vec<FuncType>,
    /// The type of each function, those that are imported first.
    functions: Vec<u32>,
    memories: u32,
    globals: u32,
    /// The globals that are mutable, and what sets them to what they begin with.
    mutable: Vec<(u32, Instruction<'static>)>,
    exports: Vec<Export<'a>>,
}

impl<'a> ModuleSummary<'a> {
    /// Fails if an instance can change in any other way than by its memory and its globals, or begins
    /// with anything but what the module says.
    pub(super) fn of(module: &'a [u8]) -> Result<Self, NotReusable> {
        let mut contents = Self {
            bytes: module,
            ..Self::default()
        };
        for payload in Parser::new(0).parse_all(module) {
            contents.take(payload.map_err(unknown)?)?;
        }
        Ok(contents)
    }

    pub(super) fn can_change(&self) -> bool {
        self.memories > 0 || !self.mutable.is_empty()
    }

    pub(super) fn has_one_memory(&self) -> bool {
        self.memories == 1
    }

    fn take(&mut self, payload: Payload<'a>) -> Result<(), NotReusable> {
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
                        // It can be called through, and not be changed.
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
            // It may ask the host for something that is another each time.
            Payload::StartSection { .. } => return Err(NotReusable::Start),
            _ => return Err(NotReusable::Unknown),
        }
        Ok(())
    }

    fn global(&mut self, global: &Global<'_>) -> Result<(), NotReusable> {
        if global.ty.mutable {
            let set = first_value(&global.init_expr).ok_or(NotReusable::Globals)?;
            self.mutable.push((self.globals, set));
            if self.mutable.len() > MAX_GLOBALS {
                return Err(NotReusable::Globals);
            }
        }
        self.globals += 1;
        Ok(())
    }
}

/// What puts the number on the stack that a global begins with; none if it is not a constant one.
fn first_value(expression: &ConstExpr<'_>) -> Option<Instruction<'static>> {
    let mut first = expression.get_operators_reader();
    let set = match first.read().ok()? {
        Operator::I32Const { value } => Instruction::I32Const(value),
        Operator::I64Const { value } => Instruction::I64Const(value),
        Operator::F32Const { value } => Instruction::F32Const(value.into()),
        Operator::F64Const { value } => Instruction::F64Const(value.into()),
        _ => return None,
    };
    matches!(first.read().ok()?, Operator::End).then_some(set)
}

/// What wasmparser does not take, wasmtime does not either.
pub(super) fn unknown(_error: BinaryReaderError) -> NotReusable {
    NotReusable::Unknown
}

/// The module with a function in front of the one that the component exports, which sets the globals,
/// and with one that verifies that.
pub(super) fn with_globals_set(shape: &ReusableModule<'_>) -> Result<Module, NotReusable> {
    let contents = &shape.contents;
    let mut exports = contents.exports.iter();
    let export = exports.find(|export| export.name == shape.export);
    let export = export.ok_or(NotReusable::Exports)?;
    let ty = at(&contents.functions, export.index).ok_or(NotReusable::Unknown)?;
    let parameters = at(&contents.types, ty).ok_or(NotReusable::Unknown)?;
    let count = |of: usize| u32::try_from(of).map_err(|_large| NotReusable::Unknown);
    let number = count(contents.functions.len())?;
    let set = set(contents);
    let mut front = ResetWrapper {
        export: shape.export,
        behind: export.index,
        number,
        ty,
        parameters: count(parameters.params().len())?,
        verify: verify::body(contents.bytes, &set)?,
        verify_ty: count(contents.types.len())?,
        set,
    };
    let mut encoded = Module::new();
    let parsed = front.parse_core_module(&mut encoded, Parser::new(0), contents.bytes);
    parsed.map_err(|_error| NotReusable::Unknown)?;
    Ok(encoded)
}

/// What sets the globals.
fn set(contents: &ModuleSummary<'_>) -> Vec<Instruction<'static>> {
    let left = usize::from(seeded_bugs::is_on(Bug::FirstGlobalKept));
    let mutable = contents.mutable.iter().skip(left);
    let set = mutable.map(|(global, first)| [first.clone(), Instruction::GlobalSet(*global)]);
    set.flatten().collect()
}

/// A function that is called in the place of another.
struct ResetWrapper<'a> {
    /// The name of both.
    export: &'a str,
    behind: u32,
    /// Its own number: it comes after all others, and before the one that verifies.
    number: u32,
    ty: u32,
    parameters: u32,
    set: Vec<Instruction<'static>>,
    verify: Function,
    verify_ty: u32,
}

impl ResetWrapper<'_> {
    /// Sets the globals, and passes its parameters on.
    fn body(&self) -> Function {
        let mut function = Function::new([]);
        for instruction in &self.set {
            function.instruction(instruction);
        }
        for parameter in 0..self.parameters {
            function.instruction(&Instruction::LocalGet(parameter));
        }
        function.instruction(&Instruction::Call(self.behind));
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
        exports.export(verify::EXPORT, ExportKind::Func, self.number + 1);
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), Error<Self::Error>> {
        if export.kind == ExternalKind::Func && export.name == self.export {
            exports.export(export.name, ExportKind::Func, self.number);
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
