//! `cargo xtask bench`: how fast it is, next to what it is to be compared with, in one run.
//!
//! Only ratios mean anything: contenders take turns on the same processor, and each figure is the
//! median of the turns.

mod build;
mod contender;
mod cores;
mod instructions;
mod load;
mod machine;
mod report;
mod row;
mod scenario;
mod tools;

use clap::Args;

use crate::workspace;
use machine::Machine;
use scenario::{Context, Scenario};

/// What to measure, and how thoroughly.
#[derive(Args)]
pub(crate) struct Options {
    /// Short rounds, and few: for a first look.
    #[arg(long)]
    quick: bool,

    /// How often the contenders take turns.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,

    /// Measure this and print it; leave bench/RESULTS.md alone. Can be given more than once.
    #[arg(long, value_enum, value_name = "SCENARIO")]
    only: Vec<Scenario>,

    /// Leave this out; the results say so. Can be given more than once.
    #[arg(long, value_enum, value_name = "SCENARIO")]
    without: Vec<Scenario>,

    /// Measure `wasmtime serve` as well. The first time compiles it, which takes long.
    #[arg(long)]
    peers: bool,

    /// Count instructions instead, with callgrind, next to those in bench/instructions.txt.
    #[arg(long, conflicts_with_all = ["quick", "rounds", "only", "without", "peers"])]
    instructions: bool,

    /// Write what was counted into bench/instructions.txt.
    #[arg(long, requires = "instructions")]
    update: bool,
}

/// Measures, prints, and writes `bench/RESULTS.md` when everything was measured.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    workspace::ensure_target()?;
    let root = workspace::root();
    if options.instructions {
        return instructions::run(&root, options.update);
    }
    let wanted = |scenario: &Scenario| {
        let asked = options.only.is_empty() || options.only.contains(scenario);
        asked && (options.peers || *scenario != Scenario::Peers)
    };
    let scenarios: Vec<_> = Scenario::ALL.iter().copied().filter(wanted).collect();

    let context = Context::new(&root, options)?;
    let machine = Machine::look(&root)?;
    let mut rows = Vec::new();
    for scenario in scenarios {
        eprintln!("measuring {}", scenario.title());
        let measured = if options.without.contains(&scenario) {
            vec![scenario.unmeasured("left out with --without")]
        } else {
            // What could not be measured is said in its place, and the rest is measured all the same.
            scenario.measure(&context).unwrap_or_else(|error| {
                eprintln!("{}: {error:#}", scenario.title());
                vec![scenario.unmeasured("not measured: it failed")]
            })
        };
        print!("{}", report::plain(&measured));
        rows.extend(measured);
    }
    let missed = rows.iter().filter(|row| row.met() == Some(false)).count();
    println!("\n{}", report::summary(missed));
    if options.only.is_empty() {
        let written = report::write(&root, &machine, &context, &rows)?;
        println!("wrote {}", written.display());
    }
    Ok(())
}
