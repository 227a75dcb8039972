use std::path::Path;
use std::{fs, io};

/// Reads a file: a device may have no end, and a pipe no writer.
pub(super) fn read(file: &Path) -> io::Result<Vec<u8>> {
    match fs::metadata(file)?.is_file() {
        true => fs::read(file),
        false => Err(io::Error::other("it is not a regular file")),
    }
}
