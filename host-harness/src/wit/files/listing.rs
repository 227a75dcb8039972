//! Handles of folders that are listed.

use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DirectoryEntry, DirectoryEntryStream, HostDirectoryEntryStream,
};

use super::{Listing, convert, failed};
use crate::wit::State;

impl HostDirectoryEntryStream for State {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        let stream = Resource::<Listing>::new_borrow(stream.rep());
        let Listing { folder, after } = self.table.get(&stream)?;
        let (folder, after) = (Arc::clone(folder), after.clone());
        let next = self.files()?.next(&folder, after.as_deref());
        let Some((name, is_folder)) = next.map_err(failed)? else {
            return Ok(None);
        };
        self.table.get_mut(&stream)?.after = Some(name.clone());
        Ok(Some(DirectoryEntry {
            type_: convert::of_folder(is_folder),
            name,
        }))
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.table
            .delete(Resource::<Listing>::new_own(stream.rep()))?;
        Ok(())
    }
}
