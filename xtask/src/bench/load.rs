//! Sends requests, as many as possible or at a constant rate.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::contender::Contender;
use super::{cores, tools};

/// Persistent connections, each with one request at a time.
pub(super) const CONNECTIONS: u32 = 64;

/// A request to send.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    pub(super) path: &'static str,
    /// A script for wrk in `bench/`; without one, wrk sends a GET without a body.
    pub(super) script: Option<&'static str>,
}

/// The result of a run under full load.
#[derive(Clone, Copy)]
pub(super) struct Throughput {
    pub(super) per_second: f64,
    /// The server's CPU time per request, which other programs on the machine hardly change.
    pub(super) cpu: Duration,
}

/// The result of a run at a constant rate, in seconds.
#[derive(Clone, Copy)]
pub(super) struct AtRate {
    /// The latency that one in a hundred requests exceeds.
    pub(super) p99: f64,
    /// The server's CPU time per request.
    pub(super) cpu: f64,
}

/// The load generators.
pub(super) struct Load {
    root: PathBuf,
    wrk: PathBuf,
}

impl Load {
    pub(super) fn new(root: &Path) -> anyhow::Result<Self> {
        cores::check()?;
        Ok(Self {
            root: root.to_owned(),
            wrk: tools::wrk()?,
        })
    }

    /// Sends as many requests as the server answers, for `duration`.
    pub(super) fn saturate(
        &self,
        contender: &Contender,
        ask: &Ask,
        duration: Duration,
    ) -> anyhow::Result<Throughput> {
        let command = cores::pinned(cores::LOAD, &self.wrk);
        let mut command = self.asking(command, CONNECTIONS, duration, ask.script);
        command.arg(contender.url(ask.path));
        let before = contender.cpu_time()?;
        let report = output(&mut command)?;
        let cpu = contender.cpu_time()? - before;
        let (requests, per_second) =
            wrk_report(&report).with_context(|| format!("{}:\n{report}", contender.name))?;
        Ok(Throughput {
            per_second,
            cpu: cpu.div_f64(requests.max(1.0)),
        })
    }

    /// Sends as many requests as the server answers, from any processor; returns the latency in seconds that one
    /// in a hundred exceeds.
    pub(super) fn p99(
        &self,
        contender: &Contender,
        path: &str,
        duration: Duration,
    ) -> anyhow::Result<f64> {
        let command = Command::new(&self.wrk);
        let mut command = self.asking(command, CONNECTIONS, duration, None);
        command.arg("--latency").arg(contender.url(path));
        let report = output(&mut command)?;
        wrk_report(&report)
            .and_then(|_| wrk_p99(&report))
            .with_context(|| format!("{}:\n{report}", contender.name))
    }

    /// Starts to send requests on few connections, from any processor, until the returned process is ended.
    pub(super) fn start(
        &self,
        contender: &Contender,
        path: &str,
        script: Option<&str>,
    ) -> anyhow::Result<Child> {
        let hour = Duration::from_secs(3600);
        let mut command = self.asking(Command::new(&self.wrk), 4, hour, script);
        command.arg(contender.url(path)).stdout(Stdio::null());
        command.spawn().context("cannot start wrk")
    }

    /// wrk with its options, but for the URL.
    fn asking(
        &self,
        mut wrk: Command,
        connections: u32,
        duration: Duration,
        script: Option<&str>,
    ) -> Command {
        wrk.args(["--threads", "1", "--connections", &connections.to_string()]);
        wrk.args(["--duration", &format!("{}s", duration.as_secs().max(1))]);
        // On a busy machine an answer may take longer than wrk's default of 2 s.
        wrk.args(["--timeout", "30s"]);
        if let Some(script) = script {
            wrk.arg("--script")
                .arg(self.root.join("bench").join(script));
        }
        wrk
    }

