//! `cargo xtask bench`: measures the host and its contenders in one run.
//!
//! Only ratios are meaningful. Contenders take turns on the same processor, and each figure is the
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

/// The options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct BenchOptions {
    /// Run a few short rounds, for a first impression.
    #[arg(long)]
    quick: bool,

    /// The number of rounds in which the contenders take turns.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,

    /// Measure and print only this scenario, without writing bench/RESULTS.md. Can be given more than once.
    #[arg(long, value_enum, value_name = "SCENARIO")]
    only: Vec<Scenario>,

    /// Leave this scenario out, which the results say. Can be given more than once.
    #[arg(long, value_enum, value_name = "SCENARIO")]
    without: Vec<Scenario>,

    /// Measure `wasmtime serve` as well. The first run compiles it, which takes long.
    #[arg(long)]
    peers: bool,

    /// Count instructions with callgrind instead, compared with bench/instructions.txt.
    #[arg(long, conflicts_with_all = ["quick", "rounds", "only", "without", "peers"])]
    instructions: bool,

    /// Write the counts into bench/instructions.txt.
    #[arg(long, requires = "instructions")]
    update: bool,
}

/// Measures and prints, and writes `bench/RESULTS.md` if everything was measured.
pub(crate) fn run(options: &BenchOptions) -> anyhow::Result<()> {
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
    let machine = Machine::describe(&root)?;
    let mut rows = Vec::new();
    for scenario in scenarios {
        eprintln!("measuring {}", scenario.title());
        let measured = if options.without.contains(&scenario) {
            vec![scenario.unmeasured("left out with --without")]
        } else {
            // A scenario that fails gets a row that says so, and the others are still measured.
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
