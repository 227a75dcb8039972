//! From a file to a function that is ready to be called.

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

/// How much of the component's hash is its version, in bytes.
const VERSION_BYTES: usize = 8;

/// The longest component that is read, in bytes. Those with a whole language in them have some 40 MiB.
const MAX_FILE: u64 = 256 << 20;

/// A file that cannot be served as a function.
///
/// Its text names the file, says what is wrong with it, and what to do.
#[derive(Debug)]
pub struct LoadError {
    file: PathBuf,
    kind: LoadErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What is wrong with a file that cannot be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// It cannot be read.
    Unreadable,
    /// It is longer than any component that is read.
    TooLarge,
    /// It is no WebAssembly.
    NotWasm,
    /// It is a WebAssembly module, not a component.
    CoreModule,
    /// It is a component, but not a function that this host can run.
    NotAFunction,
}

impl LoadError {
    /// What is wrong.
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
                write!(
                    f,
                    "{file} is longer than {MAX_FILE} bytes, which is the most"
                )
            }
            LoadErrorKind::NotWasm => write!(
                f,
                "{file} is no WebAssembly; build the function with `cargo build --release --target \
                 wasm32-wasip2` and give the .wasm file from target/wasm32-wasip2/release"
            ),
            LoadErrorKind::CoreModule => write!(
                f,
                "{file} is a WebAssembly module, and a function is a component; build it for the \
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

/// What an invalid function comes to: the reason, and what the host would take.
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
                ". Is `invoke!(handler);` of functions-guest-web in its lib.rs, and \
                 `crate-type = [\"cdylib\"]` in its Cargo.toml?"
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

/// Reads one file, and sees whether it is a component.
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

/// None if there is more than may be, of which no more is read: it may have no end.
fn read_bounded(file: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let file = File::open(file)?;
    let length = file.metadata()?.len().min(MAX_FILE);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    let is_whole = u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_FILE);
    Ok(is_whole.then_some(bytes))
}

/// What a function is given besides its component.
pub(crate) struct Settings {
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) output: Output,
    pub(crate) headers: HeaderLimit,
    pub(crate) network: Arc<OutboundConfig>,
    pub(crate) reuse: Reuse,
}

/// Checks and compiles what was read of a file.
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
