//! Bounds how deeply the parts of a component nest, before anything else parses it.
//!
//! Parsers and compilers are written for the output of compilers. wasmparser reads component types
//! recursively, so a file of 100 KiB can overflow the stack. Its memory grows with the square of
//! the number of modules and components. Cranelift takes a minute for a megabyte of nested loops.
//!
//! This scan reads each byte once and never recurses.

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentType, ComponentTypeDeclaration, FunctionBody,
    Operator, Parser, Payload,
};

/// Components within components. Tools that compose functions add one or two at a time.
pub(crate) const MAX_COMPONENT_DEPTH: usize = 32;

/// Modules and components in one file, at any level.
pub(crate) const MAX_PARTS: usize = 1000;

/// Component and instance types within such types. WIT needs three levels.
pub(crate) const MAX_TYPE_DEPTH: usize = 32;

/// Nested blocks, loops and conditions in one function. A `switch` becomes one block per case.
pub(crate) const MAX_BLOCK_DEPTH: usize = 10_000;

/// Nested loops in one function. Programs have a handful. Cranelift's time grows with their square:
/// 14 s for 10,000 in an unoptimized build of this host.
pub(crate) const MAX_LOOP_DEPTH: usize = 200;

/// Why a component is refused before it is parsed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TooNested {
    #[error("the component's components nest more than {MAX_COMPONENT_DEPTH} deep, the limit")]
    Components,
    #[error("the component has more than {MAX_PARTS} modules and components, the limit")]
    Parts,
    #[error("the component's types nest more than {MAX_TYPE_DEPTH} deep, the limit")]
    Types,
    #[error(
        "a function in the component nests blocks more than {MAX_BLOCK_DEPTH} deep, the limit; split the \
         function, or the `switch` in it"
    )]
    Blocks,
    #[error("a function in the component nests loops more than {MAX_LOOP_DEPTH} deep, the limit")]
    Loops,
    /// The scan cannot bound what it cannot read.
    #[error("the component does not compile")]
    Unreadable(#[from] BinaryReaderError),
}

/// Refuses a component that nests too deeply in any way.
pub(crate) fn check(component: &[u8]) -> Result<(), TooNested> {
    let (mut depth, mut parts) = (0_usize, 0_usize);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::Version { .. } => {
                (depth, parts) = (depth + 1, parts + 1);
                // A module is one level as well, with none below it.
                if depth > MAX_COMPONENT_DEPTH + 1 {
                    return Err(TooNested::Components);
                }
                if parts > MAX_PARTS + 1 {
                    return Err(TooNested::Parts);
                }
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentTypeSection(_) => {
                let section = payload.as_section().and_then(|(_, range)| {
                    let start = range.start;
                    Some(BinaryReader::new(component.get(range)?, start))
                });
                if let Some(section) = section {
                    check_types(section)?;
                }
            }
            Payload::CodeSectionEntry(function) => check_blocks(function)?,
            _ => {}
        }
    }
    Ok(())
}

/// The first byte of a component type, and of an instance type. Both contain declarations, which
/// may be types.
const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;

/// Checks a section of types. Keeps the number of remaining declarations per level for types that
/// nest; wasmparser reads all others.
fn check_types(mut section: BinaryReader<'_>) -> Result<(), TooNested> {
    let mut levels = vec![section.read_var_u32()?];
    while let Some(remaining) = levels.last_mut() {
        let Some(rest) = remaining.checked_sub(1) else {
            levels.pop();
            continue;
        };
        *remaining = rest;
        let is_type = levels.len() == 1 || read_declaration(&mut section)?;
        if is_type && let Some(declarations) = read_type(&mut section)? {
            levels.push(declarations);
            // The first level is the section itself.
            if levels.len() > MAX_TYPE_DEPTH + 1 {
                return Err(TooNested::Types);
            }
        }
    }
    Ok(())
}

/// The first byte of a declaration that is a type.
const DECLARED_TYPE: u8 = 0x01;

/// Reads one declaration within a type. If it is a type, reads only its first byte, and returns
/// true.
fn read_declaration(section: &mut BinaryReader<'_>) -> Result<bool, TooNested> {
    if section.clone().read_u8()? == DECLARED_TYPE {
        section.read_u8()?;
        return Ok(true);
    }
    section.read::<ComponentTypeDeclaration<'_>>()?;
    Ok(false)
}

/// Reads one type. Of a type that nests, reads only the number of declarations, and returns it.
fn read_type(section: &mut BinaryReader<'_>) -> Result<Option<u32>, TooNested> {
    let kind = section.clone().read_u8()?;
    if matches!(kind, COMPONENT_TYPE | INSTANCE_TYPE) {
        section.read_u8()?;
        return Ok(Some(section.read_var_u32()?));
    }
    section.read::<ComponentType<'_>>()?;
    Ok(None)
}

fn check_blocks(function: &FunctionBody<'_>) -> Result<(), TooNested> {
    // One entry per open block: whether it is a loop.
    let mut blocks = Vec::new();
    let mut loops = 0_usize;
    for operator in function.get_operators_reader()? {
        match operator? {
            Operator::Loop { .. } => {
                blocks.push(true);
                loops += 1;
            }
            Operator::Block { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. } => blocks.push(false),
            Operator::End if blocks.pop() == Some(true) => loops -= 1,
            _ => continue,
        }
        if loops > MAX_LOOP_DEPTH {
            return Err(TooNested::Loops);
        }
        if blocks.len() > MAX_BLOCK_DEPTH {
            return Err(TooNested::Blocks);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
