use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, ImportSection, Instruction,
    Module, RefType, TableSection, TableType,
};
use wasmparser::{
    CodeSectionReader, ExportSectionReader, FuncType, FunctionSectionReader, ImportSectionReader,
    Parser, Payload, TableSectionReader, TypeRef,
};

use super::layout::{ShimLayout, TABLE};
use crate::compile::rewrite::forwarding::forwarding;

/// A function that calls a table entry. It replaces an import from the shim.
struct Caller {
    ty: u32,
    parameters: u32,
    entry: u32,
}

/// Maps the main module's indices to the new ones.
struct Main<'a> {
    layout: &'a ShimLayout<'a>,
    /// The new index of each function.
    functions: Vec<u32>,
    callers: Vec<Caller>,
    /// The index of the added table.
    table: u32,
}

/// The main module with its own table instead of imports from the shim; `None` if it has an
/// unexpected form.
pub(super) fn with_table(module: &[u8], layout: &ShimLayout<'_>) -> Option<Module> {
    let mut main = Main::of(module, layout)?;
    let mut encoded = Module::new();
    main.parse_core_module(&mut encoded, Parser::new(0), module)
        .ok()?;
    Some(encoded)
}

impl<'a> Main<'a> {
    fn of(module: &[u8], layout: &'a ShimLayout<'a>) -> Option<Self> {
        let mut types: Vec<FuncType> = Vec::new();
        // For each imported function, the caller that replaces it, if it comes from the shim.
        let mut imported: Vec<Option<Caller>> = Vec::new();
        let mut defined = 0;
        let mut tables = None;
        let mut has_exports = false;
        for payload in Parser::new(0).parse_all(module) {
            match payload.ok()? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        types.push(ty.ok()?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.ok()?;
                        let TypeRef::Func(ty) = import.ty else {
                            // An imported table would have the index that the added one is expected
                            // to have.
                            return None;
                        };
                        let entry = layout.imports.get(&(import.module, import.name));
                        let parameters = types.get(usize::try_from(ty).ok()?)?.params().len();
                        let parameters = u32::try_from(parameters).ok()?;
                        imported.push(entry.map(|entry| Caller {
                            ty,
                            parameters,
                            entry: *entry,
                        }));
                    }
                }
                Payload::FunctionSection(section) => defined = section.count(),
                Payload::TableSection(section) => tables = Some(section.count()),
                Payload::ExportSection(section) => {
                    has_exports = true;
                    for export in section {
                        (export.ok()?.name != TABLE).then_some(())?;
                    }
                }
                _ => {}
            }
        }
        if !has_exports || defined == 0 {
            return None;
        }
        let remaining = imported.iter().filter(|caller| caller.is_none()).count();
        let remaining = u32::try_from(remaining).ok()?;
        let (mut next_import, mut next_caller) = (0, remaining + defined);
        let mut functions = Vec::new();
        for caller in &imported {
            let next = if caller.is_some() {
                &mut next_caller
            } else {
                &mut next_import
            };
            functions.push(*next);
            *next += 1;
        }
        functions.extend(remaining..remaining + defined);
        Some(Self {
            layout,
            functions,
            callers: imported.into_iter().flatten().collect(),
            table: tables?,
        })
    }
}

/// An index beyond those of the module.
pub(super) type Unknown = u32;

impl Reencode for Main<'_> {
    type Error = Unknown;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Unknown>> {
        let found = usize::try_from(function).ok();
        let found = found.and_then(|function| self.functions.get(function));
        found.copied().ok_or(Error::UserError(function))
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error<Unknown>> {
        for import in section.into_imports() {
            let import = import?;
            if !self
                .layout
                .imports
                .contains_key(&(import.module, import.name))
            {
                let ty = self.entity_type(import.ty)?;
                imports.import(import.module, import.name, ty);
            }
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Unknown>> {
        utils::parse_function_section(self, functions, section)?;
        for caller in &self.callers {
            functions.function(caller.ty);
        }
        Ok(())
    }

    fn parse_table_section(
        &mut self,
        tables: &mut TableSection,
        section: TableSectionReader<'_>,
    ) -> Result<(), Error<Unknown>> {
        utils::parse_table_section(self, tables, section)?;
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: u64::from(self.layout.entries),
            maximum: Some(u64::from(self.layout.entries)),
            shared: false,
        });
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result<(), Error<Unknown>> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(TABLE, ExportKind::Table, self.table);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Unknown>> {
        utils::parse_code_section(self, code, section)?;
        for caller in &self.callers {
            code.function(&caller.body(self.table));
        }
        Ok(())
    }
}

impl Caller {
    /// Passes the parameters on to the table entry.
    fn body(&self, table_index: u32) -> Function {
        let call = [
            Instruction::I32Const(self.entry.cast_signed()),
            Instruction::CallIndirect {
                type_index: self.ty,
                table_index,
            },
        ];
        forwarding(&[], self.parameters, &call)
    }
}
