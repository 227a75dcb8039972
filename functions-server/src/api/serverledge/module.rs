//! Core modules that were built for WASI's preview 1: makes components of them.

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
};
use wasmparser::{ExternalKind, Parser, Payload};
use wit_component::ComponentEncoder;

use super::code::CodeError;

/// The length of a module's header.
const HEADER: usize = 8;

/// The component of a module with `_start`.
pub(super) fn adapt(module: &[u8]) -> Result<Vec<u8>, CodeError> {
    let plain = without_custom_sections(module)?;
    let encoder = ComponentEncoder::default()
        .validate(true)
        .module(&plain)
        .and_then(|encoder| {
            let name = WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;
            encoder.adapter(name, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER)
        });
    encoder
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| CodeError::NotAdapted(format!("{error:#}")))
}

/// The module without custom sections: those that describe interfaces would be parsed, and say something else than
/// that it is a command. Checks that it has a `_start` and is valid, so that the encoder meets no surprise.
fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>, CodeError> {
    let invalid = |error: wasmparser::BinaryReaderError| CodeError::NotAdapted(error.to_string());
    wasmparser::validate(module).map_err(invalid)?;
    let mut plain = module.get(..HEADER).unwrap_or_default().to_vec();
    let mut has_start = false;
    let mut before = HEADER;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(invalid)?;
        if let Payload::ExportSection(exports) = &payload {
            for export in exports.clone() {
                let export = export.map_err(invalid)?;
                has_start |= export.name == "_start" && export.kind == ExternalKind::Func;
            }
        }
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        // From the section's header on, which the range is without.
        let section = module.get(before..range.end).unwrap_or_default();
        if id != 0 {
            plain.extend_from_slice(section);
        }
        before = range.end;
    }
    match has_start {
        true => Ok(plain),
        false => Err(CodeError::NoStart),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapted(text: &str) -> Result<Vec<u8>, CodeError> {
        adapt(&wat::parse_str(text).unwrap())
    }

    /// A module with `_start` becomes a component, whatever its custom sections say.
    #[test]
    fn modules_become_components() {
        let plain = r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
            (memory (export "memory") 1)
            (func (export "_start")))"#;
        let component = adapted(plain).unwrap();
        assert!(component.starts_with(b"\0asm\x0d\0\x01\0"));
        let mut forged = wat::parse_str(plain).unwrap();
        let name = b"component-type:forged";
        let content = [&[name.len() as u8][..], name, &[0xff; 20]].concat();
        forged.extend([0, content.len() as u8]);
        forged.extend(content);
        assert_eq!(adapt(&forged), Ok(component));
    }

    /// Modules other than commands are refused with the reason.
    #[test]
    fn other_modules_are_refused() {
        assert_eq!(adapted("(module)"), Err(CodeError::NoStart));
        let global = r#"(module (global (export "_start") i32 (i32.const 0)))"#;
        assert_eq!(adapted(global), Err(CodeError::NoStart));
        for text in [
            r#"(module (import "env" "f" (func)) (memory (export "memory") 1) (func (export "_start")))"#,
            r#"(module (memory (export "memory") 1) (func (export "_start") (param i32)))"#,
        ] {
            let other = adapted(text);
            assert!(matches!(other, Err(CodeError::NotAdapted(_))), "{text}");
        }
        let invalid = adapt(b"\0asm\x01\0\0\0\x01\xff");
        assert!(
            matches!(invalid, Err(CodeError::NotAdapted(_))),
            "{invalid:?}"
        );
    }
}
