//! Errors of building guests.

use std::{error::Error, fmt, path::PathBuf};

use crate::CommandError;

/// The error of building guests.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// Cargo could not be started, or it failed.
    Cargo {
        /// The cause.
        source: CommandError,
    },
    /// Cargo printed an invalid message.
    Message {
        /// The line.
        line: String,
        /// The parse error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A package was built without a component.
    NoComponent {
        /// The name of the package.
        package: String,
    },
    /// A package has several components, which is ambiguous.
    SeveralComponents {
        /// The name of the package.
        package: String,
        /// The components.
        components: Vec<PathBuf>,
    },
    /// The outer cargo builds with the same profile, so that both would wait for each other forever.
    SameProfile {
        /// The name of the profile.
        profile: String,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cargo { .. } => f.write_str("cannot build the guests"),
            Self::Message { line, .. } => write!(f, "cannot understand cargo's message `{line}`"),
            Self::NoComponent { package } => write!(
                f,
                "package `{package}` gave no component; it needs a `main.rs`, or `crate-type = \
                 [\"cdylib\"]` in the `[lib]` section of its Cargo.toml"
            ),
            Self::SeveralComponents {
                package,
                components,
            } => {
                write!(f, "package `{package}` gave several components:")?;
                for component in components {
                    write!(f, " {}", component.display())?;
                }
                Ok(())
            }
            Self::SameProfile { profile } => write!(
                f,
                "cannot build guests with profile `{profile}` within a build of the same profile; \
                 use another profile or another target directory"
            ),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Cargo { source } => Some(source),
            Self::Message { source, .. } => Some(&**source),
            Self::NoComponent { .. }
            | Self::SeveralComponents { .. }
            | Self::SameProfile { .. } => None,
        }
    }
}
