//! Latency and CPU time at half of the host's maximum rate, compared with a native server.

use anyhow::Context as _;

use super::Context;
use super::contest::{host, median, raw_hyper, saturate};
use crate::bench::load::{Ask, AtRate};
use crate::bench::row::{Row, Target};

const TARGET: Target = Target::AtMost(2.0);

pub(super) fn measure(context: &Context) -> anyhow::Result<Vec<Row>> {
    let ask = || Ask {
        path: "/ping",
        script: None,
    };
    let host = host(context, "ping", &context.built.guests.ping)?;
    let raw = raw_hyper(context)?;
    let peak = saturate(context, &[(&host, ask())])?;
    let peak = peak.first().context("expected one measurement")?.per_second;

    let mut measured = [Vec::new(), Vec::new()];
    for _ in 0..context.rounds {
        for (contender, turns) in [&host, &raw].into_iter().zip(&mut measured) {
            let load = &context.load;
            turns.push(load.at_rate(contender, &ask(), peak / 2.0, context.round)?);
        }
    }
    let row = |what: &str, value: fn(&AtRate) -> f64| -> anyhow::Result<Row> {
        let medians = measured
            .each_ref()
            .map(|turns| median(turns.iter().map(value)));
        let [ours, theirs] = medians;
        let (ours, theirs) = ours.zip(theirs).context("no rounds")?;
        let name = format!("functions, {what} at {:.1}k req/s", peak / 2e3);
        let row = Row::new("latency", name, micros(ours));
        Ok(row.against(format!("raw hyper: {}", micros(theirs)), ours / theirs))
    };
    // Under full load, a server that is slower than the load generator wakes it for each response, and
    // a faster one never finds it asleep. At the same rate both pay for the wake-ups.
    Ok(vec![
        row("p99", |turn| turn.p99)?.target(TARGET),
        row("CPU for a request", |turn| turn.cpu)?,
    ])
}

fn micros(seconds: f64) -> String {
    format!("{:.1} µs", seconds * 1e6)
}
