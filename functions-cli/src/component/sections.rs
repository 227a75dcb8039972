//! The kinds of sections, as reports name them.

use wasmparser::Payload;

/// The kind of a section; `None` for what has none, or is counted by its parts.
pub(super) fn kind_of(payload: &Payload<'_>, is_in_module: bool) -> Option<&'static str> {
    Some(match payload {
        Payload::CodeSectionStart { .. } => "code",
        Payload::DataSection(_) => "data",
        Payload::CustomSection(custom) => match custom.name() {
            "name" if is_in_module => "names",
            name if name.starts_with(".debug") => "debug info",
            _ => "other custom sections",
        },
        Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => return None,
        payload if is_in_module => {
            payload.as_section()?;
            "types and tables of modules"
        }
        payload => {
            payload.as_section()?;
            "types of the component"
        }
    })
}
