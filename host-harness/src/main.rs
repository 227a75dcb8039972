//! The `functions` command.

fn main() -> std::process::ExitCode {
    host_harness::cli::main()
}
