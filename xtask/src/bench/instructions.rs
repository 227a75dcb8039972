//! Counts the instructions of an invocation without HTTP, with callgrind.
//!
//! The counts hardly depend on the load of the machine, so that small growth is visible. They do not
//! include the kernel, and a `rep stosb` counts once for each byte. Two runs differ by up to 2 %, and on
//! another machine libc and Cranelift choose other instructions. So growth is printed, and is not a failure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use super::{build, tools};

/// Invocations of two runs, whose difference excludes the start of the program.
const RUNS: [u32; 2] = [50, 250];

const RECORDED: &str = "bench/instructions.txt";

/// Counts, prints the growth since the recorded counts, and records the counts with `update`.
pub(super) fn run(root: &Path, update: bool) -> anyhow::Result<()> {
    let valgrind = tools::valgrind()?;
    // Builds everything, although one program is enough: cargo links a program again if it is built alone.
    let build::Built { engine, guests, .. } = build::all(root)?;
    let greet = ["--body", r#"{"name":"Ada"}"#];
    let details = ["--body", r#"{"headers_to_send_back":{"x-hello":"there"}}"#];
    let counted: [(&str, &Path, &[&str]); 4] = [
        ("ping", &guests.ping, &[]),
        ("greet", &guests.greet, &greet),
        ("echo-64k", &guests.echo, &["--length", "65536"]),
        // This function reads its environment: headers, path, id, token.
        ("echo-details", &guests.details, &details),
    ];
    let recorded = read(root);
    let mut text = String::new();
    for (name, wasm, request) in counted {
        let count = match count(&valgrind, &engine, wasm, request) {
            Ok(count) => count,
            Err(error) if update => return Err(error),
            // Valgrind fails on some machines on which the program itself runs.
            Err(error) => {
                println!("{name:>12} not counted: {error:#}");
                continue;
            }
        };
        let growth = recorded.get(name).map(|before| growth(*before, count));
        println!(
            "{name:>12} {count:>8} instructions{}",
            growth.unwrap_or_default()
        );
        let _ = writeln!(text, "{name} {count}");
    }
    if update {
        fs::write(root.join(RECORDED), text)?;
        println!("wrote {RECORDED}");
    }
    Ok(())
}

fn growth(before: u64, now: u64) -> String {
    let growth = (now as f64 / before as f64 - 1.0) * 100.0;
    format!(", {growth:+.1} % since recorded")
}

fn read(root: &Path) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(root.join(RECORDED)).unwrap_or_default();
    let lines = text.lines().filter_map(|line| {
        let (name, count) = line.split_once(' ')?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    lines.collect()
}

/// Instructions of one invocation.
fn count(valgrind: &Path, engine: &Path, wasm: &Path, request: &[&str]) -> anyhow::Result<u64> {
    let [short, long] = RUNS;
    let few = counted(valgrind, engine, wasm, request, short)?;
    let many = counted(valgrind, engine, wasm, request, long)?;
    Ok(many.saturating_sub(few) / u64::from(long - short))
}

fn counted(
    valgrind: &Path,
    engine: &Path,
    wasm: &Path,
    request: &[&str],
    times: u32,
) -> anyhow::Result<u64> {
    let mut command = Command::new(valgrind);
    // The program generates the function's machine code at run time.
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg("--smc-check=all-non-file").arg(engine);
    command.arg("repeat").arg(wasm).arg(times.to_string());
    command.args(request);
    let output = command.output().context("cannot start valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("{command:?}:\n{said}");
    }
    collected(&said).with_context(|| format!("{command:?}:\n{said}"))
}

/// Reads `==123== Collected : 456`.
fn collected(said: &str) -> Option<u64> {
    let (_, rest) = said.split_once("Collected :")?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The count is parsed, and growth has a sign.
    #[test]
    fn counts() {
        let said = "==7== Events    : Ir\n==7== Collected : 9876\n==7==\n";
        assert_eq!(collected(said), Some(9876));
        assert_eq!(collected(""), None);
        assert_eq!(growth(100, 105), ", +5.0 % since recorded");
    }
}
