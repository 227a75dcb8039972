//! What the developer sees: on a terminal in colour, plain in a pipe.

use std::io::{IsTerminal as _, Write as _};
use std::sync::OnceLock;
use std::time::Duration;

use host_harness::stderr::{self, Format};
use host_harness::{Escaped, InvocationReport};
use http::{Method, StatusCode, Uri};

use crate::value::size;

/// How lines are written; text without colours until it is set.
static STYLE: OnceLock<(Format, bool)> = OnceLock::new();

/// Sets how lines are written, once for the process.
pub(super) fn set(format: Format) {
    let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let has_colors =
        matches!(format, Format::Text) && std::io::stderr().is_terminal() && !wants_none;
    // Later calls have no effect.
    let _ = STYLE.set((format, has_colors));
}

pub(super) fn has_colors() -> bool {
    STYLE.get().is_some_and(|(_, has_colors)| *has_colors)
}

#[derive(Clone, Copy)]
enum Color {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
}

fn colored(color: Color, text: &str) -> String {
    match has_colors() {
        true => format!("\u{1b}[{}m{text}\u{1b}[0m", color as u8),
        false => text.to_owned(),
    }
}

fn dim(text: &str) -> String {
    match has_colors() {
        true => format!("\u{1b}[2m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}

/// Writes a line. What is not the host's own has to be escaped before.
fn line(text: &str) {
    match STYLE.get() {
        Some((Format::Json, _)) => stderr::write_notice(text),
        _ => {
            let mut lines = stderr::Lines {
                has_colors: has_colors(),
            };
            // Never fails.
            let _ = lines.write_all(format!("{text}\n").as_bytes());
        }
    }
}

/// A line of cargo's.
pub(super) fn cargo_line(text: &str) {
    line(text);
}

/// What happens to the project.
pub(super) fn notice(text: &str) {
    line(&colored(Color::Cyan, &Escaped(text).to_string()));
}

pub(super) fn success(text: &str) {
    line(&colored(Color::Green, &Escaped(text).to_string()));
}

pub(super) fn failure(text: &str) {
    line(&colored(Color::Red, &Escaped(text).to_string()));
}

/// A request that was answered.
pub(super) fn request(
    method: &Method,
    uri: &Uri,
    status: StatusCode,
    took: Duration,
    report: &InvocationReport,
) {
    let color = match status.as_u16() {
        ..400 => Color::Green,
        400..500 => Color::Yellow,
        500.. => Color::Red,
    };
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let status = colored(color, status.as_str());
    let mut used = format!("{:.1} ms", took.as_secs_f64() * 1000.0);
    if let Some(cpu) = report.cpu_time() {
        used.push_str(&format!("  cpu {:.1} ms", cpu.as_secs_f64() * 1000.0));
    }
    if let Some(memory) = report.memory() {
        used.push_str(&format!("  memory {}", size::shown(memory)));
    }
    for (count, what) in [
        (report.calls(), "calls"),
        (report.outbound_requests(), "outbound requests"),
    ] {
        if count > 0 {
            used.push_str(&format!("  {what} {count}"));
        }
    }
    if let Some(version) = report.version() {
        used.push_str(&format!("  version {version}"));
    }
    line(&format!(
        "{method} {} {status} {}",
        Escaped(target),
        dim(&used)
    ));
}
