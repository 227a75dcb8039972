//! The `functions` command.

/// mimalloc is used since an invocation allocates some fifty times, mostly in wasmtime. It saves a
/// twentieth of an invocation's cost compared with the system's allocator.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    host_harness::cli::main()
}
