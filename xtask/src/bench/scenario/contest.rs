//! Measures servers in turns under the same load.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::Context;
use crate::bench::contender::{Contender, Says};
use crate::bench::load::{Ask, Throughput};
use crate::bench::row::Row;

/// Starts `functions serve` with one function.
pub(super) fn host(context: &Context, name: &str, wasm: &Path) -> anyhow::Result<Contender> {
    serve(context, name, wasm, &[])
}

/// Starts `functions serve` without idle instances, so that each request gets a new one.
pub(super) fn host_without_reuse(
    context: &Context,
    name: &str,
    wasm: &Path,
) -> anyhow::Result<Contender> {
    serve(context, name, wasm, &["--max-idle-instances", "0"])
}

fn serve(
    context: &Context,
    name: &str,
    wasm: &Path,
    options: &[&str],
) -> anyhow::Result<Contender> {
    let mut arguments = arguments(&[(name, wasm)]);
    arguments.extend(options.iter().map(|option| (*option).to_owned()));
    let program = &context.built.functions;
    Contender::start("functions", program, &arguments, Says::Stdout)
}

/// The arguments of the host that serves these functions.
pub(super) fn arguments(functions: &[(&str, &Path)]) -> Vec<String> {
    let options = ["serve", "--listen", "127.0.0.1:0", "--no-cache"];
    let functions = functions.iter();
    let functions = functions.map(|(name, wasm)| format!("{name}={}", wasm.display()));
    options
        .map(str::to_owned)
        .into_iter()
        .chain(functions)
        .collect()
}

/// Starts `bench/raw-hyper`.
pub(super) fn raw_hyper(context: &Context) -> anyhow::Result<Contender> {
    let program = &context.built.raw_hyper;
    Contender::start("raw hyper", program, &[], Says::Stdout)
}

/// The median of each contender's turns, in the order of the contenders.
pub(super) fn saturate(
    context: &Context,
    contenders: &[(&Contender, Ask)],
) -> anyhow::Result<Vec<Throughput>> {
    let mut measured = vec![Vec::new(); contenders.len()];
    for (contender, ask) in contenders {
        context
            .load
            .saturate(contender, ask, Duration::from_secs(1))?;
    }
    for _ in 0..context.rounds {
        for ((contender, ask), turns) in contenders.iter().zip(&mut measured) {
            turns.push(context.load.saturate(contender, ask, context.round)?);
        }
    }
    measured.iter().map(|turns| middle(turns)).collect()
}

fn middle(turns: &[Throughput]) -> anyhow::Result<Throughput> {
    let per_second = median(turns.iter().map(|turn| turn.per_second));
    let cpu = median(turns.iter().map(|turn| turn.cpu.as_secs_f64()));
    let (per_second, cpu) = per_second.zip(cpu).context("no rounds")?;
    Ok(Throughput {
        per_second,
        cpu: Duration::from_secs_f64(cpu),
    })
}

/// Two rows: requests a second, and CPU time per request, which other programs on the machine
/// hardly change.
pub(super) fn rows(
    scenario: &'static str,
    (ours, our): (&str, Throughput),
    (theirs, their): (&str, Throughput),
) -> [Row; 2] {
    let rate = |of: Throughput| format!("{:.1}k req/s", of.per_second / 1e3);
    let cpu = |of: Throughput| format!("{:.1} µs CPU", of.cpu.as_secs_f64() * 1e6);
    [
        Row::new(scenario, ours, rate(our)).against(
            format!("{theirs}: {}", rate(their)),
            our.per_second / their.per_second,
        ),
        Row::new(scenario, ours, cpu(our)).against(
            format!("{theirs}: {}", cpu(their)),
            their.cpu.as_secs_f64() / our.cpu.as_secs_f64(),
        ),
    ]
}

/// The middle of them; nothing of nothing.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One bad round does not move it.
    #[test]
    fn the_middle() {
        assert_eq!(median([3.0, 1.0, 1000.0]), Some(3.0));
        assert_eq!(median([]), None);
    }
}
