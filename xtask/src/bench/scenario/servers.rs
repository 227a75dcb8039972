//! The host and a native server that sends the same bytes.

use std::path::Path;

use super::Context;
use super::contest::{host, host_without_reuse, raw_hyper, rows, saturate};
use crate::bench::load::Ask;
use crate::bench::row::{Row, Target};

const HELLO: Target = Target::AtLeast(0.65);
const GREET: Target = Target::AtLeast(0.5);

pub(super) fn hello(context: &Context) -> anyhow::Result<Vec<Row>> {
    let ping = &context.built.guests.ping;
    let ask = Ask {
        path: "/ping",
        script: None,
    };
    compare(context, ("hello", ping), ask, HELLO)
}

pub(super) fn greet(context: &Context) -> anyhow::Result<Vec<Row>> {
    let greet = &context.built.guests.greet;
    let ask = Ask {
        path: "/greet",
        script: Some("greet.lua"),
    };
    compare(context, ("greet", greet), ask, GREET)
}

fn compare(
    context: &Context,
    (scenario, wasm): (&'static str, &Path),
    ask: Ask,
    target: Target,
) -> anyhow::Result<Vec<Row>> {
    let name = ask.path.trim_start_matches('/');
    let host = host(context, name, wasm)?;
    let without_reuse = host_without_reuse(context, name, wasm)?;
    let raw = raw_hyper(context)?;
    let measured = saturate(context, &[(&host, ask), (&without_reuse, ask), (&raw, ask)])?;
    let [ours, new, theirs] = measured.as_slice() else {
        anyhow::bail!("expected three measurements");
    };
    let against = ("raw hyper", *theirs);
    let [rate, cpu] = rows(scenario, ("functions", *ours), against);
    let each = "functions, a new instance for each";
    let [new_rate, new_cpu] = rows(scenario, (each, *new), against);
    Ok(vec![rate.target(target), cpu, new_rate, new_cpu])
}
