//! Compiles Rust's library for the target.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{CommandError, TARGET, command, environment};

use super::super::compiler::Compiler;

/// Compiles the workspace in `library` within `work`; returns the folder of the `.rlib` files.
pub(super) fn compile(
    compiler: &Compiler,
    library: &Path,
    work: &Path,
) -> Result<PathBuf, CommandError> {
    let built = work.join("built");
    let mut cargo = Command::new(cargo(compiler));
    environment::clean(&mut cargo);
    // A person's wishes for their own programs; this library has its own profile.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PROFILE_") {
            cargo.env_remove(name);
        }
    }
    cargo
        .current_dir(library)
        .args(["build", "--quiet", "--locked", "--release"])
        .args(["--target", TARGET, "--manifest-path", "sysroot/Cargo.toml"])
        .arg("--target-dir")
        .arg(&built)
        .env("RUSTC", rustc(compiler))
        // The library may use what is not stable yet, also with a stable compiler.
        .env("RUSTC_BOOTSTRAP", "1")
        // Keeps its crates apart from ones of the same name and version in a function.
        .env("__CARGO_DEFAULT_LIB_METADATA", "wasip2std")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(library));
    command::run(&mut cargo)?;
    Ok(built.join(TARGET).join("release/deps"))
}

/// The compiler's flags, in the form that allows for spaces in them.
fn flags(library: &Path) -> OsString {
    // What is not stable stays out of reach of functions, which can be optimised when linked.
    let mut flags = OsString::from("-Zforce-unstable-if-unmarked\x1f-Cembed-bitcode=yes\x1f");
    // What is compiled must not depend on where. Else a library that is made anew, say on the next
    // machine that keeps the folder of built functions, would not fit what is in there, and cargo
    // doesn't see that: "can't find crate" is all that people would be told.
    flags.push("--remap-path-prefix=");
    flags.push(library);
    flags.push("=library");
    flags
}

/// The cargo beside the compiler, which fits it.
fn cargo(compiler: &Compiler) -> PathBuf {
    let beside = compiler.sysroot().join("bin/cargo");
    if beside.is_file() {
        return beside;
    }
    environment::program("CARGO", "cargo").into()
}

/// The compiler itself: a rustup proxy might pick another one in another folder.
fn rustc(compiler: &Compiler) -> PathBuf {
    let itself = compiler.sysroot().join("bin/rustc");
    if itself.is_file() {
        return itself;
    }
    compiler.rustc().into()
}
