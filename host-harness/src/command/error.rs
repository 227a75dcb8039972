use super::path::PathError;

/// Why something cannot be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileError {
    #[error("no such file or folder")]
    Missing,
    #[error("it exists")]
    Exists,
    #[error("not a folder")]
    NotAFolder,
    #[error("a folder")]
    IsAFolder,
    #[error("the folder is not empty")]
    NotEmpty,
    #[error("outside of the folder")]
    Outside,
    #[error("only files in /tmp can be changed")]
    ReadOnly,
    #[error("/tmp is full")]
    Full,
    #[error("the name is too long")]
    NameTooLong,
    #[error("invalid")]
    Invalid,
    #[error("in use")]
    Busy,
}

impl From<PathError> for FileError {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Empty => Self::Missing,
            PathError::Invalid => Self::Invalid,
            PathError::TooLong => Self::NameTooLong,
            PathError::Outside => Self::Outside,
        }
    }
}
