//! `write` and `writev`, for the standard streams: a component has no other file that is open.
#![expect(unsafe_code, reason = "the signatures are C's")]

use std::ffi::{c_int, c_void};

use crate::errno::Errno;
use crate::{Host, Stream};

/// One of the pieces that `writev` gathers, `struct iovec`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Piece {
    start: *const c_void,
    length: usize,
}

/// `write(2)`. Returns how much was written.
///
/// # Safety
///
/// `length` bytes can be read from `start`, and do not change meanwhile.
pub(crate) unsafe fn write<H: Host>(
    file: c_int,
    start: *const c_void,
    length: usize,
) -> Result<isize, Errno> {
    // SAFETY: the caller's promise.
    unsafe { write_piece::<H>(file, &Piece { start, length }) }
}

/// `writev(2)`. Returns how much was written.
///
/// # Safety
///
/// There are `count` pieces, each can be read, and none changes meanwhile.
pub(crate) unsafe fn writev<H: Host>(
    file: c_int,
    pieces: *const Piece,
    count: c_int,
) -> Result<isize, Errno> {
    let mut written = 0;
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: the caller's promise.
        written += unsafe { write_piece::<H>(file, &*pieces.add(index)) }?;
    }
    Ok(written)
}

/// # Safety
///
/// The piece can be read, and does not change meanwhile.
unsafe fn write_piece<H: Host>(file: c_int, piece: &Piece) -> Result<isize, Errno> {
    let stream = match file {
        1 => Stream::Stdout,
        2 => Stream::Stderr,
        _ => return Err(Errno::BadFile),
    };
    if piece.length > 0 {
        // SAFETY: the caller's promise.
        let bytes = unsafe { std::slice::from_raw_parts(piece.start.cast(), piece.length) };
        H::write(stream, bytes);
    }
    Ok(isize::try_from(piece.length).unwrap_or(isize::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::ptr;

    use super::*;

    thread_local! {
        /// What the test wrote.
        static WRITTEN: RefCell<Vec<(Stream, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
    }

    /// A host that keeps what is written.
    struct Kept;

    impl Host for Kept {
        fn write(stream: Stream, bytes: &[u8]) {
            WRITTEN.with_borrow_mut(|written| written.push((stream, bytes.to_vec())));
        }

        fn variable(_name: &str) -> Option<String> {
            None
        }
    }

    fn piece(bytes: &'static [u8]) -> Piece {
        Piece {
            start: bytes.as_ptr().cast(),
            length: bytes.len(),
        }
    }

    /// The two streams are told apart, and no other file can be written to.
    #[test]
    fn streams_are_written_and_other_files_refused() {
        let text = piece(b"text");
        // SAFETY: the text can be read.
        let write = |file| unsafe { write::<Kept>(file, text.start, text.length) };
        assert_eq!(write(1), Ok(4));
        assert_eq!(write(2), Ok(4));
        assert_eq!(write(0), Err(Errno::BadFile));
        assert_eq!(write(3), Err(Errno::BadFile));
        assert_eq!(write(-1), Err(Errno::BadFile));
        assert_eq!(
            WRITTEN.take(),
            [
                (Stream::Stdout, b"text".to_vec()),
                (Stream::Stderr, b"text".to_vec())
            ]
        );
    }

    /// Pieces are written one by one, and the host never sees an empty one, whose start may be null.
    #[test]
    fn pieces_are_counted_and_empty_ones_left_out() {
        let empty = Piece {
            start: ptr::null(),
            length: 0,
        };
        let pieces = [piece(b"in "), empty, piece(b"pieces")];
        // SAFETY: there are three, and each can be read.
        unsafe {
            assert_eq!(writev::<Kept>(2, pieces.as_ptr(), 3), Ok(9));
            assert_eq!(writev::<Kept>(1, pieces.as_ptr(), 0), Ok(0));
            assert_eq!(writev::<Kept>(1, pieces.as_ptr(), -1), Ok(0));
            assert_eq!(writev::<Kept>(9, pieces.as_ptr(), 3), Err(Errno::BadFile));
        }
        assert_eq!(
            WRITTEN.take(),
            [
                (Stream::Stderr, b"in ".to_vec()),
                (Stream::Stderr, b"pieces".to_vec())
            ]
        );
    }
}
