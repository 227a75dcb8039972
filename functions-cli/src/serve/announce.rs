//! Announces on standard output where the command listens.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::thread;

use host_harness::{Builder, Escaped, Harness};

use super::apis::Apis;
use super::declared::ServedFunction;

/// What is served, and where.
pub(super) struct Announcement<'a> {
    pub(super) address: SocketAddr,
    pub(super) harness: &'a Harness,
    pub(super) functions: &'a [ServedFunction],
    pub(super) is_multi_tenant: bool,
    /// Whether to say if instances are reused.
    pub(super) is_verbose: bool,
}

impl Announcement<'_> {
    /// The text on standard output once the functions are served.
    pub(super) fn text(&self, apis: &Apis) -> String {
        let address = self.address;
        let mut lines = format!("listening on http://{address}\n");
        lines.push_str(&apis.lines());
        // Writing to a `String` cannot fail.
        if self.is_multi_tenant {
            let _ = writeln!(lines, "  {}", Builder::MULTI_TENANT);
        }
        for ServedFunction { name, file, .. } in self.functions {
            let file = file.display().to_string();
            let file = Escaped(&file);
            let _ = match self.harness.is_private(name) {
                true => writeln!(lines, "  {name} (private)  {file}"),
                false => writeln!(lines, "  http://{address}/{name}  {file}"),
            };
            match self.harness.describe_reuse(name) {
                Some(reuse) if self.is_verbose => {
                    let _ = writeln!(lines, "    {reuse}");
                }
                _ => {}
            }
        }
        lines
    }
}

/// Writes lines to standard output from a separate thread. A pipe that is full or closed neither
/// blocks nor ends the server.
pub(crate) fn announce(lines: String) {
    let lost = lines.lines().next().unwrap_or_default().to_owned();
    let thread = thread::Builder::new().name("functions-announce".into());
    let spawned = thread.spawn(move || {
        if let Err(error) = write(&lines) {
            let first = lines.lines().next().unwrap_or_default();
            tracing::warn!("cannot write to standard output: {error}; {first}");
        }
    });
    if let Err(error) = spawned {
        tracing::warn!("cannot start a thread: {error}; {lost}");
    }
}

fn write(lines: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(lines.as_bytes())?;
    stdout.flush()
}
