//! `write` and `writev`: standard output and standard error are records of the invocation.

use std::ffi::{c_int, c_void};

use crate::__private::bindings::functions::web::output::{self, Stream};

/// `EBADF`, in wasi-libc's numbers: no such file.
const BAD_FILE: c_int = 8;

/// One of the pieces that `writev` gathers, `struct iovec`.
#[repr(C)]
struct Piece {
    start: *const c_void,
    length: usize,
}

fn stream(file: c_int) -> Option<Stream> {
    match file {
        1 => Some(Stream::Stdout),
        2 => Some(Stream::Stderr),
        _ => None,
    }
}

/// `write(2)`, for the standard streams: a function has no other file that it could write to.
#[unsafe(no_mangle)]
extern "C" fn write(file: c_int, start: *const c_void, length: usize) -> isize {
    // SAFETY: the caller's promise, as in C: `length` bytes can be read from `start`.
    unsafe { write_piece(file, &Piece { start, length }) }
}

/// `writev(2)`, for the standard streams.
#[unsafe(no_mangle)]
extern "C" fn writev(file: c_int, pieces: *const Piece, count: c_int) -> isize {
    let mut written = 0;
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: the caller's promise, as in C: there are `count` pieces, and each can be read.
        let result = unsafe { write_piece(file, &*pieces.add(index)) };
        if result < 0 {
            return result;
        }
        written += result;
    }
    written
}

/// # Safety
///
/// The piece can be read, and does not change meanwhile.
unsafe fn write_piece(file: c_int, piece: &Piece) -> isize {
    let Some(stream) = stream(file) else {
        super::set_errno(BAD_FILE);
        return -1;
    };
    if piece.length > 0 {
        // SAFETY: the caller's promise.
        let bytes = unsafe { std::slice::from_raw_parts(piece.start.cast(), piece.length) };
        output::write(stream, bytes);
    }
    isize::try_from(piece.length).unwrap_or(isize::MAX)
}
