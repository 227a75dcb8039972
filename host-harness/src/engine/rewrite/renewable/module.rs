use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, Module,
};
use wasmparser::{
    CodeSectionReader, DataKind, ElementKind, Export, ExternalKind, FuncType,
    FunctionSectionReader, Global, MemoryType, Operator, Parser, Payload, TypeRef,
};

use super::instructions::change_only_memory_and_globals;
use super::shape::Shape;

/// The most globals that are set for each call: a function of the SDK has one.
const MAX_GLOBALS: usize = 64;

/// What is in a module that matters here.
#[derive(Default)]
pub(super) struct Contents<'a> {
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

impl<'a> Contents<'a> {
    /// None if an instance can change in any other way than by its memory and its globals, or begins
    /// with anything but what the module says.
    pub(super) fn of(module: &'a [u8]) -> Option<Self> {
        let mut contents = Self {
            bytes: module,
            ..Self::default()
        };
        for payload in Parser::new(0).parse_all(module) {
            contents.take(payload.ok()?)?;
        }
        Some(contents)
    }

    pub(super) fn can_change(&self) -> bool {
        self.memories > 0 || !self.mutable.is_empty()
    }

    pub(super) fn has_one_memory(&self) -> bool {
        self.memories == 1
    }

    fn take(&mut self, payload: Payload<'a>) -> Option<()> {
        match payload {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    self.types.push(ty.ok()?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.ok()?.ty {
                        TypeRef::Func(ty) => self.functions.push(ty),
                        // It can be called through, and not be changed.
                        TypeRef::Table(_) => {}
                        _ => return None,
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty.ok()?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let MemoryType {
                        memory64: false,
                        shared: false,
                        page_size_log2: None,
                        ..
                    } = memory.ok()?
                    else {
                        return None;
                    };
                    self.memories += 1;
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.global(&global.ok()?)?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    self.exports.push(export.ok()?);
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    (!matches!(element.ok()?.kind, ElementKind::Passive)).then_some(())?;
                }
            }
            Payload::DataSection(section) => {
                for data in section {
                    (!matches!(data.ok()?.kind, DataKind::Passive)).then_some(())?;
                }
            }
            Payload::CodeSectionEntry(function) => {
                change_only_memory_and_globals(&function)?.then_some(())?;
            }
            Payload::Version { .. }
            | Payload::TableSection(_)
            | Payload::DataCountSection { .. }
            | Payload::CodeSectionStart { .. }
            | Payload::CustomSection(_)
            | Payload::End(_) => {}
            // Among them a function that is called at the start: it may ask the host for something
            // that is another each time.
            _ => return None,
        }
        Some(())
    }

    fn global(&mut self, global: &Global<'_>) -> Option<()> {
        if global.ty.mutable {
            let mut first = global.init_expr.get_operators_reader();
            let set = match first.read().ok()? {
                Operator::I32Const { value } => Instruction::I32Const(value),
                Operator::I64Const { value } => Instruction::I64Const(value),
                Operator::F32Const { value } => Instruction::F32Const(value.into()),
                Operator::F64Const { value } => Instruction::F64Const(value.into()),
                _ => return None,
            };
            matches!(first.read().ok()?, Operator::End).then_some(())?;
            self.mutable.push((self.globals, set));
            (self.mutable.len() <= MAX_GLOBALS).then_some(())?;
        }
        self.globals += 1;
        Some(())
    }
}

/// The module with a function in front of the one that the component exports: it sets the globals.
pub(super) fn with_globals_set(shape: &Shape<'_>) -> Option<Module> {
    let contents = &shape.contents;
    let mut exports = contents.exports.iter();
    let export = exports.find(|export| export.name == shape.export)?;
    let at = |index: u32| usize::try_from(index).ok();
    let ty = *contents.functions.get(at(export.index)?)?;
    let parameters = contents.types.get(at(ty)?)?.params().len();
    let mut front = Front {
        contents,
        export: shape.export,
        behind: export.index,
        number: u32::try_from(contents.functions.len()).ok()?,
        ty,
        parameters: u32::try_from(parameters).ok()?,
    };
    let mut encoded = Module::new();
    let parsed = front.parse_core_module(&mut encoded, Parser::new(0), contents.bytes);
    parsed.ok()?;
    Some(encoded)
}

/// A function that is called in the place of another.
struct Front<'a> {
    contents: &'a Contents<'a>,
    /// The name of both.
    export: &'a str,
    behind: u32,
    /// Its own number: it is the last.
    number: u32,
    ty: u32,
    parameters: u32,
}

impl Front<'_> {
    /// Sets the globals, and passes its parameters on.
    fn body(&self) -> Function {
        let mut function = Function::new([]);
        for (global, first) in &self.contents.mutable {
            function.instruction(first);
            function.instruction(&Instruction::GlobalSet(*global));
        }
        for parameter in 0..self.parameters {
            function.instruction(&Instruction::LocalGet(parameter));
        }
        function.instruction(&Instruction::Call(self.behind));
        function.instruction(&Instruction::End);
        function
    }
}

impl Reencode for Front<'_> {
    type Error = std::convert::Infallible;

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_function_section(self, functions, section)?;
        functions.function(self.ty);
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
        Ok(())
    }
}
