//! Compiles components, in this process or in a child process for each.

mod child;
mod exchange;
mod process;

pub use process::CompilerProcess;

use super::component_bytes::{Compiled, ComponentBytes};
use super::nesting::{self, TooNested};
use crate::compile::config::Allocation;

/// Compiles components for one engine.
pub(crate) struct Compiler {
    /// `None` compiles in this process.
    pub(crate) process: Option<CompilerProcess>,
    pub(crate) allocation: Allocation,
    /// See `compile/fingerprint.rs`.
    pub(crate) fingerprint: [u8; 32],
}

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error(transparent)]
    TooNested(#[from] TooNested),
    /// An error of wasmtime in this process.
    #[error(transparent)]
    Invalid(#[from] wasmtime::Error),
    /// An error of wasmtime in the child process, as text.
    #[error("the component does not compile: {0}")]
    Refused(String),
    #[error(transparent)]
    Process(#[from] process::ProcessError),
}

/// A component that was just compiled.
pub(crate) struct Fresh {
    pub(crate) compiled: Compiled,
    /// The serialized code, if it exists anyway.
    pub(crate) code: Option<Vec<u8>>,
}

impl Compiler {
    /// Compiles a component, after a check of its nesting.
    pub(crate) fn compile(
        &self,
        engine: &wasmtime::Engine,
        wasm: &ComponentBytes,
    ) -> Result<Fresh, CompileError> {
        nesting::check(&wasm.bytes)?;
        let Some(process) = &self.process else {
            let compiled = wasm.compile_for(engine, self.allocation)?;
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

/// Loads code from a child process.
#[expect(unsafe_code, reason = "there is no safe way to load compiled code")]
fn load(
    engine: &wasmtime::Engine,
    code: &[u8],
) -> wasmtime::Result<wasmtime::component::Component> {
    // SAFETY: `Component::serialize` made these bytes in a child process. Its program is this one,
    // or the one that the embedder named as its compiler, which nobody else may write to. The bytes
    // came through a pipe that only these two processes share, and the fingerprint shows that both
    // have the same version. A component that makes the compiler write other bytes gains no more
    // than one that makes it compile other code, and the compiler is trusted with that in any
    // process.
    unsafe { wasmtime::component::Component::deserialize(engine, code) }
}
