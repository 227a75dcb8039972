//! Errors of installing the target.

use std::{error::Error, fmt, io, path::PathBuf};

use crate::{CommandError, TARGET};

/// The error of installing the target.
#[derive(Debug)]
#[non_exhaustive]
pub enum SetupError {
    /// The compiler is missing, or does not report its sysroot.
    Compiler {
        /// The cause.
        source: CommandError,
    },
    /// The lock against other processes that install the target failed.
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// All attempts to install the target failed.
    Unavailable {
        /// The version of the compiler that lacks the target.
        rustc: String,
        /// The folder for the target's standard library.
        directory: PathBuf,
        /// The attempts, in order.
        attempts: Vec<Attempt>,
    },
}

/// A failed attempt to install the target.
#[derive(Debug)]
pub struct Attempt {
    way: String,
    cause: Box<dyn Error + Send + Sync>,
}

impl Attempt {
    pub(crate) fn new(way: &str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            way: way.to_owned(),
            cause: cause.into(),
        }
    }

    /// A short description of the attempt.
    #[must_use]
    pub fn way(&self) -> &str {
        &self.way
    }

    /// Why the attempt failed.
    #[must_use]
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.cause
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.way, self.cause)?;
        let mut next = self.cause.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compiler { .. } => f.write_str("cannot ask the Rust compiler for its sysroot"),
            Self::Lock { path, .. } => write!(f, "cannot lock {}", path.display()),
            Self::Unavailable {
                rustc,
                directory,
                attempts,
            } => {
                writeln!(
                    f,
                    "rustc {rustc} lacks the target {TARGET}, and it could not be installed"
                )?;
                writeln!(f, "what was tried:")?;
                for attempt in attempts {
                    let text = attempt.to_string();
                    let mut lines = text.lines();
                    writeln!(f, "  - {}", lines.next().unwrap_or_default())?;
                    for line in lines {
                        writeln!(f, "      {line}")?;
                    }
                }
                writeln!(f, "what you can do, whichever is easiest:")?;
                writeln!(
                    f,
                    "  - run `rustup target add {TARGET}` where downloads are possible"
                )?;
                writeln!(
                    f,
                    "  - copy the folder lib/rustlib/{TARGET} of a machine that has it, with the \
                     same rustc {rustc}, to {}",
                    directory.display()
                )?;
                write!(
                    f,
                    "  - set RUSTC to a compiler that has the target (`rustc --print sysroot` \
                     tells where it looks)"
                )
            }
        }
    }
}

impl Error for SetupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Compiler { source } => Some(source),
            Self::Lock { source, .. } => Some(source),
            // The message contains the attempts; as a source they would be printed twice.
            Self::Unavailable { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    fn unavailable() -> SetupError {
        SetupError::Unavailable {
            rustc: "1.95.0".into(),
            directory: "/r/lib/rustlib/wasm32-wasip2".into(),
            attempts: vec![
                Attempt::new("rustup", "`rustup target add` failed:\nerror: no network"),
                Attempt::new(
                    "from-debian.sh",
                    CommandError::Start {
                        command: "dpkg".into(),
                        source: ErrorKind::NotFound.into(),
                    },
                ),
            ],
        }
    }

    /// The message lists the attempts, why each failed, and what to do.
    #[test]
    fn explains_itself() {
        assert_eq!(
            unavailable().to_string(),
            "\
rustc 1.95.0 lacks the target wasm32-wasip2, and it could not be installed
what was tried:
  - rustup: `rustup target add` failed:
      error: no network
  - from-debian.sh: cannot start `dpkg`: entity not found
what you can do, whichever is easiest:
  - run `rustup target add wasm32-wasip2` where downloads are possible
  - copy the folder lib/rustlib/wasm32-wasip2 of a machine that has it, with the same rustc \
             1.95.0, to /r/lib/rustlib/wasm32-wasip2
  - set RUSTC to a compiler that has the target (`rustc --print sysroot` tells where it looks)"
        );
    }

    /// A cause is either in the message or a source, not both.
    #[test]
    fn sources() {
        assert!(unavailable().source().is_none());
        let path = PathBuf::from("/r/lock");
        let source = io::Error::from(ErrorKind::StorageFull);
        let error = SetupError::Lock { path, source };
        assert_eq!(error.to_string(), "cannot lock /r/lock");
        assert!(error.source().unwrap().is::<io::Error>());
    }
}
