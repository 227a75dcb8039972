//! How deeply a component's parts nest, found out before anything parses them in earnest.
//!
//! Parsers and compilers are made for what compilers write. wasmparser reads the types of components
//! recursively, so that a file of 100 KiB can overflow the stack; what it keeps grows with the square of
//! the number of modules and components; and Cranelift takes a minute for a megabyte of nested loops.
//! The scan below reads each byte once, and never recurses.

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentType, ComponentTypeDeclaration, FunctionBody,
    Operator, Parser, Payload,
};

/// Components within components. Tools that compose functions add one or two at a time.
pub(crate) const MAX_COMPONENT_DEPTH: usize = 32;

/// Modules and components of one file, wherever they are.
pub(crate) const MAX_PARTS: usize = 1000;

/// Types of components and instances within such types. WIT comes to three.
pub(crate) const MAX_TYPE_DEPTH: usize = 32;

/// Blocks, loops and conditions within one another in one function. A `switch` is as many blocks as it
/// has cases.
pub(crate) const MAX_BLOCK_DEPTH: usize = 10_000;

/// Loops within one another in one function. Programs have a handful; what Cranelift takes grows with
/// their square, and is 14 s for 10,000 of them in an unoptimized build of this host.
pub(crate) const MAX_LOOP_DEPTH: usize = 200;

/// Why a component is not even parsed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TooNested {
    #[error("its components nest more than {MAX_COMPONENT_DEPTH} deep, which is the most")]
    Components,
    #[error("it has more than {MAX_PARTS} modules and components, which is the most")]
    Parts,
    #[error(
        "its component and instance types nest more than {MAX_TYPE_DEPTH} deep, which is the most"
    )]
    Types,
    #[error(
        "a function in it nests blocks more than {MAX_BLOCK_DEPTH} deep, which is the most; split the \
         function, or the `switch` in it"
    )]
    Blocks,
    #[error("a function in it nests loops more than {MAX_LOOP_DEPTH} deep, which is the most")]
    Loops,
    /// What this scan cannot read, it cannot bound.
    #[error("it does not compile")]
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
                // A module is one level as well, and has none below it.
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

/// How the types of components and of instances begin, whose declarations may be types of both.
const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;

/// A section of types: those that nest are walked through with a stack of how many declarations are left
/// on each level, all others are read by wasmparser.
fn check_types(mut section: BinaryReader<'_>) -> Result<(), TooNested> {
    let mut levels = vec![section.read_var_u32()?];
    while let Some(left) = levels.last_mut() {
        let Some(rest) = left.checked_sub(1) else {
            levels.pop();
            continue;
        };
        *left = rest;
        let is_type = levels.len() == 1 || read_declaration(&mut section)?;
        if is_type && let Some(declarations) = read_type(&mut section)? {
            levels.push(declarations);
            // The section itself is the first.
            if levels.len() > MAX_TYPE_DEPTH + 1 {
                return Err(TooNested::Types);
            }
        }
    }
    Ok(())
}

/// How a declaration begins that is a type.
const DECLARED_TYPE: u8 = 0x01;

/// Reads what is declared within a type, unless that is a type: then it says so, and that is next.
fn read_declaration(section: &mut BinaryReader<'_>) -> Result<bool, TooNested> {
    if section.clone().read_u8()? == DECLARED_TYPE {
        section.read_u8()?;
        return Ok(true);
    }
    section.read::<ComponentTypeDeclaration<'_>>()?;
    Ok(false)
}

/// Reads one type; of one that nests, no more than how many declarations follow.
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
    // Whether each is a loop.
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
