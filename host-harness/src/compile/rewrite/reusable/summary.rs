use wasm_encoder::Instruction;
use wasmparser::{
    ConstExpr, DataKind, ElementKind, Export, FuncType, Global, MemoryType, Operator, Parser,
    Payload, TypeRef,
};

use super::instructions::changes_only_memory_and_globals;
use super::unknown;
use crate::compile::NotReusable;

/// The maximum number of mutable globals, which each call sets. A function of the SDK has one.
const MAX_GLOBALS: usize = 64;

/// The contents of a module that reuse depends on.
#[derive(Default)]
pub(super) struct ModuleSummary<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) types: Vec<FuncType>,
    /// The type of each function, imported ones first.
    pub(super) functions: Vec<u32>,
    memories: u32,
    globals: u32,
    /// Each mutable global, with the instruction that pushes its initial value.
    pub(super) mutable: Vec<(u32, Instruction<'static>)>,
    pub(super) exports: Vec<Export<'a>>,
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
