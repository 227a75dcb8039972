//! `functions inspect FILE`.

use std::path::Path;

use host_harness::Escaped;
use serde_json::{Value, json};

use super::{ParsedComponent, Runs};
use crate::build::bloat;
use crate::build::report::Sizes;
use crate::output;
use crate::value::named::InvalidFile;
use crate::value::size;

/// The version of the contract that this host offers.
const CONTRACT: &str = "1.0.0";

/// What to do about a missing component.
const BUILD: &str = "; `functions build` builds it";

/// Shows what a component has, and whether it can run here.
///
/// # Errors
///
/// The file cannot be read, is not a component, or cannot run here: the last after all that is known of it.
pub(crate) fn inspect(file: &Path, is_json: bool) -> anyhow::Result<()> {
    let bytes = InvalidFile::read(file, BUILD)?;
    let component = ParsedComponent::of_file(file, &bytes)?;
    let runs = Runs::of(file, bytes);
    let sizes = Sizes {
        component,
        named: None,
    };
    match is_json {
        true => output::json(&described(file, &sizes, &runs))?,
        false => print(file, &sizes, &runs)?,
    }
    match runs {
        Runs::No(error) => Err(error.into()),
        Runs::Function(_) | Runs::Worker(_) => Ok(()),
    }
}

fn print(file: &Path, sizes: &Sizes, runs: &Runs) -> anyhow::Result<()> {
    let component = &sizes.component;
    let line = |key: &str, text: &str| output::line(&format!("{key:<9} {}", Escaped(text)));
    line("file", &format!("{}", file.display()))?;
    line("size", &size::exact(component.size))?;
    for part in sizes.lines() {
        line("", part.trim_start())?;
    }
    for name in &component.interfaces.exports {
        line("exports", name)?;
    }
    for name in &component.interfaces.imports {
        line("imports", name)?;
    }
    let contract = component.interfaces.contract().unwrap_or("none");
    line(
        "contract",
        &format!("functions:web {contract}; this host offers {CONTRACT}"),
    )?;
    for (tool, version) in &component.producers {
        line("made by", &format!("{tool} {version}"))?;
    }
    match runs {
        Runs::Function(reuse) => {
            line("runs here", "yes")?;
            line("instances", reuse)?;
        }
        Runs::Worker(functions) => {
            let are = if *functions == 1 {
                "function"
            } else {
                "functions"
            };
            line(
                "runs here",
                &format!("yes, as workers with {functions} {are}"),
            )?;
            let file = file.display();
            line(
                "to run it",
                &format!(
                    "`functions serve --golem 9881`, then `functions component add {file}` and `functions worker invoke`"
                ),
            )?;
        }
        Runs::No(_) => line("runs here", "no")?,
    }
    for warning in bloat::of_component(component) {
        line("warning", &warning)?;
    }
    Ok(())
}

fn described(file: &Path, sizes: &Sizes, runs: &Runs) -> Value {
    let component = &sizes.component;
    let producers = component.producers.iter();
    let producers = producers.map(|(tool, version)| json!({"tool": tool, "version": version}));
    let reuse = match runs {
        Runs::Function(reuse) => Some(reuse),
        Runs::Worker(_) | Runs::No(_) => None,
    };
    let mut all = json!({
        "file": file,
        "exports": component.interfaces.exports,
        "imports": component.interfaces.imports,
        "contract": component.interfaces.contract(),
        "producers": producers.collect::<Vec<_>>(),
        "runs": matches!(runs, Runs::Function(_)),
        "worker": matches!(runs, Runs::Worker(_)),
        "reuse": reuse,
        "warnings": bloat::of_component(component),
    });
    if let (Value::Object(all), Value::Object(sizes)) = (&mut all, sizes.json()) {
        all.extend(sizes);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The version is that of the contract's own text.
    #[test]
    fn contract_is_current() {
        let text = include_str!("../../../wit/web/web.wit");
        let package = format!("package functions:web@{CONTRACT};");
        assert!(text.contains(&package), "{package}");
    }
}
