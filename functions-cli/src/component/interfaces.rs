//! What a component imports and exports.

use wasmparser::{BinaryReaderError, Payload};

/// The names of interfaces, such as `functions:web/handler@1.0.0`.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

impl Interfaces {
    /// Adds what a section of the component itself has.
    pub(super) fn add(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    self.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports.clone() {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The version of the contract that it was built for: that of `functions:web`.
    pub(crate) fn contract(&self) -> Option<&str> {
        let all = self.exports.iter().chain(&self.imports);
        let mut web = all.filter(|name| name.starts_with("functions:web/"));
        let (_, version) = web.next()?.split_once('@')?;
        Some(version)
    }
}
