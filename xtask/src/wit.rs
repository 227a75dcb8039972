//! Updates the crates' copies of `wit/`, and the bindings generated from them.
//!
//! Every published crate contains the WIT packages it needs, so that it builds on its own. It
//! contains its bindings as source, so that its users do not compile a generator.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_bindgen_rust::{Opts, WithOption};

use crate::workspace;

/// A crate with generated bindings.
struct Bound {
    name: &'static str,
    /// Folders of `wit/`, each after its dependencies; the last one has the world.
    packages: &'static [&'static str],
    world: &'static str,
    /// Interfaces that another crate generates, with their paths there.
    with: &'static [(&'static str, &'static str)],
    /// The module in which `export!` finds the bindings, if the crate has exports.
    exports_from: Option<&'static str>,
}

/// The interfaces that `functions-bytes` generates, for the crates that depend on it.
const SHARED: &[(&str, &str)] = &[
    (
        "functions:bytes/bytes@1.0.0",
        "functions_bytes::__private::bindings::functions::bytes::bytes",
    ),
    (
        "wasi:io/poll@0.2.0",
        "functions_bytes::__private::bindings::wasi::io::poll",
    ),
];

const BOUND: &[Bound] = &[
    Bound {
        name: "functions-bytes",
        packages: &["io", "clocks", "bytes"],
        world: "imports",
        with: &[],
        exports_from: None,
    },
    Bound {
        name: "functions-guest-web",
        packages: &["io", "clocks", "bytes", "web"],
        world: "function",
        with: SHARED,
        exports_from: Some("functions_guest_web::__private::bindings"),
    },
    Bound {
        name: "functions-http",
        packages: &["io", "clocks", "bytes", "http"],
        world: "imports",
        with: SHARED,
        exports_from: None,
    },
    Bound {
        name: "functions-binding",
        packages: &["io", "clocks", "bytes", "binding"],
        world: "imports",
        with: SHARED,
        exports_from: None,
    },
];

/// Crates with a copy of every package. `bindgen!` generates their bindings when they compile.
const HOSTS: [&str; 2] = ["host-harness", "functions-server"];

/// Writes files that are out of date, or with `check` fails if there are any.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let root = workspace::root();
    let mut wanted = BTreeMap::new();
    for bound in BOUND {
        let home = root.join(bound.name);
        copies(&root, &home, bound.packages, &mut wanted)?;
        wanted.insert(
            home.join("src/__private/bindings.rs"),
            bindings(&root, bound)?,
        );
    }
    let all = packages(&root)?;
    for name in HOSTS {
        copies(&root, &root.join(name), &all, &mut wanted)?;
    }

    let stale: Vec<_> = wanted
        .iter()
        .filter(|(path, text)| fs::read_to_string(path).ok().as_ref() != Some(text))
        .collect();
    let extra = strays(&root, &wanted)?;
    let changed = stale.iter().map(|(path, _)| *path).chain(&extra);
    let changed: Vec<_> = changed.map(|path| path.display().to_string()).collect();
    if check {
        if !changed.is_empty() {
            bail!(
                "out of date with wit/, run `cargo wit`:\n  {}",
                changed.join("\n  ")
            );
        }
        return Ok(());
    }
    for (path, text) in stale {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("wrote {}", path.display());
    }
    for path in extra {
        fs::remove_file(&path)?;
        eprintln!("removed {}", path.display());
    }
    Ok(())
}

/// The packages of the contract: the folders of `wit/`.
fn packages(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(root.join("wit"))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            packages.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(packages)
}

/// Adds a crate's copies of `packages` to `wanted`.
fn copies(
    root: &Path,
    home: &Path,
    packages: &[impl AsRef<Path>],
    wanted: &mut BTreeMap<PathBuf, String>,
) -> anyhow::Result<()> {
    for package in packages {
        for entry in fs::read_dir(root.join("wit").join(package))? {
            let source = entry?.path();
            let Some(file) = source.file_name() else {
                continue;
            };
            wanted.insert(
                home.join("wit").join(package).join(file),
                fs::read_to_string(&source)?,
            );
        }
    }
    Ok(())
}

/// Finds copies whose original is no longer in `wit/`.
fn strays(root: &Path, wanted: &BTreeMap<PathBuf, String>) -> anyhow::Result<Vec<PathBuf>> {
    let mut strays = Vec::new();
    let names = BOUND.iter().map(|bound| bound.name);
    for name in names.chain(HOSTS) {
        let Ok(packages) = fs::read_dir(root.join(name).join("wit")) else {
            continue;
        };
        for package in packages {
            for file in fs::read_dir(package?.path())? {
                let path = file?.path();
                if !wanted.contains_key(&path) {
                    strays.push(path);
                }
            }
        }
    }
    Ok(strays)
}

/// Generates the Rust source of a crate's world with wit-bindgen.
fn bindings(root: &Path, bound: &Bound) -> anyhow::Result<String> {
    let mut resolve = Resolve::default();
    let mut last = None;
    for package in bound.packages {
        let (id, _) = resolve.push_dir(root.join("wit").join(package))?;
        last = Some(id);
    }
    let package = last.context("a crate with bindings has at least one package")?;
    let world = resolve.select_world(&[package], Some(bound.world))?;

    let with = bound.with.iter().map(|(interface, path)| {
        (
            (*interface).to_owned(),
            WithOption::Path((*path).to_owned()),
        )
    });
    let options = Opts {
        format: true,
        generate_all: true,
        // Only interfaces of other packages use `data`.
        generate_unused_types: true,
        runtime_path: Some("::wit_bindgen::rt".into()),
        with: with.collect(),
        pub_export_macro: bound.exports_from.is_some(),
        default_bindings_module: bound.exports_from.map(str::to_owned),
        ..Opts::default()
    };

    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files)?;
    let mut source = String::from("// Generated from wit/ by `cargo wit`. Do not edit.\n");
    for (_, contents) in files.iter() {
        source.push_str(std::str::from_utf8(contents)?);
    }
    Ok(source)
}
