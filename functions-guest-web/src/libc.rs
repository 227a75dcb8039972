//! The small libc's imports: standard output and variables are those of the invocation.

use small_libc::{Host, Stream};

use crate::__private::bindings::functions::web::{environment, output};

/// The contract's interfaces instead of WASI's.
enum Contract {}

impl Host for Contract {
    fn write(stream: Stream, bytes: &[u8]) {
        let stream = match stream {
            Stream::Stdout => output::Stream::Stdout,
            Stream::Stderr => output::Stream::Stderr,
        };
        output::write(stream, bytes);
    }

    fn variable(name: &str) -> Option<String> {
        environment::variable(name)
    }
}

small_libc::link!(Contract);
