//! 1 GiB through the example `proxy` and a plain reverse proxy, measured by `bench/reverse-proxy`.

use anyhow::{Context as _, bail};

use super::Context;
use crate::bench::row::{Row, Target};
use crate::workspace::cargo;

const TARGET: Target = Target::AtLeast(0.95);

pub(super) fn measure(context: &Context) -> anyhow::Result<Vec<Row>> {
    if !context.root.join("bench/reverse-proxy").is_dir() {
        let row = Row::new(
            "proxy",
            "1 GiB",
            "not measured: bench/reverse-proxy is missing",
        );
        return Ok(vec![row.target(TARGET)]);
    }
    let mut command = cargo(&context.root);
    command.args(["bench", "--package", "reverse-proxy"]);
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let rows: Vec<_> = String::from_utf8(output.stdout)?
        .lines()
        .filter_map(row)
        .collect();
    if rows.is_empty() {
        bail!("{command:?} printed no figures");
    }
    Ok(rows)
}

/// Reads `download: 1 MB/s plain, 2 host, ratio 2.0; ...`.
fn row(line: &str) -> Option<Row> {
    let (direction, figures) = line.trim().split_once(": ")?;
    let (plain, figures) = figures.split_once(" MB/s plain, ")?;
    let (host, figures) = figures.split_once(" host, ratio ")?;
    let ratio = figures.split(';').next()?.parse().ok()?;
    let row = Row::new(
        "proxy",
        format!("1 GiB {direction}"),
        format!("{host} MB/s"),
    );
    let row = row.against(format!("hyper reverse proxy: {plain} MB/s"), ratio);
    Some(row.target(TARGET))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first ratio of a line is read, which is that of speed.
    #[test]
    fn lines() {
        let line =
            "  upload: 900 MB/s plain, 880 host, ratio 0.978; CPU 1 s plain, 1 host, ratio 1.100";
        let row = row(line).unwrap();
        assert_eq!(row.value, Some(0.978));
        assert_eq!(row.figure, "880 MB/s");
        assert!(super::row("host: 10 MiB before, at most 12 MiB during").is_none());
    }
}
