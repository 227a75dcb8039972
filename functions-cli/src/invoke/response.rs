//! Shows the response, and what the invocation used.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use host_harness::{Body, Escaped, InvocationReport, stderr};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;

use crate::output;
use crate::value::size;

/// How much of a body is read at once, in bytes.
const PIECE: usize = 1 << 16;

/// The exit code for a status of 400 to 499.
const CLIENT_ERROR: u8 = 4;
/// The exit code for a status of 500 and above.
const SERVER_ERROR: u8 = 5;

pub(super) fn exit_code(status: StatusCode) -> ExitCode {
    match status.as_u16() {
        ..400 => ExitCode::SUCCESS,
        400..500 => ExitCode::from(CLIENT_ERROR),
        500.. => ExitCode::from(SERVER_ERROR),
    }
}

/// Writes the body to standard output as it arrives, and returns whether its last line has no end. A reader that
/// has left, such as `head`, is not an error.
pub(super) async fn print(mut body: Body) -> anyhow::Result<bool> {
    let mut has_open_line = false;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| anyhow::anyhow!("the response broke off before its end"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if let Some(last) = data.last() {
            has_open_line = *last != b'\n';
        }
        if !output::write(&data)? {
            return Ok(false);
        }
    }
    Ok(has_open_line)
}

/// The same for a body that is read.
pub(super) fn print_from(mut body: impl io::Read) -> anyhow::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = body.read(&mut piece);
        let read = read.context("the response broke off before its end")?;
        let data = piece.get(..read).unwrap_or_default();
        if data.is_empty() || !output::write(data)? {
            return Ok(());
        }
    }
}

/// Shows the status and the headers.
pub(super) fn show_head(status: StatusCode, headers: &HeaderMap) {
    stderr::write_plain(&format!("< {status}"));
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        stderr::write_plain(&format!("< {name}: {}", Escaped(&value)));
    }
}

/// Shows what the invocation used.
pub(super) fn show_report(report: &InvocationReport) {
    let time = |time: Option<Duration>| time.map_or_else(|| "unknown".into(), milliseconds);
    let memory = report.memory();
    stderr::write_plain(&format!(
        "version {}  time {}  cpu {}  memory {}  calls {}  outbound requests {}",
        report.version().unwrap_or("none"),
        time(report.run_time()),
        time(report.cpu_time()),
        memory.map_or_else(|| "unknown".into(), size::shown),
        report.calls(),
        report.outbound_requests(),
    ));
}

/// A duration for people.
fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
