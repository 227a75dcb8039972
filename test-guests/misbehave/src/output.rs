//! Printing and logging, in both ways, and more than is kept.

use std::io::Write as _;

use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;
use functions_guest_web::__private::bindings::functions::web::output::{
    Level, Stream, least_level, log, write,
};

use crate::{number, text};

/// What would look like another function's line, if it were one.
const FORGED: &str = "yes\r\n[other 0 INFO x] forged\u{1b}[2K";

fn flush() {
    // `print!` buffers until a line ends, and nobody flushes when a function returns.
    let _ = std::io::stdout().flush();
}

/// Through std.
pub(crate) fn print() -> Reply {
    println!("to stdout");
    eprintln!("to stderr\nagain");
    print!("without an end");
    flush();
    text("printed")
}

/// Through std and through the interface, in one line.
pub(crate) fn print_both() -> Reply {
    write(Stream::Stdout, b"one, ");
    print!("two, ");
    flush();
    write(Stream::Stderr, b"not ");
    write(Stream::Stdout, b"three\nnext");
    eprintln!("that");
    text("printed")
}

/// A line without an end, and then its own end.
pub(crate) fn print_and_trap() -> Reply {
    write(Stream::Stdout, b"last words");
    std::process::exit(1)
}

/// A line that wants to be two.
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

/// As many lines as the query says, each of a thousand bytes with its end.
pub(crate) fn print_lines() -> Reply {
    let line = format!("{}\n", "x".repeat(999));
    for _ in 0..number() {
        write(Stream::Stdout, line.as_bytes());
    }
    text("printed")
}

/// A record of each level; answers with the least that is kept.
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

/// As many fields, and as many bytes in each text, as the query says.
pub(crate) fn log_long() -> Reply {
    let count = usize::try_from(number()).unwrap_or(0);
    let long = "x".repeat(count);
    let fields = vec![(long.clone(), long.clone()); count.min(100)];
    log(Level::Error, &long, &long, &fields);
    text("logged")
}
