//! Where rustup can't help: compiles the target from Debian's packages.
//!
//! Nothing is installed but the target itself. The packages are only unpacked, in a folder that is
//! removed in the end, and apt works with lists and settings of its own.

mod apt;
mod formats;
mod library;
mod packages;
mod sources;
mod work;

use std::{error::Error, fs, path::Path};

use super::{
    Attempt,
    compiler::{self, Compiler, SELF_CONTAINED, STAMP},
};

use packages::Packages;
use work::WorkFolder;

/// Whatever went wrong on this way; it ends up in an [`Attempt`].
type Cause = Box<dyn Error + Send + Sync>;

/// Removes what an installation that was killed left behind.
pub(super) fn clean_up(compiler: &Compiler) {
    work::clean_up(&compiler.rustlib());
}

/// Compiles the target and moves it into the sysroot in one step.
pub(super) fn install(compiler: &Compiler, progress: &mut dyn FnMut(&str)) -> Result<(), Attempt> {
    try_install(compiler, progress).map_err(|cause| Attempt::new("Debian's packages", cause))
}

fn try_install(compiler: &Compiler, progress: &mut dyn FnMut(&str)) -> Result<(), Cause> {
    apt::check()?;
    let archives = sources::of_machine(Path::new("/etc/apt"))?;
    let version = compiler.verbose_version()?;
    let work = WorkFolder::create(&compiler.rustlib())?;

    progress("fetching Rust's library sources and a C library from Debian instead");
    let release = compiler::release(&version).ok_or("the compiler doesn't say its version")?;
    let packages = packages::fetch(&archives, release, work.path())?;

    progress("compiling the standard library for wasm32-wasip2 (less than a minute)");
    let rlibs = library::compile(compiler, &packages.library, work.path())?;

    let target = work.path().join("target");
    assemble(&target, &rlibs, &packages)?;
    fs::write(target.join(STAMP), version)?;
    if !compiler::is_whole(&target) {
        return Err("what was compiled lacks a part".into());
    }
    work.put_in_place(&target, &compiler.target_dir())?;
    Ok(())
}

/// Lays `target` out as rustup does.
fn assemble(target: &Path, rlibs: &Path, packages: &Packages) -> Result<(), Cause> {
    let lib = target.join("lib");
    let self_contained = lib.join("self-contained");
    fs::create_dir_all(&self_contained)?;
    for file in fs::read_dir(rlibs)? {
        let file = file?;
        if file.path().extension().is_some_and(|ext| ext == "rlib") {
            fs::copy(file.path(), lib.join(file.file_name()))?;
        }
    }
    for file in SELF_CONTAINED {
        fs::copy(packages.libc.join(file), self_contained.join(file)).map_err(|error| {
            format!("Debian's wasi-libc has no {file} for wasm32-wasip2: {error}")
        })?;
    }
    Ok(())
}
