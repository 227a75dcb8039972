use crate::registry::{DeployError, InvalidSetting, LoadError};

/// Why a [`Harness`](crate::Harness) could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file cannot be served as a function.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A function's name is invalid or given twice, or a setting names an unknown function.
    #[error("{0}")]
    Name(String),
    /// A limit is too small to do anything; the text says what to set instead.
    #[error("{0}")]
    Limits(String),
    /// A server to allow is invalid; the text has the corrected form.
    #[error("{0}")]
    AllowHost(String),
    /// The public URL is invalid; the text says what is expected.
    #[error("{0}")]
    PublicUrl(String),
    /// A trusted proxy is invalid; the text says what is expected.
    #[error("{0}")]
    TrustedProxy(String),
    /// A file of certificate authorities is invalid; the text says why.
    #[error("{0}")]
    CaFile(String),
    /// A setting contradicts [`Builder::multi_tenant`](crate::Builder::multi_tenant). The text names the
    /// setting and the fix.
    #[error("{0}")]
    MultiTenant(String),
    /// A function's setting is invalid.
    #[error("function {function}: {invalid}")]
    Setting {
        /// The function.
        function: String,
        /// What is wrong with the setting.
        invalid: InvalidSetting,
    },
    /// Wasmtime does not start on this machine.
    #[error("wasmtime does not start")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl BuildError {
    /// The error of a function that was not deployed.
    pub(super) fn deploying(function: &str, error: DeployError) -> Self {
        if let Some(invalid) = error.invalid_setting() {
            return Self::Setting {
                function: function.to_owned(),
                invalid: invalid.clone(),
            };
        }
        match error.into_load_error() {
            Ok(error) => Self::Load(error),
            Err(error) => Self::Name(error.to_string()),
        }
    }
}
