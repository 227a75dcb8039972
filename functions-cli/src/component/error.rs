use std::path::Path;

use host_harness::Escaped;
use wasmparser::BinaryReaderError;

/// How every module and component begins.
const MAGIC: &[u8] = b"\0asm";

/// The error of a file that is not a component.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAComponent {
    #[error("{0} is not WebAssembly; `functions build` makes a component")]
    NotWasm(String),
    #[error("{file} is damaged at byte {at}: {reason}; `functions build` makes it again")]
    Damaged {
        file: String,
        at: usize,
        reason: String,
    },
}

impl NotAComponent {
    pub(super) fn new(file: &Path, bytes: &[u8], error: &BinaryReaderError) -> Self {
        let file = Escaped(&file.to_string_lossy()).to_string();
        if !bytes.starts_with(MAGIC) {
            return Self::NotWasm(file);
        }
        // Some texts of the parser have several lines.
        let reason = error.message().lines().next().unwrap_or_default();
        Self::Damaged {
            file,
            at: error.offset(),
            reason: reason.to_owned(),
        }
    }
}
