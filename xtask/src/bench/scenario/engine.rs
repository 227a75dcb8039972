//! An invocation without HTTP, measured by `bench/engine`.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, bail};

use super::Context;
use crate::bench::cores;
use crate::bench::row::{Row, Target};

const INVOCATION: Target = Target::AtMost(0.22);
const SCALING: Target = Target::AtLeast(1.8);

pub(super) fn invocation(context: &Context) -> anyhow::Result<Vec<Row>> {
    let guests = &context.built.guests;
    let mut command = cores::pinned(cores::SERVER, &context.built.engine);
    command.arg("figures").arg(&guests.ping).arg(&guests.std);
    rounds(context, &mut command);
    let figures = Figures::of(&mut command)?;

    let baseline = figures.get("as-it-comes-std")?;
    let against = "default pool, usual WASI imports";
    let row = |name: &str, what: &str| -> anyhow::Result<Row> {
        let took = figures.get(name)?;
        let row = Row::new("engine", what, micros(took));
        Ok(row.against(format!("{against}: {}", micros(baseline)), took / baseline))
    };
    Ok(vec![
        row("library", "the host's library, a whole invocation")?,
        row("library-new", "the same with a new instance for each")?.target(INVOCATION),
        row("tuned-sdk", "instance, call and drop")?,
        row("tuned-std", "the same with the usual WASI imports")?,
        row("as-it-comes-sdk", "the same with the default pool")?,
        row("instantiate", "instance and drop")?,
        row("store", "store and drop")?,
        row("kept", "call of an idle instance")?,
    ])
}

pub(super) fn scaling(context: &Context) -> anyhow::Result<Vec<Row>> {
    let mut command = Command::new(&context.built.engine);
    command.arg("scaling").arg(&context.built.guests.ping);
    command.args(["--rounds", &context.rounds.to_string()]);
    let figures = Figures::of(&mut command)?;
    let (one, two) = (figures.get("one")?, figures.get("two")?);
    let row = Row::new(
        "scaling",
        "the host's library on two threads, no HTTP",
        rate(two),
    );
    let row = row.against(format!("one thread: {}", rate(one)), one / two);
    Ok(vec![row.target(SCALING)])
}

/// Sets the number of rounds, three times as many because they are short.
fn rounds(context: &Context, command: &mut Command) {
    command.args(["--rounds", &(context.rounds * 3).to_string()]);
    if context.quick {
        command.args(["--repeat", "500"]);
    }
}

/// The output of `bench/engine`, in nanoseconds.
struct Figures(BTreeMap<String, f64>);

impl Figures {
    fn of(command: &mut Command) -> anyhow::Result<Self> {
        let output = command.output().context("cannot start bench-engine")?;
        if !output.status.success() {
            bail!("bench-engine: {}", String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8(output.stdout)?;
        let figures = text.lines().filter_map(|line| {
            let (name, value) = line.split_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Ok(Self(figures.collect()))
    }

    fn get(&self, name: &str) -> anyhow::Result<f64> {
        let figure = self.0.get(name).copied();
        figure.with_context(|| format!("bench-engine did not measure {name}"))
    }
}

fn micros(nanoseconds: f64) -> String {
    format!("{:.2} µs", nanoseconds / 1e3)
}

fn rate(nanoseconds: f64) -> String {
    format!("{:.0}k/s", 1e6 / nanoseconds)
}
