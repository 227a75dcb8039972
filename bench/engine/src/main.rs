//! Measures an invocation without HTTP.
//!
//! `cargo xtask bench` runs it and parses its output: one figure per line, its name and its value, times in
//! nanoseconds.
#![forbid(unsafe_code)]

mod bare;
mod library;
mod rounds;
mod scaling;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The allocator of the `functions` command, for all contenders.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Measure all contenders in turns.
    Figures {
        /// `examples/ping`.
        ping: PathBuf,
        /// `bench/std-guest`.
        std_guest: PathBuf,
        #[arg(long, default_value_t = 15)]
        rounds: usize,
        /// Invocations in one round of one contender.
        #[arg(long, default_value_t = 2000)]
        repeat: u32,
    },
    /// Measure one and two threads, each of which invokes the same function as fast as possible.
    Scaling {
        ping: PathBuf,
        #[arg(long, default_value_t = 15)]
        rounds: usize,
        /// Invocations in one round of one thread.
        #[arg(long, default_value_t = 20_000)]
        repeat: u32,
    },
    /// Send one request repeatedly, to count instructions.
    Repeat {
        /// The function.
        wasm: PathBuf,
        /// The number of requests.
        times: u32,
        /// The request's body.
        #[arg(long, default_value = "")]
        body: String,
        /// Send a body of this many bytes instead.
        #[arg(long)]
        length: Option<usize>,
    },
}

fn main() -> wasmtime::Result<()> {
    match Arguments::parse().what {
        What::Figures {
            ping,
            std_guest,
            rounds,
            repeat,
        } => figures(&ping, &std_guest, rounds, repeat),
        What::Scaling {
            ping,
            rounds,
            repeat,
        } => scaling::measure(&ping, rounds, repeat),
        What::Repeat {
            wasm,
            times,
            body,
            length,
        } => {
            let body = length.map_or_else(|| body.into_bytes(), |length| vec![b'7'; length]);
            library::repeat(&wasm, &body.into(), times)
        }
    }
}

fn figures(
    ping: &std::path::Path,
    std_guest: &std::path::Path,
    rounds: usize,
    repeat: u32,
) -> wasmtime::Result<()> {
    use bare::{Bare, Pool};

    let runtime = rounds::runtime()?;
    let mut library = library::Library::new(ping, 1000)?;
    let mut library_new = library::Library::that_makes_all(ping)?;
    let mut usual_std = Bare::new(Pool::AsItComes, std_guest, true)?;
    let mut usual_sdk = Bare::new(Pool::AsItComes, ping, false)?;
    let mut tuned_std = Bare::new(Pool::Tuned, std_guest, true)?;
    let mut tuned_sdk = Bare::new(Pool::Tuned, ping, false)?;
    let mut kept = tuned_sdk.keep(&runtime)?;

    let mut figures = rounds::Figures::default();
    for _ in 0..rounds {
        figures.time("library", repeat, || {
            runtime.block_on(library.invoke(repeat))
        })?;
        figures.time("library-new", repeat, || {
            runtime.block_on(library_new.invoke(repeat))
        })?;
        for (name, bare) in [
            ("as-it-comes-std", &mut usual_std),
            ("as-it-comes-sdk", &mut usual_sdk),
            ("tuned-std", &mut tuned_std),
            ("tuned-sdk", &mut tuned_sdk),
        ] {
            figures.time(name, repeat, || runtime.block_on(bare.invoke(repeat)))?;
        }
        figures.time("store", repeat, || tuned_sdk.only_stores(repeat))?;
        figures.time("instantiate", repeat, || {
            runtime.block_on(tuned_sdk.only_instances(repeat))
        })?;
        figures.time("kept", repeat, || runtime.block_on(kept.call(repeat)))?;
    }
    figures.print();
    println!("artifact {}", tuned_sdk.artifact_size()?);
    Ok(())
}
