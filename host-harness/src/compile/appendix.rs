//! What a file may have behind its component: one last custom section, which the compiler never sees.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// The name of the section. Its content is the length of the index in four bytes, little-endian, the index, and
/// what that describes.
pub(crate) const NAME: &str = "functions:command";

/// The length of a component's header.
const HEADER: usize = 8;

/// What stands behind a component.
#[derive(Clone, Debug)]
pub(crate) struct Appendix {
    pub(crate) index: Bytes,
    /// Where the component ends.
    pub(crate) component: u64,
    /// Where that begins which the index describes.
    pub(crate) start: u64,
    /// The whole file.
    pub(crate) whole: Whole,
}

/// A file that has a component, to be read again.
#[derive(Clone, Debug)]
pub(crate) enum Whole {
    Bytes(Bytes),
    File(Arc<Mutex<File>>, u64),
}

impl Whole {
    /// The length in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    /// A part of it, if it is in memory.
    pub(crate) fn in_memory(&self, start: u64, length: usize) -> Option<Bytes> {
        let Self::Bytes(bytes) = self else {
            return None;
        };
        let start = usize::try_from(start)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let end = start.saturating_add(length).min(bytes.len());
        Some(bytes.slice(start..end))
    }

    /// Reads a part. Blocks.
    pub(crate) fn read(&self, start: u64, length: usize) -> std::io::Result<Bytes> {
        match self {
            Self::Bytes(_) => Ok(self.in_memory(start, length).unwrap_or_default()),
            Self::File(file, _) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let mut part = vec![0; length];
                file.seek(SeekFrom::Start(start))?;
                file.read_exact(&mut part)?;
                Ok(part.into())
            }
        }
    }
}

/// Separates a component from what is behind it. Returns the component and the appendix.
pub(super) fn split(bytes: Bytes, file: Option<File>) -> (Bytes, Option<Appendix>) {
    let Some(AppendixParts {
        section,
        index,
        end,
    }) = find(&bytes)
    else {
        return (bytes, None);
    };
    let component = bytes.slice(..section);
    let whole = match file {
        Some(file) => Whole::File(Arc::new(Mutex::new(file)), bytes.len() as u64),
        None => Whole::Bytes(bytes.clone()),
    };
    let appendix = Appendix {
        // A copy, so that the file's content does not stay in memory.
        index: Bytes::copy_from_slice(bytes.get(index..end).unwrap_or_default()),
        component: section as u64,
        start: end as u64,
        whole,
    };
    (component, Some(appendix))
}

/// Where the parts of a file with an appendix are.
struct AppendixParts {
    section: usize,
    index: usize,
    end: usize,
}

fn find(bytes: &[u8]) -> Option<AppendixParts> {
    let mut at = HEADER;
    while at < bytes.len() {
        let section = at;
        let id = *bytes.get(at)?;
        let (length, content) = leb128(bytes, at + 1)?;
        let end = content.checked_add(length)?;
        if id == 0 && end == bytes.len() {
            let (length, name) = leb128(bytes, content)?;
            let index = name.checked_add(length)?;
            if bytes.get(name..index)? != NAME.as_bytes() {
                return None;
            }
            let length = bytes.get(index..index.checked_add(4)?)?;
            let length = u32::from_le_bytes(length.try_into().ok()?);
            let index = index + 4;
            let end = index.checked_add(usize::try_from(length).ok()?)?;
            return (end <= bytes.len()).then_some(AppendixParts {
                section,
                index,
                end,
            });
        }
        at = end;
    }
    None
}

/// A number and the place behind it.
fn leb128(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, at));
        }
    }
    None
}

/// Appends the section to a component.
pub(crate) fn append(component: &[u8], index: &[u8], content: &[&[u8]]) -> Vec<u8> {
    let length: usize = content.iter().map(|part| part.len()).sum();
    let payload = 1 + NAME.len() + 4 + index.len() + length;
    let mut bytes = Vec::with_capacity(component.len() + payload + 6);
    bytes.extend_from_slice(component);
    bytes.push(0);
    put_leb128(&mut bytes, payload);
    put_leb128(&mut bytes, NAME.len());
    bytes.extend_from_slice(NAME.as_bytes());
    // An index has far less than 4 GiB.
    let length = u32::try_from(index.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(index);
    for part in content {
        bytes.extend_from_slice(part);
    }
    bytes
}

fn put_leb128(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push((value & 0x7f) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    /// What is appended is found again, and the component is as before.
    #[test]
    fn appendix_is_separated() {
        for length in [0, 1, 1000, 100_000] {
            let content = vec![7; length];
            let bytes = Bytes::from(append(COMPONENT, b"index", &[&content, b"end"]));
            let (component, appendix) = split(bytes.clone(), None);
            let appendix = appendix.unwrap();
            assert_eq!((&*component, &*appendix.index), (COMPONENT, &b"index"[..]));
            assert_eq!(appendix.component, 8);
            let rest = appendix.whole.read(appendix.start, length + 10).unwrap();
            assert_eq!(rest, [&content, &b"end"[..]].concat());
            assert_eq!(appendix.whole.len(), bytes.len() as u64);
        }
    }

    /// Bytes without it, or that break off, are left as they are.
    #[test]
    fn other_bytes_have_no_appendix() {
        let whole = append(COMPONENT, b"index", &[b"content"]);
        for end in 0..whole.len() {
            let cut = Bytes::copy_from_slice(&whole[..end]);
            let (component, appendix) = split(cut.clone(), None);
            assert!(appendix.is_none() && component == cut, "{end}");
        }
        let followed = Bytes::from([&whole[..], &[0, 1, 0]].concat());
        assert!(split(followed, None).1.is_none());
    }
}
