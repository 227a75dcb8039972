//! The ways to install the target: rustup, or a script of the caller.

use std::{ffi::OsStr, fs, path::Path, process::Command};

use crate::{TARGET, command, environment};

use super::{
    Attempt,
    compiler::{Compiler, STAMP},
};

/// Adds the target to the toolchain in use with rustup, which works on most machines.
pub(super) fn rustup(compiler: &Compiler, progress: &mut dyn FnMut(&str)) -> Result<(), Attempt> {
    const WAY: &str = "rustup";
    // The toolchain is named, because `$RUSTC` may belong to another one than rustup would choose.
    let Some(toolchain) = rustup_toolchain(compiler.sysroot()) else {
        let why = format!(
            "the compiler in {} was not installed by rustup",
            compiler.sysroot().display()
        );
        return Err(Attempt::new(WAY, why));
    };
    // Rustup does not replace unknown files. This target can be removed, because its compiler is gone.
    if compiler.target_dir().join(STAMP).exists() {
        fs::remove_dir_all(compiler.target_dir()).map_err(|error| Attempt::new(WAY, error))?;
    }
    progress("installing the wasm32-wasip2 target with rustup");
    let mut rustup = Command::new("rustup");
    rustup.args(["--quiet", "target", "add", TARGET, "--toolchain"]);
    // With backtraces enabled, rustup's error message would end with its own backtrace.
    rustup.arg(toolchain).env("RUST_BACKTRACE", "0");
    match command::run(&mut rustup) {
        Err(error) if error.is_missing_program() => {
            return Err(Attempt::new(WAY, "it is not installed"));
        }
        Err(error) => return Err(Attempt::new(WAY, error)),
        Ok(_) => {}
    }
    verify(
        compiler,
        WAY,
        "rustup says that it is installed, but files are missing; \
         `rustup target remove wasm32-wasip2` lets it start afresh",
    )
}

/// Runs `script` with the shell, and with the compiler in `$RUSTC`.
pub(super) fn script(
    script: &Path,
    compiler: &Compiler,
    progress: &mut dyn FnMut(&str),
) -> Result<(), Attempt> {
    let way = script.file_name().unwrap_or(script.as_os_str());
    let way = way.to_string_lossy();
    progress(&format!(
        "rustup failed: running {way}, which takes a minute or more"
    ));
    let mut shell = Command::new("sh");
    environment::clean(&mut shell);
    shell.arg(script).env("RUSTC", compiler.rustc());
    command::run(&mut shell).map_err(|error| Attempt::new(&way, error))?;
    verify(compiler, &way, "it succeeded, but files are missing")
}

/// Checks that the target is complete.
fn verify(compiler: &Compiler, way: &str, otherwise: &str) -> Result<(), Attempt> {
    match compiler.has_target() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Attempt::new(way, otherwise)),
        Err(error) => Err(Attempt::new(way, error)),
    }
}

/// The name of the rustup toolchain with this sysroot, which rustup has in `toolchains/NAME`; `None` if rustup did
/// not install it.
#[must_use]
pub fn rustup_toolchain(sysroot: &Path) -> Option<&OsStr> {
    if sysroot.parent()?.file_name()? != "toolchains" {
        return None;
    }
    sysroot.file_name()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only a folder of rustup's toolchains has a toolchain's name.
    #[test]
    fn names_the_toolchain() {
        let name = "stable-x86_64-unknown-linux-gnu";
        let managed = Path::new("/home/me/.rustup/toolchains").join(name);
        assert_eq!(rustup_toolchain(&managed), Some(OsStr::new(name)));
        assert_eq!(rustup_toolchain(Path::new("/usr")), None);
        assert_eq!(rustup_toolchain(Path::new("/")), None);
    }
}
