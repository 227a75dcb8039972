use crate::registry::LoadError;

/// Why a [`Harness`](crate::Harness) could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file cannot be served as a function.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A function's name is none, or is given twice, or no function has it that is to be private.
    #[error("{0}")]
    Name(String),
    /// A limit is one that nothing can be done within; the text says what to give instead.
    #[error("{0}")]
    Limits(String),
    /// A host that functions are to reach is none; the text has the corrected form.
    #[error("{0}")]
    AllowHost(String),
    /// The public URL is none; the text says what it has to be.
    #[error("{0}")]
    PublicUrl(String),
    /// A file of certificate authorities is none; the text says what is wrong with it.
    #[error("{0}")]
    CaFile(String),
    /// Something that was set contradicts that strangers deploy; see
    /// [`Builder::multi_tenant`](crate::Builder::multi_tenant). The text says what, and what to do.
    #[error("{0}")]
    MultiTenant(String),
    /// Wasmtime does not start on this machine.
    #[error("wasmtime does not start")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}
