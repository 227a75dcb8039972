//! Handles of files and folders.

use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Advice, Descriptor as Handle, DescriptorFlags, DescriptorStat, DescriptorType,
    DirectoryEntryStream, ErrorCode, Filesize, Host, HostDescriptor, MetadataHashValue,
    NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use super::streams::{FileWriter, Reader, Source};
use super::{Descriptor, Listing, MAX_PART, convert, failed};
use crate::command::Node;
use crate::wit::State;

type Folder = Resource<Handle>;

impl State {
    fn opened(&self, handle: &Folder) -> FsResult<&Descriptor> {
        self.descriptor(handle).map_err(FsError::trap)
    }

    /// What is at a path below a handle.
    fn at(&mut self, handle: &Folder, path: &str) -> FsResult<Node> {
        let folder = self.folder(handle)?;
        self.files()?.get(&folder, path).map_err(failed)
    }

    fn writer(&mut self, handle: &Folder, at: Option<u64>) -> FsResult<Resource<DynOutputStream>> {
        let file = Arc::clone(self.opened(handle)?.writable()?);
        let writer: DynOutputStream = Box::new(FileWriter { file, at });
        self.insert(writer)
    }
}

impl Host for State {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        let error = self.table.get(&error)?;
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return Ok(Some(ErrorCode::from(error)));
        }
        Ok(error.downcast_ref::<ErrorCode>().copied())
    }
}

impl HostDescriptor for State {
    fn read_via_stream(
        &mut self,
        file: Resource<Handle>,
        at: Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        let source = self.opened(&file)?.readable()?;
        let reader: DynInputStream = Box::new(Reader::new(source, at));
        self.insert(reader)
    }

    fn write_via_stream(
        &mut self,
        file: Resource<Handle>,
        at: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        self.writer(&file, Some(at))
    }

    fn append_via_stream(&mut self, file: Resource<Handle>) -> FsResult<Resource<DynOutputStream>> {
        self.writer(&file, None)
    }

    async fn advise(
        &mut self,
        _: Resource<Handle>,
        _: Filesize,
        _: Filesize,
        _: Advice,
    ) -> FsResult<()> {
        Ok(())
    }

    async fn sync_data(&mut self, _: Resource<Handle>) -> FsResult<()> {
        Ok(())
    }

    async fn get_flags(&mut self, handle: Resource<Handle>) -> FsResult<DescriptorFlags> {
        Ok(self.opened(&handle)?.flags)
    }

    async fn get_type(&mut self, handle: Resource<Handle>) -> FsResult<DescriptorType> {
        Ok(convert::kind(&self.opened(&handle)?.node))
    }

    async fn set_size(&mut self, file: Resource<Handle>, size: Filesize) -> FsResult<()> {
        let file = self.opened(&file)?.writable()?;
        file.set_length(size).map_err(failed)
    }

    /// Files have the times at which they were written.
    async fn set_times(
        &mut self,
        file: Resource<Handle>,
        _: NewTimestamp,
        _: NewTimestamp,
    ) -> FsResult<()> {
        self.opened(&file)?.writable().map(drop)
    }

    async fn read(
        &mut self,
        file: Resource<Handle>,
        length: Filesize,
        at: Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        let length = usize::try_from(length).unwrap_or(MAX_PART).min(MAX_PART);
        let bytes = match self.opened(&file)?.readable()? {
            Source::Temporary(file) => file.read(at, length),
            Source::ReadOnly(file) => file.read(at, length).await?.to_vec(),
        };
        let is_end = bytes.is_empty() && length > 0;
        Ok((bytes, is_end))
    }

    /// Replaced by `link_bounded`.
    async fn write(
        &mut self,
        file: Resource<Handle>,
        bytes: Vec<u8>,
        at: Filesize,
    ) -> FsResult<Filesize> {
        self.write_file(&file, &bytes, at)?;
        Ok(bytes.len() as u64)
    }

    async fn read_directory(
        &mut self,
        folder: Resource<Handle>,
    ) -> FsResult<Resource<DirectoryEntryStream>> {
        let folder = self.folder(&folder)?;
        let after = None;
        let handle = self.insert(Listing { folder, after })?;
        Ok(Resource::new_own(handle.rep()))
    }

