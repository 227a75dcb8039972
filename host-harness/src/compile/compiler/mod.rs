//! Who compiles components: this process, or one that is started for each.

mod child;
mod process;

pub(crate) use child::{ChildSettings, compile_from_stdin};
pub use process::CompilerProcess;

use super::component_bytes::{Compiled, ComponentBytes};
use super::nesting::{self, TooNested};
use crate::compile::config::Allocation;

/// Compiles components for one engine.
pub(crate) struct Compiler {
    /// None compiles in this process.
    pub(crate) process: Option<CompilerProcess>,
    pub(crate) allocation: Allocation,
    /// See `compile/fingerprint.rs`.
    pub(crate) fingerprint: [u8; 32],
}

/// Why there is no compiled code of a component.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error(transparent)]
    TooNested(#[from] TooNested),
    /// What wasmtime, in this process, has against it.
    #[error(transparent)]
    Invalid(#[from] wasmtime::Error),
    /// The same in the words of another process.
    #[error("it does not compile: {0}")]
    Refused(String),
    #[error(transparent)]
    Process(#[from] process::ProcessError),
}

/// A component that was compiled just now.
pub(crate) struct Fresh {
    pub(crate) compiled: Compiled,
    /// The code as it is kept, where it exists anyway.
    pub(crate) code: Option<Vec<u8>>,
}

impl Compiler {
    /// Compiles a component whose parts do not nest too deeply.
    pub(crate) fn compile(
        &self,
        engine: &wasmtime::Engine,
        wasm: &ComponentBytes,
    ) -> Result<Fresh, CompileError> {
        nesting::check(&wasm.bytes)?;
        let Some(process) = &self.process else {
            let compiled = wasm.compile(engine)?;
            return Ok(Fresh {
                compiled,
                code: None,
            });
        };
        let output = process.run(&wasm.bytes, self.allocation)?;
        let (code, reusable) = output.open(&self.fingerprint)?;
        let component = load(engine, &code)?;
        Ok(Fresh {
            compiled: Compiled {
                component,
                reusable,
            },
            code: Some(code),
        })
    }
}

/// Loads what another process compiled.
#[expect(unsafe_code, reason = "there is no safe way to load compiled code")]
fn load(
    engine: &wasmtime::Engine,
    code: &[u8],
) -> wasmtime::Result<wasmtime::component::Component> {
    // SAFETY: these are bytes that `Component::serialize` made in a process of a program that is this
    // one, or that the embedder named as its compiler and that nobody else may write to; they came
    // through a pipe that only the two have. The fingerprint says that it is of the same version. That
    // a component could make the compiler write something else is no more than that it could make it
    // compile something else, which is trusted in any process.
    unsafe { wasmtime::component::Component::deserialize(engine, code) }
}
