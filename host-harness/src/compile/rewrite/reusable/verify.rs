//! Adds a function to a component that verifies its globals.
//!
//! The function sets the globals as each call does, and compares them with their initial values.
//! These are read from the module again and compared bit by bit, so that a mistake in setting them
//! is found.

use wasm_encoder::{
    Alias, BlockType, CanonicalFunctionSection, ComponentAliasSection, ComponentExportKind,
    ComponentExportSection, ComponentSection as _, ComponentTypeSection, ComponentValType,
    ExportKind, Function, Instruction, PrimitiveValType,
};
use wasmparser::{Global, Parser, Payload, ValType};

use super::reusable_module::ReusableModule;
use super::unknown;
use crate::compile::NotReusable;

/// The export name of the function, in the component and in its module.
pub(crate) const EXPORT: &str = "functions-host-verify-globals";

/// The body of the function. Returns 0 if all globals have their initial value, or else the index
/// of the first one that differs, plus 1.
pub(super) fn body(module: &[u8], set: &[Instruction<'_>]) -> Result<Function, NotReusable> {
    let mut function = Function::new([]);
    for instruction in set {
        function.instruction(instruction);
    }
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::GlobalSection(section) = payload.map_err(unknown)? {
            for (index, global) in (0..).zip(section) {
                compare(&mut function, index, &global.map_err(unknown)?)?;
            }
        }
    }
    function.instruction(&Instruction::I32Const(0));
    function.instruction(&Instruction::End);
    Ok(function)
}

fn compare(function: &mut Function, index: u32, global: &Global<'_>) -> Result<(), NotReusable> {
    if !global.ty.mutable {
        return Ok(());
    }
    let (to_bits, differs) = match global.ty.content_type {
        ValType::I32 => (None, Instruction::I32Ne),
        ValType::I64 => (None, Instruction::I64Ne),
        ValType::F32 => (Some(Instruction::I32ReinterpretF32), Instruction::I32Ne),
        ValType::F64 => (Some(Instruction::I64ReinterpretF64), Instruction::I64Ne),
        _ => return Err(NotReusable::Globals),
    };
    function.instruction(&Instruction::GlobalGet(index));
    if let Some(to_bits) = &to_bits {
        function.instruction(to_bits);
    }
    function.raw(initial_value(global)?.iter().copied());
    if let Some(to_bits) = &to_bits {
        function.instruction(to_bits);
    }
    function.instruction(&differs);
    function.instruction(&Instruction::If(BlockType::Empty));
    let index = i32::try_from(index).map_err(|_large| NotReusable::Globals)?;
    function.instruction(&Instruction::I32Const(index.saturating_add(1)));
    function.instruction(&Instruction::Return);
    function.instruction(&Instruction::End);
    Ok(())
}

/// The bytes of the initial instruction, without the `end` of the expression.
fn initial_value<'a>(global: &Global<'a>) -> Result<&'a [u8], NotReusable> {
    let mut reader = global.init_expr.get_binary_reader();
    let bytes = reader
        .read_bytes(reader.bytes_remaining())
        .map_err(unknown)?;
    bytes
        .split_last()
        .map(|(_end, first)| first)
        .ok_or(NotReusable::Globals)
}

/// Exports the module's verifying function from the component.
pub(super) fn export(
    reusable: &ReusableModule<'_>,
    component: &mut Vec<u8>,
) -> Result<(), NotReusable> {
    let count = |of: usize| u32::try_from(of).map_err(|_large| NotReusable::Unknown);
    let mut types = ComponentTypeSection::new();
    let no_parameters: [(&str, ComponentValType); 0] = [];
    let result = ComponentValType::Primitive(PrimitiveValType::U32);
    types.function().params(no_parameters).result(Some(result));
    let mut aliases = ComponentAliasSection::new();
    aliases.alias(Alias::CoreInstanceExport {
        instance: reusable.instance,
        kind: ExportKind::Func,
        name: EXPORT,
    });
    let mut functions = CanonicalFunctionSection::new();
    functions.lift(
        count(reusable.spaces.functions.len())?,
        reusable.spaces.types,
        [],
    );
    let mut exports = ComponentExportSection::new();
    let lifted = reusable.spaces.lifted;
    exports.export(EXPORT, ComponentExportKind::Func, lifted, None);
    types.append_to_component(component);
    aliases.append_to_component(component);
    functions.append_to_component(component);
    exports.append_to_component(component);
    Ok(())
}