    async fn sync(&mut self, _: Resource<Handle>) -> FsResult<()> {
        Ok(())
    }

    async fn create_directory_at(&mut self, folder: Folder, path: String) -> FsResult<()> {
        let folder = self.folder(&folder)?;
        self.files()?.create_folder(&folder, &path).map_err(failed)
    }

    async fn stat(&mut self, handle: Resource<Handle>) -> FsResult<DescriptorStat> {
        Ok(convert::stat(&self.opened(&handle)?.node))
    }

    async fn stat_at(
        &mut self,
        folder: Folder,
        _: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        Ok(convert::stat(&self.at(&folder, &path)?))
    }

    async fn set_times_at(
        &mut self,
        folder: Folder,
        _: PathFlags,
        path: String,
        _: NewTimestamp,
        _: NewTimestamp,
    ) -> FsResult<()> {
        match self.at(&folder, &path)? {
            Node::Temporary(_) => Ok(()),
            Node::ReadOnly(_) | Node::Folder(_) => Err(ErrorCode::ReadOnly.into()),
        }
    }

    async fn link_at(
        &mut self,
        _: Folder,
        _: PathFlags,
        _: String,
        _: Folder,
        _: String,
    ) -> FsResult<()> {
        Err(ErrorCode::Unsupported.into())
    }

    async fn open_at(
        &mut self,
        folder: Folder,
        _: PathFlags,
        path: String,
        open: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Handle>> {
        let folder = self.folder(&folder)?;
        let options = convert::options(open, flags.contains(DescriptorFlags::WRITE));
        let node = self.files()?.open(&folder, &path, options);
        let node = node.map_err(failed)?;
        self.push(Descriptor { node, flags })
    }

    async fn readlink_at(&mut self, folder: Folder, path: String) -> FsResult<String> {
        self.at(&folder, &path)?;
        // Nothing is a link.
        Err(ErrorCode::Invalid.into())
    }

    async fn remove_directory_at(&mut self, folder: Folder, path: String) -> FsResult<()> {
        let folder = self.folder(&folder)?;
        self.files()?.remove_folder(&folder, &path).map_err(failed)
    }

    async fn rename_at(
        &mut self,
        folder: Folder,
        path: String,
        to_folder: Folder,
        to: String,
    ) -> FsResult<()> {
        let (folder, to_folder) = (self.folder(&folder)?, self.folder(&to_folder)?);
        let renamed = self.files()?.rename((&folder, &path), (&to_folder, &to));
        renamed.map_err(failed)
    }

    async fn symlink_at(&mut self, _: Folder, _: String, _: String) -> FsResult<()> {
        Err(ErrorCode::Unsupported.into())
    }

    async fn unlink_file_at(&mut self, folder: Folder, path: String) -> FsResult<()> {
        let folder = self.folder(&folder)?;
        self.files()?.remove_file(&folder, &path).map_err(failed)
    }

    async fn is_same_object(
        &mut self,
        one: Resource<Handle>,
        other: Resource<Handle>,
    ) -> wasmtime::Result<bool> {
        let [one, other] = [&one, &other].map(|handle| {
            let node = &self.descriptor(handle)?.node;
            Ok(convert::identity(node))
        });
        let (one, other): (wasmtime::Result<MetadataHashValue>, _) = (one, other);
        let (one, other) = (one?, other?);
        Ok((one.lower, one.upper) == (other.lower, other.upper))
    }

    async fn metadata_hash(&mut self, handle: Resource<Handle>) -> FsResult<MetadataHashValue> {
        Ok(convert::identity(&self.opened(&handle)?.node))
    }

    async fn metadata_hash_at(
        &mut self,
        folder: Folder,
        _: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        Ok(convert::identity(&self.at(&folder, &path)?))
    }

    fn drop(&mut self, handle: Resource<Handle>) -> wasmtime::Result<()> {
        self.table
            .delete(Resource::<Descriptor>::new_own(handle.rep()))?;
        Ok(())
    }
}
