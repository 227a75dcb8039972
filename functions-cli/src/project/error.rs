use super::manifest::{FILE as MANIFEST, InvalidManifest};

/// A project cannot be understood. The text is for the person who edits it, and may have several lines.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectError {
    #[error(transparent)]
    Manifest(#[from] InvalidManifest),
    #[error("{0}")]
    Invalid(String),
    /// cargo cannot be run, whatever the project is.
    #[error("{0}")]
    Cargo(String),
    #[error(
        "no function is named: give NAME=FILE.wasm, or run this in the folder of a package or of a {MANIFEST}"
    )]
    Nothing,
}

impl ProjectError {
    /// Whether the project has to be edited.
    pub(crate) fn is_of_project(&self) -> bool {
        !matches!(self, Self::Cargo(_))
    }
}

impl From<String> for ProjectError {
    fn from(text: String) -> Self {
        Self::Invalid(text)
    }
}
