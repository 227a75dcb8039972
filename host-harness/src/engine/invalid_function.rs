use crate::command::InvalidProgram;
use crate::compile::compiler::CompileError;
use crate::compile::footprint;
use crate::wit::{HANDLER, RUN};

/// Why this host cannot run a component.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidFunction {
    #[error("the component does not compile")]
    Compile(#[source] wasmtime::Error),
    #[error(transparent)]
    NotCompiled(CompileError),
    #[error("the component imports {}, which this host does not offer", needs.join(" and "))]
    Import { needs: Vec<String> },
    #[error("the component needs functions of {} that this host does not provide", needs.join(" and "))]
    Link {
        needs: Vec<String>,
        source: wasmtime::Error,
    },
    #[error(
        "the component does not export {HANDLER}, as a web function must, nor {RUN}x, as a command \
         must{}",
        found(.exports)
    )]
    Export { exports: Vec<String> },
    #[error(
        "the component's instances have {memories} linear memories, above the limit of {max}; {fix}"
    )]
    Memories {
        memories: u32,
        max: u32,
        fix: &'static str,
    },
    #[error("the component's initial memory exceeds the limit of {limit} bytes; {fix}")]
    Memory { limit: usize, fix: &'static str },
    #[error(
        "the component's instances would take {bytes} bytes besides their memory, for globals, functions \
         and imports of modules, above the limit of {}",
        footprint::MAX
    )]
    Footprint { bytes: u64 },
    #[error(
        "instantiating the component would copy {bytes} bytes into memories and tables, above the limit \
         of {}; a function in a table counts 32",
        footprint::MAX_INITIAL
    )]
    Initial { bytes: u64 },
    #[error("the component's export {HANDLER} does not have the type that this host calls")]
    Type(#[source] wasmtime::Error),
    #[error("the component's export {RUN}x does not have the type of WASI")]
    RunType(#[source] wasmtime::Error),
    #[error("the files behind the component are not those of a command")]
    Program(#[source] InvalidProgram),
    #[error("the component cannot be instantiated")]
    Start(#[source] wasmtime::Error),
}

fn found(exports: &[String]) -> String {
    if exports.is_empty() {
        "; it exports nothing".into()
    } else {
        format!("; it exports {}", exports.join(", "))
    }
}

impl From<CompileError> for InvalidFunction {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Invalid(error) => Self::Compile(error),
            other => Self::NotCompiled(other),
        }
    }
}

impl InvalidFunction {
    /// Whether it is the host that failed, and not the component.
    pub(crate) fn is_of_host(&self) -> bool {
        match self {
            Self::NotCompiled(CompileError::Process(error)) => error.is_of_host(),
            _ => false,
        }
    }
}
