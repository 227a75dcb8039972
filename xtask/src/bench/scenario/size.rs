//! The size of small functions.

use std::fs;

use super::Context;
use crate::bench::row::{Row, Target};

const TARGET: Target = Target::AtMost(30_000.0);

pub(super) fn measure(context: &Context) -> anyhow::Result<Vec<Row>> {
    let guests = &context.built.guests;
    let row = |what: &str, wasm| -> anyhow::Result<Row> {
        let bytes = fs::metadata(wasm)?.len();
        Ok(Row::new("size", what, format!("{bytes} bytes")).bytes(bytes as f64))
    };
    Ok(vec![
        row("ping", &guests.ping)?.target(TARGET),
        row("ping with the usual WASI imports", &guests.std)?,
        row("greet", &guests.greet)?,
    ])
}
