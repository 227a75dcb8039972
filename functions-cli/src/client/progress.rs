//! Shows on a terminal how far an upload is.

use std::io::{self, Read};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A component as it is uploaded. Once it is, the host compiles.
pub(super) struct Progress<'a> {
    rest: &'a [u8],
    bar: ProgressBar,
}

impl<'a> Progress<'a> {
    /// Shows nothing unless standard error is a terminal.
    pub(super) fn new(name: &str, component: &'a [u8]) -> Self {
        let size = u64::try_from(component.len()).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
        if let Ok(style) =
            ProgressStyle::with_template("{prefix} {bar:30} {bytes}/{total_bytes} {msg}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        Self {
            rest: component,
            bar,
        }
    }
}

impl Read for Progress<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(buffer)?;
        self.bar.inc(u64::try_from(read).unwrap_or(u64::MAX));
        if self.rest.is_empty() {
            self.bar.set_message("compiling");
            self.bar.enable_steady_tick(Duration::from_millis(100));
        }
        Ok(read)
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
