//! Makes every call of an import check the time.
//!
//! Compiled code checks the epoch in loops and at function entries. A call of an import does neither, so a
//! function that calls the host many times in a straight line would not be checked in between. This rewrite
//! adds a function for each imported one, which only calls it, and uses that function everywhere. Its entry
//! checks the epoch, whichever interface the import comes from.

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, CustomSection, FunctionSection, Instruction, Module, RawSection, SectionId,
};
use wasmparser::{
    CodeSectionReader, CompositeInnerType, CustomSectionReader, FunctionSectionReader, Parser,
    Payload, TypeRef,
};

use super::forwarding::forwarding;
use super::sections::copy_with;

/// The ids of sections of a component that contain a module or a component.
const MODULE: u8 = 1;
const COMPONENT: u8 = 4;

/// The component with checked calls in all modules; `None` if it is not valid.
pub(crate) fn with_checked_calls(component: &[u8]) -> Option<Vec<u8>> {
    copy_with(component, |section, encoded| {
        let (id, data) = match section {
            Payload::ModuleSection {
                unchecked_range, ..
            } => (MODULE, checked(component.get(unchecked_range.clone())?)?),
            // Their depth is limited: see `nesting`.
            Payload::ComponentSection {
                unchecked_range, ..
            } => {
                let nested = component.get(unchecked_range.clone())?;
                (COMPONENT, with_checked_calls(nested)?)
            }
            _ => return Some(false),
        };
        encoded.section(&RawSection { id, data: &data });
        Some(true)
    })
}

/// A module with checked calls.
fn checked(module: &[u8]) -> Option<Vec<u8>> {
    let mut wrappers = Wrappers::of(module)?;
    if wrappers.imports.is_empty() {
        return Some(module.to_vec());
    }
    let mut encoded = Module::new();
    let parsed = wrappers.parse_core_module(&mut encoded, Parser::new(0), module);
    parsed.ok()?;
    Some(encoded.finish())
}

/// The functions to add, which follow all others.
#[derive(Default)]
struct Wrappers {
    /// For each imported function: its type, and the number of its parameters.
    imports: Vec<(u32, u32)>,
    /// The index of the first wrapper.
    first: u32,
    has_functions: bool,
    has_code: bool,
}

impl Wrappers {
    fn of(module: &[u8]) -> Option<Self> {
        let mut wrappers = Self::default();
        let mut parameters = Vec::new();
        let mut defined = 0;
        for payload in Parser::new(0).parse_all(module) {
            match payload.ok()? {
                Payload::TypeSection(section) => {
                    for group in section {
                        for ty in group.ok()?.types() {
                            let count = match &ty.composite_type.inner {
                                CompositeInnerType::Func(function) => function.params().len(),
                                _ => 0,
                            };
                            parameters.push(u32::try_from(count).ok()?);
                        }
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import.ok()?.ty {
                            let count = parameters.get(usize::try_from(ty).ok()?)?;
                            wrappers.imports.push((ty, *count));
                        }
                    }
                }
                Payload::FunctionSection(section) => defined = section.count(),
                _ => {}
            }
        }
        let imported = u32::try_from(wrappers.imports.len()).ok()?;
        wrappers.first = imported.checked_add(defined)?;
        wrappers.first.checked_add(imported)?;
        Some(wrappers)
    }

    fn declare(&mut self, functions: &mut FunctionSection) {
        self.has_functions = true;
        for (ty, _) in &self.imports {
            functions.function(*ty);
        }
    }

    fn define(&mut self, code: &mut CodeSection) {
        self.has_code = true;
        for (import, (_, parameters)) in (0..).zip(&self.imports) {
            code.function(&forwarding(&[], *parameters, &[Instruction::Call(import)]));
        }
    }
}

impl Reencode for Wrappers {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        let is_import = usize::try_from(function).is_ok_and(|index| index < self.imports.len());
        Ok(if is_import {
            self.first + function
        } else {
            function
        })
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_function_section(self, functions, section)?;
        self.declare(functions);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_code_section(self, code, section)?;
        self.define(code);
        Ok(())
    }

    /// A module may have no functions of its own, and put imports into another's table.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error<Self::Error>> {
        if !self.has_functions && !is_before_functions(before) {
            let mut functions = FunctionSection::new();
            self.declare(&mut functions);
            module.section(&functions);
        }
        if !self.has_code && matches!(before, None | Some(SectionId::Data)) {
            let mut code = CodeSection::new();
            self.define(&mut code);
            module.section(&code);
        }
        Ok(())
    }

    /// Custom sections may be malformed. The names of functions keep their indices.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        module.section(&CustomSection {
            name: section.name().into(),
            data: section.data().into(),
        });
        Ok(())
    }
}

/// Whether this section, or one that may still follow it, is that of the functions.
fn is_before_functions(section: Option<SectionId>) -> bool {
    use SectionId::{Function, Import, Type};
    matches!(section, Some(Type | Import | Function))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls, tables and exports use the wrapper; a module without functions of its own gets them.
    #[test]
    fn imports_are_called_by_wrappers_only() {
        let calls = r#"(module
            (import "h" "f" (func $f (param i32 i64) (result i32)))
            (import "h" "m" (memory 1))
            (import "h" "g" (func $g))
            (table funcref (elem $f $g))
            (export "f" (func $f))
            (func (call $g) (call $g) (drop (call $f (i32.const 1) (i64.const 2)))))"#;
        let passes = r#"(module
            (import "h" "t" (table 1 funcref))
            (import "h" "g" (func $g))
            (export "g" (func $g))
            (elem (i32.const 0) func $g)
            (data (i32.const 0) "x") (memory 1))"#;
        for (module, imports) in [(calls, 2), (passes, 1)] {
            let component = format!(
                "(component (core {} (component (core {}))",
                &module[1..],
                &module[1..]
            );
            let component = wat::parse_str(component).unwrap();
            let checked = with_checked_calls(&component).unwrap();
            let mut direct = 0;
            let mut modules = 0;
            wasmparser::Validator::new().validate_all(&checked).unwrap();
            for payload in Parser::new(0).parse_all(&checked) {
                let is_import = |index: u32| index < imports;
                match payload.unwrap() {
                    Payload::ModuleSection { .. } => modules += 1,
                    Payload::CodeSectionEntry(body) => {
                        for operator in body.get_operators_reader().unwrap() {
                            if let wasmparser::Operator::Call { function_index } = operator.unwrap()
                            {
                                direct += u32::from(is_import(function_index));
                            }
                        }
                    }
                    Payload::ExportSection(section) => {
                        assert!(
                            section
                                .into_iter()
                                .all(|export| !is_import(export.unwrap().index))
                        );
                    }
                    Payload::ElementSection(section) => {
                        for element in section {
                            let wasmparser::ElementItems::Functions(items) = element.unwrap().items
                            else {
                                continue;
                            };
                            assert!(items.into_iter().all(|item| !is_import(item.unwrap())));
                        }
                    }
                    _ => {}
                }
            }
            // Each wrapper calls its import.
            assert_eq!((modules, direct), (2, 2 * imports));
        }
    }

    /// Invalid components are left to wasmtime, which says why.
    #[test]
    fn invalid_components_are_not_rewritten() {
        assert!(with_checked_calls(b"\0asm\x0d\0\x01\0\x01\x04\0as").is_none());
    }
}
