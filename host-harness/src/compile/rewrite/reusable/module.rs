use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, Module,
    TypeSection, ValType,
};
use wasmparser::{
    CodeSectionReader, Export, ExportSectionReader, ExternalKind, FunctionSectionReader, Parser,
    TypeSectionReader,
};

use super::reusable_module::ReusableModule;
use super::summary::ModuleSummary;
use super::verify;
use crate::compile::NotReusable;
use crate::compile::rewrite::forwarding::forwarding;
use crate::compile::rewrite::index_spaces::at;
use crate::pool::seeded_bugs::{self, Bug};

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
        let call = [Instruction::Call(self.inner)];
        forwarding(&self.set_globals, self.parameters, &call)
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
