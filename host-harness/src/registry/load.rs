//! Loads a function from its file.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compile::ComponentBytes;
use crate::engine::{Engine, Function, InvalidFunction, Reuse};
use crate::invocation::FunctionContext;
use crate::message::headers::HeaderLimit;
use crate::outbound::{HttpClient, OutboundConfig};
use crate::telemetry::Output;

/// How many bytes of the component's hash form its version.
const VERSION_BYTES: usize = 8;

/// The longest component file, in bytes. Components that embed a language runtime have some 40 MiB.
const MAX_FILE: u64 = 256 << 20;

/// A file cannot be served as a function.
///
/// The text names the file, the problem and the fix.
#[derive(Debug)]
pub struct LoadError {
    file: PathBuf,
    kind: LoadErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Why a file cannot be served.
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
}

impl LoadError {
    /// Why the file cannot be served.
    #[must_use]
    pub fn kind(&self) -> LoadErrorKind {
        self.kind
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn new(file: &Path, kind: LoadErrorKind) -> Self {
        Self {
            file: file.to_owned(),
            kind,
            source: None,
        }
    }

    fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.kind {
            LoadErrorKind::Unreadable => write!(f, "{file} cannot be read"),
            LoadErrorKind::TooLarge => {
                write!(f, "{file} is too long: expected at most {MAX_FILE} bytes")
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
struct Reason {
    invalid: InvalidFunction,
    offered: Vec<String>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.invalid)?;
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
            InvalidFunction::Type(_) => {
                write!(f, ". Rebuild the function with an SDK of that version")
            }
            InvalidFunction::Compile(_)
            | InvalidFunction::NotCompiled(_)
            | InvalidFunction::Memory { .. }
            | InvalidFunction::Footprint { .. }
            | InvalidFunction::Initial { .. }
            | InvalidFunction::Memories { .. }
            | InvalidFunction::Start(_) => Ok(()),
        }
    }
}

impl Error for Reason {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.invalid.source()
    }
}

/// Reads a file, and checks that it is a component.
pub(crate) fn read(file: &Path) -> Result<ComponentBytes, LoadError> {
    let bytes = read_bounded(file)
        .map_err(|error| LoadError::new(file, LoadErrorKind::Unreadable).because(error))?;
    let bytes = bytes.ok_or_else(|| LoadError::new(file, LoadErrorKind::TooLarge))?;
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => Ok(ComponentBytes::new(bytes)),
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => {
            Err(LoadError::new(file, LoadErrorKind::CoreModule))
        }
        _ => Err(LoadError::new(file, LoadErrorKind::NotWasm)),
    }
}

/// Reads a file; `None` if it is too long. Never reads further, since the file may be endless.
fn read_bounded(file: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let file = File::open(file)?;
    let length = file.metadata()?.len().min(MAX_FILE);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    let is_whole = u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_FILE);
    Ok(is_whole.then_some(bytes))
}

/// A function's settings.
pub(crate) struct Settings {
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) output: Output,
    pub(crate) headers: HeaderLimit,
    pub(crate) network: Arc<OutboundConfig>,
    pub(crate) reuse: Reuse,
}

/// Checks and compiles a component.
pub(crate) fn load(
    engine: &Engine,
    name: &str,
    (file, wasm): (&Path, &ComponentBytes),
    settings: Settings,
) -> Result<Function, LoadError> {
    let context = FunctionContext {
        name: Arc::from(name),
        version: version(wasm),
        variables: settings.variables,
        output: settings.output,
        headers: settings.headers,
        outbound: HttpClient::new(settings.network),
        interfaces: engine.interfaces(),
        bodies: engine.bodies(),
    };
    let prepared = engine.prepare(wasm, context, settings.reuse);
    prepared.map_err(|invalid| {
        let offered = engine.offered();
        LoadError::new(file, LoadErrorKind::NotAFunction).because(Reason { invalid, offered })
    })
}

/// The start of the component's SHA-256, in hexadecimal.
fn version(wasm: &ComponentBytes) -> String {
    wasm.hash
        .iter()
        .take(VERSION_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
