//! `wasi:filesystem` for commands, whose files are not those of this system.
//!
//! Wasmtime's own implementation passes on folders of the system. Its types of handles stand for other things here:
//! a handle of a descriptor is a [`Descriptor`] of this module, and one of a directory is a [`Listing`].

mod convert;
mod descriptor;
mod listing;
mod streams;

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{HasSelf, Linker, Resource, WasmList};
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p2::{FsError, FsResult};

use self::streams::Source;
use super::{State, handles};
use crate::command::{FileError, FileSystem, Node, TMP, TemporaryFile};

/// What a command gets that has too many files open. WASI has no code of its own for that.
const FULL: types::ErrorCode = types::ErrorCode::InsufficientMemory;

/// What a handle of a file or folder stands for.
#[derive(Debug)]
struct Descriptor {
    node: Node,
    flags: types::DescriptorFlags,
}

impl Descriptor {
    /// The file, if it was opened to be written.
    fn writable(&self) -> FsResult<&Arc<TemporaryFile>> {
        match &self.node {
            Node::Temporary(file) if self.flags.contains(types::DescriptorFlags::WRITE) => Ok(file),
            Node::Temporary(_) => Err(types::ErrorCode::NotPermitted.into()),
            Node::ReadOnly(_) => Err(types::ErrorCode::ReadOnly.into()),
            Node::Folder(_) => Err(types::ErrorCode::IsDirectory.into()),
        }
    }

    /// What a stream reads, if it was opened to be read.
    fn readable(&self) -> FsResult<Source> {
        if !self.flags.contains(types::DescriptorFlags::READ) {
            return Err(types::ErrorCode::NotPermitted.into());
        }
        match &self.node {
            Node::ReadOnly(file) => Ok(Source::ReadOnly(file.clone())),
            Node::Temporary(file) => Ok(Source::Temporary(Arc::clone(file))),
            Node::Folder(_) => Err(types::ErrorCode::IsDirectory.into()),
        }
    }
}

fn failed(error: FileError) -> FsError {
    convert::code(error).into()
}

/// How far a folder was listed.
#[derive(Debug)]
struct Listing {
    folder: Arc<str>,
    after: Option<String>,
}

/// The most bytes that one call reads or writes.
const MAX_PART: usize = 64 * 1024;

/// Replaces wasmtime's files by those of a command.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    types::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    preopens::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    link_bounded(linker)
}

/// Replaces the generated function, which would copy all bytes first.
fn link_bounded(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut types = linker.instance("wasi:filesystem/types@0.2.12")?;
    types.func_wrap_async(
        "[method]descriptor.write",
        |mut store: StoreContextMut<'_, State>,
         (file, bytes, at): (Resource<types::Descriptor>, WasmList<u8>, u64)| {
            Box::new(async move {
                store.data_mut().check_time().await?;
                let part = bytes.as_le_slice(&store);
                let part = part.chunks(MAX_PART).next().unwrap_or_default().to_vec();
                let written = match store.data_mut().write_file(&file, &part, at) {
                    Ok(()) => Ok(part.len() as u64),
                    Err(error) => Err(error.downcast()?),
                };
                Ok((written,))
            })
        },
    )
}

impl State {
    fn files(&mut self) -> Result<&FileSystem, FsError> {
        let command = self.command.as_ref();
        // Only functions without a command have none, and they are linked otherwise.
        command
            .map(|command| &command.files)
            .ok_or_else(|| types::ErrorCode::Unsupported.into())
    }

    fn descriptor(&self, handle: &Resource<types::Descriptor>) -> wasmtime::Result<&Descriptor> {
        Ok(self
            .table
            .get(&Resource::<Descriptor>::new_borrow(handle.rep()))?)
    }

    /// The path of the folder that a handle stands for.
    fn folder(&self, handle: &Resource<types::Descriptor>) -> Result<Arc<str>, FsError> {
        match &self.descriptor(handle).map_err(FsError::trap)?.node {
            Node::Folder(at) => Ok(at.clone()),
            Node::ReadOnly(_) | Node::Temporary(_) => Err(types::ErrorCode::NotDirectory.into()),
        }
    }

    /// Opens a file or folder, unless the invocation has too many handles.
    fn push(&mut self, descriptor: Descriptor) -> Result<Resource<types::Descriptor>, FsError> {
        if !handles::has_room(&mut self.table) {
            return Err(FULL.into());
        }
        let handle = self.insert(descriptor)?;
        Ok(Resource::new_own(handle.rep()))
    }

    /// Adds an entry to the table, or fails as a system without room does: a trap would say nothing.
    fn insert<T: Send + 'static>(&mut self, entry: T) -> Result<Resource<T>, FsError> {
        self.table.push(entry).map_err(|_full| FULL.into())
    }

    fn write_file(
        &mut self,
        handle: &Resource<types::Descriptor>,
        bytes: &[u8],
        at: u64,
    ) -> Result<(), FsError> {
        let descriptor = self.descriptor(handle).map_err(FsError::trap)?;
        let file = descriptor.writable()?;
        Ok(file.write(Some(at), bytes).map_err(convert::code)?)
    }
}

impl preopens::Host for State {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<types::Descriptor>, String)>> {
        if self.command.is_none() {
            return Ok(Vec::new());
        }
        let mut folders = Vec::new();
        for (path, name) in [("", "/"), (TMP, "/tmp")] {
            let read = types::DescriptorFlags::READ;
            let flags = match path {
                TMP => read | types::DescriptorFlags::MUTATE_DIRECTORY,
                _ => read,
            };
            let node = Node::Folder(path.into());
            let handle = self.table.push(Descriptor { node, flags })?;
            folders.push((Resource::new_own(handle.rep()), name.to_owned()));
        }
        Ok(folders)
    }
}
