//! From the terms of files to those of WASI.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::time::{SystemTime, UNIX_EPOCH};

use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorStat, DescriptorType, ErrorCode, MetadataHashValue, OpenFlags,
};

use crate::command::{FileError, Node, OpenOptions};

pub(super) fn code(error: FileError) -> ErrorCode {
    match error {
        FileError::Missing => ErrorCode::NoEntry,
        FileError::Exists => ErrorCode::Exist,
        FileError::NotAFolder => ErrorCode::NotDirectory,
        FileError::IsAFolder => ErrorCode::IsDirectory,
        FileError::NotEmpty => ErrorCode::NotEmpty,
        FileError::Outside => ErrorCode::NotPermitted,
        FileError::ReadOnly => ErrorCode::ReadOnly,
        FileError::Full => ErrorCode::InsufficientSpace,
        FileError::NameTooLong => ErrorCode::NameTooLong,
        FileError::Invalid => ErrorCode::Invalid,
        FileError::Busy => ErrorCode::Busy,
    }
}

pub(super) fn options(open: OpenFlags, write: bool) -> OpenOptions {
    OpenOptions {
        write,
        create: open.contains(OpenFlags::CREATE),
        exclusive: open.contains(OpenFlags::EXCLUSIVE),
        truncate: open.contains(OpenFlags::TRUNCATE),
        folder: open.contains(OpenFlags::DIRECTORY),
    }
}

pub(super) fn kind(node: &Node) -> DescriptorType {
    of_folder(matches!(node, Node::Folder(_)))
}

pub(super) fn of_folder(is_folder: bool) -> DescriptorType {
    match is_folder {
        true => DescriptorType::Directory,
        false => DescriptorType::RegularFile,
    }
}

pub(super) fn stat(node: &Node) -> DescriptorStat {
    let (size, modified) = match node {
        Node::Folder(_) => (0, None),
        Node::ReadOnly(file) => (file.len(), None),
        Node::Temporary(file) => (file.len(), Some(datetime(file.modified()))),
    };
    DescriptorStat {
        type_: kind(node),
        link_count: 1,
        size,
        data_access_timestamp: modified,
        data_modification_timestamp: modified,
        status_change_timestamp: modified,
    }
}

fn datetime(time: SystemTime) -> Datetime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Datetime {
        seconds: since.as_secs(),
        nanoseconds: since.subsec_nanos(),
    }
}

/// What tells a file or folder from others: wasi-libc makes its number of it.
pub(super) fn identity(node: &Node) -> MetadataHashValue {
    let (upper, lower) = match node {
        Node::Folder(at) => {
            let mut hasher = DefaultHasher::new();
            at.hash(&mut hasher);
            (1, hasher.finish())
        }
        Node::ReadOnly(file) => (2, file.id()),
        Node::Temporary(file) => (3, file.id()),
    };
    // The upper half may be ignored, so the kinds differ in the lower one too.
    MetadataHashValue {
        lower: lower.wrapping_mul(4).wrapping_add(upper),
        upper,
    }
}
