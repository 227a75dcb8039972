//! The `functions` command.

/// An invocation allocates some fifty times, in wasmtime for the most part: a twentieth of what it costs
/// is the difference to the system's allocator.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    host_harness::cli::main()
}
