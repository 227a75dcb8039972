//! The host and a native server that sends the same bytes.

use super::Context;
use super::contest::{host, raw_hyper, rows, saturate};
use crate::bench::load::Ask;
use crate::bench::row::{Row, Target};

const HELLO: Target = Target::AtLeast(0.65);
const GREET: Target = Target::AtLeast(0.5);

pub(super) fn hello(context: &Context) -> anyhow::Result<Vec<Row>> {
    let ping = &context.built.guests.ping;
    let ask = || Ask {
        path: "/ping",
        script: None,
    };
    compare(context, "hello", host(context, "ping", ping)?, ask, HELLO)
}

pub(super) fn greet(context: &Context) -> anyhow::Result<Vec<Row>> {
    let greet = &context.built.guests.greet;
    let ask = || Ask {
        path: "/greet",
        script: Some("greet.lua"),
    };
    compare(context, "greet", host(context, "greet", greet)?, ask, GREET)
}

fn compare(
    context: &Context,
    scenario: &'static str,
    host: crate::bench::contender::Contender,
    ask: impl Fn() -> Ask,
    target: Target,
) -> anyhow::Result<Vec<Row>> {
    let raw = raw_hyper(context)?;
    let measured = saturate(context, &[(&host, ask()), (&raw, ask())])?;
    let [ours, theirs] = measured.as_slice() else {
        anyhow::bail!("two were measured");
    };
    let [rate, cpu] = rows(scenario, ("functions", *ours), ("raw hyper", *theirs));
    Ok(vec![rate.target(target), cpu])
}