    /// Sends requests at a constant rate.
    pub(super) fn at_rate(
        &self,
        contender: &Contender,
        ask: &Ask,
        rate: f64,
        duration: Duration,
    ) -> anyhow::Result<AtRate> {
        let oha = tools::oha(&self.root)?;
        let mut command = cores::pinned(cores::LOAD, &oha);
        command.args([
            "--no-tui",
            "--output-format",
            "json",
            "--latency-correction",
        ]);
        command.args(["-c", &CONNECTIONS.to_string(), "-q", &format!("{rate:.0}")]);
        command.args(["-z", &format!("{}s", duration.as_secs().max(1))]);
        command.arg(contender.url(ask.path));
        let before = contender.cpu_time()?;
        let report = output(&mut command)?;
        let cpu = contender.cpu_time()? - before;
        let (answered, p99) =
            oha_report(&report, rate).with_context(|| format!("{}:\n{report}", contender.name))?;
        Ok(AtRate {
            p99,
            cpu: cpu.as_secs_f64() / answered.max(1.0),
        })
    }
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(text)
}

/// Reads the requests, and the requests a second; fails if a request failed.
fn wrk_report(report: &str) -> anyhow::Result<(f64, f64)> {
    for wrong in ["Socket errors", "Non-2xx"] {
        ensure!(!report.contains(wrong), "not every request was answered");
    }
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let requests = report
        .lines()
        .find_map(|line| number(line.split_once(" requests in ")?.0));
    let per_second = report
        .lines()
        .find_map(|line| number(line.strip_prefix("Requests/sec:")?));
    requests.zip(per_second).context("invalid report of wrk")
}

/// Reads the 99th percentile, in seconds.
fn wrk_p99(report: &str) -> anyhow::Result<f64> {
    let text = report
        .lines()
        .find_map(|line| line.trim().strip_prefix("99%"));
    let text = text.context("no 99th percentile")?.trim();
    let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0)];
    let seconds = units.iter().find_map(|(unit, seconds)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(number * seconds)
    });
    seconds.with_context(|| format!("invalid latency {text:?}"))
}

/// Reads the number of answers, and the 99th percentile; fails if the rate was not reached.
fn oha_report(report: &str, rate: f64) -> anyhow::Result<(f64, f64)> {
    let report: Value = serde_json::from_str(report)?;
    let number = |name: &[&str]| {
        let found = name.iter().try_fold(&report, |value, key| value.get(key));
        found.and_then(Value::as_f64)
    };
    let answered = number(&["statusCodeDistribution", "200"]).unwrap_or(0.0);
    let total = number(&["summary", "total"]).context("no duration")?;
    ensure!(
        answered / total > 0.9 * rate,
        "{:.0} requests a second were answered instead of {rate:.0}",
        answered / total
    );
    let p99 = number(&["latencyPercentiles", "p99"]).context("no 99th percentile")?;
    Ok((answered, p99))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report is parsed, and a report of failures is an error.
    #[test]
    fn wrk() {
        let report =
            "  2 threads\n  93318 requests in 2.00s, 12.20MB read\nRequests/sec:  46650.49\n";
        assert_eq!(wrk_report(report).unwrap(), (93318.0, 46650.49));
        let latency = |text: &str| wrk_p99(&format!("     90%    1.00ms\n     99%{text}\n"));
        assert_eq!(latency("  250.00us").unwrap(), 250.0 * 1e-6);
        assert_eq!(latency("    1.50s").unwrap(), 1.5);
        assert!(latency("    ?").is_err() && wrk_p99(report).is_err());
        let failed = format!("{report}  Non-2xx or 3xx responses: 3\n");
        assert!(wrk_report(&failed).is_err());
        assert!(wrk_report("").is_err());
    }

    /// A rate that was not reached is an error.
    #[test]
    fn oha() {
        let report = r#"{"summary":{"total":2.0},"latencyPercentiles":{"p99":0.001},"statusCodeDistribution":{"200":2000}}"#;
        assert_eq!(oha_report(report, 1000.0).unwrap(), (2000.0, 0.001));
        assert!(oha_report(report, 2000.0).is_err());
    }
}
