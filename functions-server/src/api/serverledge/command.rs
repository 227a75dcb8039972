//! From an upload to what is deployed: a component, which for a command has the files of its TAR behind it.

use host_harness::{CommandBundle, InvalidPath};
use wasmparser::{Encoding, Parser, Payload};

use super::code::{self, CodeError, UploadedCode};
use super::module;

/// The parts of a definition that describe a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommandDescription<'a> {
    pub(super) name: &'a str,
    pub(super) image: &'a str,
    pub(super) handler: &'a str,
}

/// What is deployed of code.
pub(super) fn deployable(
    code: UploadedCode,
    described: CommandDescription<'_>,
) -> Result<Vec<u8>, CodeError> {
    match kind(&code.wasm) {
        BinaryKind::Other => {
            if let Some(tar) = &code.tar {
                code::check_paths(tar)?;
            }
            Ok(code.wasm)
        }
        BinaryKind::Command => {
            let image = match described.image {
                "" => described.name,
                image => image,
            };
            let arguments = [format!("{image}.wasm"), format!("/{}", described.handler)];
            let mut bundle = CommandBundle::new(arguments);
            add_files(&mut bundle, &code, false)?;
            Ok(bundle.write(&code.wasm)?)
        }
        BinaryKind::Module => {
            let handler = described.handler;
            let handler = (!handler.is_empty()).then(|| format!("/{handler}"));
            let mut bundle = CommandBundle::new([String::new()].into_iter().chain(handler));
            bundle.always_params();
            add_files(&mut bundle, &code, true)?;
            let component = module::adapt(&code.wasm)?;
            drop(code);
            Ok(bundle.write(&component)?)
        }
    }
}

/// Adds what is in the TAR. The component itself is there anyway; a module is not.
fn add_files(
    bundle: &mut CommandBundle,
    code: &UploadedCode,
    with_binary: bool,
) -> Result<(), CodeError> {
    let Some(tar) = &code.tar else {
        return Ok(());
    };
    code::each_entry(tar, |path, content| {
        match content {
            None if path.is_empty() => Ok(()),
            None => bundle.folder(path),
            Some(_) if !with_binary && path == code.path => Ok(()),
            Some(content) => bundle.file(path, content),
        }
        .map_err(CodeError::from)
    })?;
    if !with_binary {
        bundle.component(&code.path)?;
    }
    Ok(())
}

/// The kind of a binary.
#[derive(Debug, PartialEq)]
enum BinaryKind {
    Module,
    /// A component that exports `wasi:cli/run`, and no handler of requests.
    Command,
    /// Whatever else: the host says what is wrong with it, if anything is.
    Other,
}

fn kind(wasm: &[u8]) -> BinaryKind {
    let mut depth = 0_u32;
    let mut is_command = false;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::Version {
                encoding: Encoding::Module,
                ..
            }) if depth == 0 => return BinaryKind::Module,
            Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
            Ok(Payload::ComponentExportSection(exports)) if depth == 0 => {
                for export in exports {
                    let Ok(export) = export else {
                        return BinaryKind::Other;
                    };
                    let name = export.name.name;
                    if name.starts_with("functions:web/handler@") {
                        return BinaryKind::Other;
                    }
                    is_command |= name.starts_with("wasi:cli/run@0.2.");
                }
            }
            Ok(_) => {}
            Err(_) => return BinaryKind::Other,
        }
    }
    match is_command {
        true => BinaryKind::Command,
        false => BinaryKind::Other,
    }
}

impl From<InvalidPath> for CodeError {
    fn from(error: InvalidPath) -> Self {
        Self::Path(error.to_string())
    }
}
