//! Prints and logs, through std and the interface, also beyond the limits.

use std::io::Write as _;

use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;
use functions_guest_web::__private::bindings::functions::web::output::{
    Level, Stream, least_level, log, write,
};

use crate::{number, text};

/// A text that imitates another function's line.
const FORGED: &str = "yes\r\n[other 0 INFO x] forged\u{1b}[2K";

fn flush() {
    // `print!` buffers until a line ends, and a function's return does not flush.
    let _ = std::io::stdout().flush();
}

/// Prints through std.
pub(crate) fn print() -> Reply {
    println!("to stdout");
    eprintln!("to stderr\nagain");
    print!("without an end");
    flush();
    text("printed")
}

/// Prints one line through std and the interface together.
pub(crate) fn print_both() -> Reply {
    write(Stream::Stdout, b"one, ");
    print!("two, ");
    flush();
    write(Stream::Stderr, b"not ");
    write(Stream::Stdout, b"three\nnext");
    eprintln!("that");
    text("printed")
}

/// Prints a line without a line break, and exits.
pub(crate) fn print_and_trap() -> Reply {
    write(Stream::Stdout, b"last words");
    std::process::exit(1)
}

/// Prints and logs a text that tries to forge a line.
pub(crate) fn print_forged() -> Reply {
    write(Stream::Stdout, FORGED.replace('\n', "").as_bytes());
    log(
        Level::Warn,
        FORGED,
        FORGED,
        &[(FORGED.into(), FORGED.into())],
    );
    text("printed")
}

/// Prints the number of lines in the query, each of a thousand bytes with its end.
pub(crate) fn print_lines() -> Reply {
    let line = format!("{}\n", "x".repeat(999));
    for _ in 0..number() {
        write(Stream::Stdout, line.as_bytes());
    }
    text("printed")
}

/// Logs a record of each level; answers with the lowest level that is kept.
pub(crate) fn log_all() -> Reply {
    for level in [
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
    ] {
        let fields = [
            ("key".into(), "value".into()),
            ("key".into(), "two words".into()),
        ];
        log(level, "misbehave::output", &format!("{level:?}"), &fields);
    }
    text(&format!("{:?}", least_level()))
}

/// Logs a record with the number of fields, and the length of each text, in the query.
pub(crate) fn log_long() -> Reply {
    let count = usize::try_from(number()).unwrap_or(0);
    let long = "x".repeat(count);
    let fields = vec![(long.clone(), long.clone()); count.min(100)];
    log(Level::Error, &long, &long, &fields);
    text("logged")
}
