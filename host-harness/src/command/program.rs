//! A command as it was deployed: its arguments and its files.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::file_system::FileSystem;
use super::path::{self, MAX_FILES};
use super::read_only::{ReadOnlyFile, ReadOnlyFiles};
use crate::compile::appendix::Appendix;
use crate::message::held_bodies::HeldBodies;

/// What an appendix says of a command.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Index {
    /// The arguments before the parameters, with the program's name first.
    pub(super) arguments: Vec<String>,
    /// Whether missing parameters are an empty argument.
    #[serde(default)]
    pub(super) always_params: bool,
    /// Where the component itself is among the files.
    #[serde(default)]
    pub(super) component: Option<String>,
    /// The files: path, first byte and length.
    #[serde(default)]
    pub(super) files: Vec<(String, u64, u64)>,
    /// Folders, as far as they are not those of files.
    #[serde(default)]
    pub(super) folders: Vec<String>,
}

/// What is behind a component cannot be that of a command.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum InvalidProgram {
    #[error("it cannot be read: {0}")]
    Index(String),
    #[error("it has more than {MAX_FILES} files and folders")]
    TooManyFiles,
    #[error("{0:?} is not the path of a file in it")]
    File(String),
}

/// A command as it was deployed.
#[derive(Debug)]
pub(crate) struct Program {
    arguments: Vec<String>,
    always_params: bool,
    files: Arc<ReadOnlyFiles>,
}

impl Program {
    /// The command of a component that has `appendix` behind it. Without it, the command has no files, and
    /// arguments as if it had been deployed alone.
    pub(crate) fn new(name: &str, appendix: Option<&Appendix>) -> Result<Self, InvalidProgram> {
        let Some(appendix) = appendix else {
            return Ok(Self {
                arguments: vec![format!("{name}.wasm"), "/".to_owned()],
                always_params: false,
                files: Arc::default(),
            });
        };
        let index: Index = serde_json::from_slice(&appendix.index)
            .map_err(|error| InvalidProgram::Index(error.to_string()))?;
        if index.files.len() + index.folders.len() > MAX_FILES {
            return Err(InvalidProgram::TooManyFiles);
        }
        let mut files = ReadOnlyFiles::default();
        for folder in &index.folders {
            add(&mut files, folder, None)?;
        }
        let whole = &appendix.whole;
        for (path, start, length) in &index.files {
            let start = start.checked_add(appendix.start);
            let end = start.and_then(|start| start.checked_add(*length));
            let is_within = end.is_some_and(|end| end <= whole.len());
            let Some(start) = start.filter(|_| is_within) else {
                return Err(InvalidProgram::File(path.clone()));
            };
            let file = ReadOnlyFile::new(whole.clone(), start, *length);
            add(&mut files, path, Some(file))?;
        }
        if let Some(path) = &index.component {
            let file = ReadOnlyFile::new(whole.clone(), 0, appendix.component);
            add(&mut files, path, Some(file))?;
        }
        Ok(Self {
            arguments: index.arguments,
            always_params: index.always_params,
            files: Arc::new(files),
        })
    }

    /// The arguments of an invocation, the program's name first.
    pub(crate) fn arguments(&self, params: Option<&str>) -> Vec<String> {
        let missing = self.always_params.then_some("");
        let params = params.or(missing).map(str::to_owned);
        self.arguments.iter().cloned().chain(params).collect()
    }

    /// The files of an invocation. `host` is what all invocations together may take.
    pub(crate) fn file_system(&self, host: Arc<HeldBodies>) -> FileSystem {
        FileSystem::new(Arc::clone(&self.files), host)
    }
}

fn add(
    files: &mut ReadOnlyFiles,
    at: &str,
    file: Option<ReadOnlyFile>,
) -> Result<(), InvalidProgram> {
    let is_path = path::resolve("", at).as_deref() == Ok(at) && !at.is_empty();
    let added = is_path.then(|| files.add(at, file));
    match added {
        Some(Ok(())) => Ok(()),
        Some(Err(())) | None => Err(InvalidProgram::File(at.to_owned())),
    }
}
