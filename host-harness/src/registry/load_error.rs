//! Why a component cannot be served.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::engine::{Engine, InvalidFunction};
use crate::limits::MAX_COMPONENT;
use crate::telemetry::{cut, cut_causes};

/// A component cannot be served as a function.
///
/// The text names the file if there is one, the problem and the fix.
#[derive(Debug)]
pub struct LoadError {
    /// `None` for a component that was given as bytes.
    file: Option<PathBuf>,
    kind: LoadErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Why a component cannot be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The file cannot be read.
    Unreadable,
    /// The file is longer than the limit.
    TooLarge,
    /// The file is not WebAssembly.
    NotWasm,
    /// The file is a WebAssembly module, not a component.
    CoreModule,
    /// The file is a component, but not a function that this host can run.
    NotAFunction,
    /// The file is not the component that was deployed.
    Changed,
    /// The compiler did not run, or had too little of the processors to end in time.
    NotCompiled,
    /// The host failed, not the component.
    Host,
}

impl LoadErrorKind {
    /// The reason without the file's name, for clients.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Unreadable => "its component cannot be read",
            Self::TooLarge => "its component is too long",
            Self::NotWasm | Self::CoreModule => "its file is not a component",
            Self::NotAFunction => "its component cannot be served as a function",
            Self::Changed => "its file is not the component that was deployed",
            Self::NotCompiled => "its component was not compiled",
            Self::Host => "the host failed",
        }
    }
}

impl LoadError {
    /// Why the component cannot be served.
    #[must_use]
    pub fn kind(&self) -> LoadErrorKind {
        self.kind
    }

    /// The file; empty for a component that was given as bytes.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.file.as_deref().unwrap_or_else(|| Path::new(""))
    }

    pub(super) fn new(file: Option<&Path>, kind: LoadErrorKind) -> Self {
        Self {
            file: file.map(Path::to_owned),
            kind,
            source: None,
        }
    }

    /// The component is not a function that this host can run.
    pub(super) fn invalid(file: Option<&Path>, invalid: InvalidFunction, engine: &Engine) -> Self {
        let offered = engine.offered();
        let kind = match invalid.is_of_host() {
            true => LoadErrorKind::NotCompiled,
            false => LoadErrorKind::NotAFunction,
        };
        let invalid = match invalid {
            InvalidFunction::Compile(cause) => InvalidFunction::Compile(cut_causes(&cause)),
            InvalidFunction::Type(cause) => InvalidFunction::Type(cut_causes(&cause)),
            InvalidFunction::RunType(cause) => InvalidFunction::RunType(cut_causes(&cause)),
            InvalidFunction::Start(cause) => InvalidFunction::Start(cut_causes(&cause)),
            InvalidFunction::Link { needs, source } => InvalidFunction::Link {
                needs,
                source: cut_causes(&source),
            },
            other => other,
        };
        Self::new(file, kind).because(InvalidReason { invalid, offered })
    }

    pub(super) fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file: &dyn fmt::Display = match &self.file {
            Some(file) => &file.display(),
            None => &"the component",
        };
        match self.kind {
            LoadErrorKind::Unreadable => write!(f, "{file} cannot be read"),
            LoadErrorKind::TooLarge => {
                write!(
                    f,
                    "{file} is too long: expected at most {MAX_COMPONENT} bytes"
                )
            }
            LoadErrorKind::NotWasm => write!(
                f,
                "{file} is not WebAssembly; build the function with `cargo build --release --target \
                 wasm32-wasip2` and pass the .wasm file from target/wasm32-wasip2/release"
            ),
            LoadErrorKind::CoreModule => write!(
                f,
                "{file} is a WebAssembly module, but a function is a component; build it for the \
                 target wasm32-wasip2 (not wasm32-wasip1 or wasm32-unknown-unknown)"
            ),
            LoadErrorKind::NotAFunction => write!(f, "{file} cannot be served as a function"),
            LoadErrorKind::Changed => {
                write!(
                    f,
                    "{file} is not the component that was deployed; deploy it again"
                )
            }
            LoadErrorKind::NotCompiled => write!(f, "{file} was not compiled"),
            LoadErrorKind::Host => write!(
                f,
                "{file} cannot be loaded because of a failure of the host"
            ),
        }
    }
}

impl Error for LoadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

/// Why a function is invalid, and what the host offers.
#[derive(Debug)]
struct InvalidReason {
    invalid: InvalidFunction,
    offered: Vec<String>,
}

impl fmt::Display for InvalidReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", cut(&self.invalid))?;
        match &self.invalid {
            InvalidFunction::Import { .. } | InvalidFunction::Link { .. } => write!(
                f,
                ". This host offers {} and WASI 0.2 without wasi:http: rebuild the function with an \
                 SDK of the same major version, or run a host that has the rest",
                self.offered.join(", "),
            ),
            InvalidFunction::Export { .. } => write!(
                f,
                ". Check that its lib.rs has `invoke!(handler);` of functions-guest-web, and its \
                 Cargo.toml `crate-type = [\"cdylib\"]`"
            ),
            InvalidFunction::RunType(_) => write!(f, ". Rebuild it for WASI 0.2"),
            InvalidFunction::Type(_) => {
                write!(f, ". Rebuild the function with an SDK of that version")
            }
            InvalidFunction::Compile(_)
            | InvalidFunction::NotCompiled(_)
            | InvalidFunction::Memory { .. }
            | InvalidFunction::Footprint { .. }
            | InvalidFunction::Initial { .. }
            | InvalidFunction::Memories { .. }
            | InvalidFunction::Program(_)
            | InvalidFunction::Start(_) => Ok(()),
        }
    }
}

impl Error for InvalidReason {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.invalid.source()
    }
}
