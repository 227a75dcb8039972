use super::{InvalidSetting, LoadError, LoadErrorKind, Unavailable};

/// Why a function was not deployed. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DeployError(#[from] Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{0}")]
    Name(String),
    #[error("{0}")]
    Setting(InvalidSetting),
    #[error("function {0:?} not found")]
    Unknown(String),
    #[error(transparent)]
    Load(LoadError),
    #[error("{0}")]
    Unavailable(Unavailable),
}

impl DeployError {
    pub(crate) fn unknown(name: &str) -> Self {
        Kind::Unknown(name.to_owned()).into()
    }

    /// The error, or the reason why the component cannot be served if that is it.
    pub(crate) fn into_load_error(self) -> Result<LoadError, Self> {
        match self.0 {
            Kind::Load(error) => Ok(error),
            other => Err(Self(other)),
        }
    }

    pub(super) fn name(why: String) -> Self {
        Kind::Name(why).into()
    }

    /// Whether this host cannot run the component.
    #[must_use]
    pub fn is_invalid_component(&self) -> bool {
        let kind = self.load_error().map(LoadError::kind);
        kind.is_some_and(|kind| {
            use LoadErrorKind::{Host, NotCompiled, Unreadable};
            !matches!(kind, Unreadable | NotCompiled | Host)
        })
    }

    /// Whether the component was not compiled, for no fault of its own: a later try may succeed.
    #[must_use]
    pub fn is_not_compiled(&self) -> bool {
        let kind = self.load_error().map(LoadError::kind);
        kind == Some(LoadErrorKind::NotCompiled)
    }

    /// Whether the name cannot be a function's.
    #[must_use]
    pub fn is_invalid_name(&self) -> bool {
        matches!(self.0, Kind::Name(_))
    }

    /// Whether a setting is invalid or above the host's bound; see [`setting`](Self::setting).
    #[must_use]
    pub fn is_invalid_setting(&self) -> bool {
        self.setting().is_some()
    }

    /// What is wrong with the setting, if that is the reason.
    #[must_use]
    pub fn invalid_setting(&self) -> Option<&InvalidSetting> {
        match &self.0 {
            Kind::Setting(invalid) => Some(invalid),
            _ => None,
        }
    }

    /// Whether no function has this name.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.0, Kind::Unknown(_))
    }

    /// The invalid setting: the name of a field of [`FunctionSettings`](crate::FunctionSettings).
    #[must_use]
    pub fn setting(&self) -> Option<&'static str> {
        self.invalid_setting().map(InvalidSetting::setting)
    }

    /// Why the component cannot be served, if that is the reason.
    #[must_use]
    pub fn load_error(&self) -> Option<&LoadError> {
        match &self.0 {
            Kind::Load(error) => Some(error),
            _ => None,
        }
    }
}

impl From<LoadError> for DeployError {
    fn from(error: LoadError) -> Self {
        Kind::Load(error).into()
    }
}

impl From<Unavailable> for DeployError {
    fn from(unavailable: Unavailable) -> Self {
        Kind::Unavailable(unavailable).into()
    }
}

impl From<InvalidSetting> for DeployError {
    fn from(invalid: InvalidSetting) -> Self {
        Kind::Setting(invalid).into()
    }
}
