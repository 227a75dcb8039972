//! Streamed responses, and the ways they can fail.

use std::time::{Duration, Instant};

use functions_bytes::__private::bindings::functions::bytes::bytes::Buffer;
use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;
use functions_guest_web::__private::bindings::functions::web::environment;
use functions_guest_web::__private::bindings::functions::web::response_stream::{
    Error, Writer, start,
};

use crate::{abuse, number, replies, text};

/// Streams what `write` writes, and finishes; answers with an error of `start`.
fn stream(
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    write: impl FnOnce(&Writer) -> Result<(), Error>,
) -> Reply {
    let writer = match start(status, &headers) {
        Ok(writer) => writer,
        Err(error) => return text(&format!("{error:?}")),
    };
    match write(&writer).and_then(|()| Writer::finish(writer)) {
        Ok(()) => println!("finished"),
        Err(error) => println!("ended with {error:?}"),
    }
    Reply::Streamed
}

fn events(write: impl FnOnce(&Writer) -> Result<(), Error>) -> Reply {
    let kind = ("content-type".into(), "text/event-stream".into());
    stream(200, vec![kind], write)
}

/// Starts, and does something other than finish.
pub(crate) fn begin_and(then: impl FnOnce() -> Reply) -> Reply {
    let Ok(writer) = start(200, &[]) else {
        return text("it did not begin");
    };
    let _ = writer.write(b"begun\n");
    let reply = then();
    std::mem::forget(writer);
    reply
}

/// Writes the number of lines in the query.
pub(crate) fn whole() -> Reply {
    events(|writer| (0..number()).try_for_each(|line| writer.write(format!("{line}\n").as_bytes())))
}

/// The status in the query.
pub(crate) fn status() -> Reply {
    let status = u16::try_from(number()).unwrap_or(u16::MAX);
    stream(status, Vec::new(), |writer| writer.write(b"body"))
}

/// The headers in the body.
pub(crate) fn headers(request: Buffer) -> Reply {
    stream(200, replies::listed(request), |writer| {
        writer.write(b"body")
    })
}

/// Computes for the milliseconds in the query. Streams whether `start` extended the remaining time, and then
/// each piece as it arrives.
pub(crate) fn echo(request: &Buffer) -> Reply {
    let computing = Instant::now();
    while computing.elapsed() < Duration::from_millis(number()) {}
    let before = environment::remaining_milliseconds();
    events(|writer| {
        let after = environment::remaining_milliseconds();
        writer.write(format!("longer: {}\n", after > before).as_bytes())?;
        while let Ok(Some(piece)) = request.read(u32::MAX) {
            writer.write(&piece)?;
        }
        Ok(())
    })
}

/// Starts, and writes nothing.
pub(crate) fn silent() -> Reply {
    events(|_| abuse::sleep_for_ever())
}

/// Writes two lines, separated by the seconds in the query.
pub(crate) fn slow() -> Reply {
    events(|writer| {
        writer.write(b"before\n")?;
        std::thread::sleep(Duration::from_secs(number()));
        writer.write(b"after\n")
    })
}

/// Calls `start` again while it streams.
pub(crate) fn twice() -> Reply {
    events(|writer| match start(200, &[]) {
        Ok(_) => writer.write(b"begun twice"),
        Err(error) => writer.write(format!("{error:?}").as_bytes()),
    })
}

/// Drops the writer, and keeps running.
pub(crate) fn dropped() -> Reply {
    if let Ok(writer) = start(200, &[]) {
        let _ = writer.write(b"begun\n");
    }
    abuse::sleep_for_ever()
}

/// Writes forever, in chunks of the length in the query; prints the number of accepted bytes.
pub(crate) fn flood() -> Reply {
    let chunk = vec![b'x'; usize::try_from(number()).unwrap_or(1)];
    events(|writer| {
        let mut written = 0;
        loop {
            writer.write(&chunk)?;
            written += chunk.len();
            println!("{written}");
        }
    })
}

/// Writes the number of kilobytes in the query, without waiting in `write` and with one pollable. Drops the
/// pollable after the writer.
pub(crate) fn poll() -> Reply {
    let mut pollable = None;
    let reply = events(|writer| {
        let pollable = pollable.insert(writer.subscribe());
        let mut waits = 0;
        for _ in 0..number() {
            while !writer.try_write(&[b'x'; 1024])? {
                waits += 1;
                pollable.block();
            }
        }
        writer.write(format!("\nwaited: {}", waits > 0).as_bytes())
    });
    println!(
        "ready: {}",
        pollable.is_some_and(|pollable| pollable.ready())
    );
    reply
}
