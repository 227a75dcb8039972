//! Compares two threads with one, without sockets.
//!
//! A load generator would need its own processors, which a small machine does not have.

use std::path::Path;
use std::thread;
use std::time::Instant;

use crate::library::Library;
use crate::rounds::{self, Figures};

pub(crate) fn measure(ping: &Path, rounds: usize, repeat: u32) -> wasmtime::Result<()> {
    let library = Library::new(ping, 1000)?;
    let mut figures = Figures::default();
    for _ in 0..rounds {
        for (name, threads) in [("one", 1), ("two", 2)] {
            let start = Instant::now();
            together(&library, threads, repeat)?;
            // The time per invocation, of all threads together.
            figures.add(name, start.elapsed() / repeat.max(1) / threads);
        }
    }
    figures.print();
    Ok(())
}

fn together(library: &Library, threads: u32, repeat: u32) -> wasmtime::Result<()> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                let mut library = library.clone();
                scope.spawn(move || rounds::runtime()?.block_on(library.invoke(repeat)))
            })
            .collect();
        for thread in threads {
            let ended = thread.join();
            ended.map_err(|_panic| wasmtime::format_err!("a thread panicked"))??;
        }
        Ok(())
    })
}
