//! Latency at half of what the host can do, and a native server's at the same rate.

use anyhow::Context as _;

use super::Context;
use super::contest::{host, raw_hyper, saturate};
use crate::bench::load::Ask;
use crate::bench::row::{Row, Target};
use crate::bench::statistics::median;

const TARGET: Target = Target::AtMost(2.0);

pub(super) fn measure(context: &Context) -> anyhow::Result<Vec<Row>> {
    let ask = || Ask {
        path: "/ping",
        script: None,
    };
    let host = host(context, "ping", &context.built.guests.ping)?;
    let raw = raw_hyper(context)?;
    let peak = saturate(context, &[(&host, ask())])?;
    let peak = peak.first().context("one was measured")?.per_second;

    let mut latencies = [Vec::new(), Vec::new()];
    for _ in 0..context.rounds {
        for (contender, latencies) in [&host, &raw].into_iter().zip(&mut latencies) {
            let load = &context.load;
            latencies.push(load.p99_at(contender, &ask(), peak / 2.0, context.round)?);
        }
    }
    let [ours, theirs] = latencies.map(median);
    let (ours, theirs) = ours.zip(theirs).context("there was no round")?;
    let figure = |seconds: f64| format!("{:.0} µs", seconds * 1e6);
    let name = format!("functions, p99 at {:.1}k req/s", peak / 2e3);
    let row = Row::new("latency", name, figure(ours));
    let row = row.against(format!("raw hyper: {}", figure(theirs)), ours / theirs);
    Ok(vec![row.target(TARGET)])
}
