use wasm_encoder::{Component, RawSection};
use wasmparser::{Chunk, Parser, Payload};

/// Copies a component section by section.
///
/// `change` sees each section, and returns true if it has written a replacement, which may be
/// empty. It returns `None` if the component cannot be rewritten.
pub(super) fn copy_with(
    component: &[u8],
    mut change: impl FnMut(&Payload<'_>, &mut Component) -> Option<bool>,
) -> Option<Vec<u8>> {
    let mut rest = component;
    let mut parser = Parser::new(0);
    let mut encoded = Component::new();
    while !rest.is_empty() {
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true).ok()? else {
            return None;
        };
        rest = rest.get(consumed..)?;
        // Copied as a whole, including nested sections.
        if let Payload::ModuleSection {
            unchecked_range, ..
        }
        | Payload::ComponentSection {
            unchecked_range, ..
        } = &payload
        {
            rest = rest.get(unchecked_range.len()..)?;
        }
        let is_section = !matches!(payload, Payload::Version { .. } | Payload::End(_));
        if is_section && !change(&payload, &mut encoded)? {
            let (id, range) = payload.as_section()?;
            let data = component.get(range)?;
            encoded.section(&RawSection { id, data });
        }
    }
    Some(encoded.finish())
}
