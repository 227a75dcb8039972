//! Cuts text that a function chose, in what the host logs and in errors.

use std::fmt::{self, Write};

use super::text::Escaped;

/// The longest line that is kept whole, in bytes: the rest is dropped.
const MAX_LINE: usize = 2 * 1024;

/// The longest text that is kept whole, in bytes: the rest is dropped.
const MAX_TEXT: usize = 16 * 1024;

/// How wasmtime's text of a backtrace begins.
const BACKTRACE: &str = "error while executing at wasm backtrace";

/// The text, escaped except for line ends, within limits: a function names its own functions, headers and
/// exports.
pub(crate) fn cut(text: impl fmt::Display) -> String {
    let mut kept = Kept::default();
    // It fails when the text is full.
    let _ = write!(kept, "{text}");
    kept.text
}

/// The error with the same causes, each cut.
pub(crate) fn cut_causes(error: &wasmtime::Error) -> wasmtime::Error {
    of_causes(error.chain().map(cut).collect())
}

/// The error with the same causes, if `admit` allows their length; otherwise without its backtrace.
pub(crate) fn admitted(
    error: &wasmtime::Error,
    admit: impl FnOnce(usize) -> bool,
) -> wasmtime::Error {
    let mut causes: Vec<_> = error.chain().map(cut).collect();
    if !admit(causes.iter().map(String::len).sum()) {
        for cause in &mut causes {
            if cause.starts_with(BACKTRACE) {
                *cause = "its backtrace is beyond what the invocation may log".into();
            }
        }
    }
    of_causes(causes)
}

fn of_causes(mut causes: Vec<String>) -> wasmtime::Error {
    let root = wasmtime::Error::msg(causes.pop().unwrap_or_default());
    let causes = causes.into_iter().rev();
    causes.fold(root, wasmtime::Error::context)
}

#[derive(Default)]
struct Kept {
    text: String,
    /// The length of the last line.
    line: usize,
}

impl Kept {
    /// Appends a part of a line.
    fn part(&mut self, part: &str) {
        if self.line >= MAX_LINE {
            return;
        }
        // Escaped, it is at least as long.
        let part = part
            .get(..part.floor_char_boundary(MAX_LINE + 4))
            .unwrap_or(part);
        let part = Escaped(part).to_string();
        let left = MAX_LINE - self.line;
        self.line += part.len();
        if part.len() <= left {
            self.text.push_str(&part);
        } else {
            let end = part.floor_char_boundary(left);
            self.text.push_str(part.get(..end).unwrap_or_default());
            self.text.push('…');
        }
    }
}

impl Write for Kept {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (count, part) in text.split('\n').enumerate() {
            if count > 0 {
                self.text.push('\n');
                self.line = 0;
            }
            self.part(part);
            if self.text.len() > MAX_TEXT {
                self.text.truncate(self.text.floor_char_boundary(MAX_TEXT));
                self.text.push('…');
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Short text stays; long lines and long texts are cut, and nothing controls a terminal.
    #[test]
    fn texts_are_cut() {
        assert_eq!(cut("a\n  b: \"é\"\n"), "a\n  b: \"é\"\n");
        assert_eq!(cut("a\u{1b}[2K\r\u{202e}"), "a\\u{1b}[2K\\r\\u{202e}");
        let long = "é".repeat(MAX_LINE);
        let lines = cut(format_args!("{long}{long}\nb"));
        assert_eq!(lines, format!("{}…\nb", "é".repeat(MAX_LINE / 2)));
        let controls = cut("\u{1b}".repeat(100_000));
        assert!(controls.len() < MAX_LINE + 9, "{}", controls.len());
        let many = cut(format!("{long}\n").repeat(100));
        assert!(many.len() < MAX_TEXT + 9, "{}", many.len());
        assert!(cut("\n".repeat(100_000)).len() < MAX_TEXT + 9);
    }

    /// An error keeps its causes, and its backtrace only if that is within what may be logged.
    #[test]
    fn backtraces_are_dropped_beyond_the_limit() {
        let error = || {
            wasmtime::Error::msg("wasm trap: unreachable")
                .context(format!("{BACKTRACE}:\n 0: {}", "n".repeat(100_000)))
        };
        assert_eq!(
            format!("{:#}", cut_causes(&wasmtime::Error::msg("a").context("b"))),
            "b: a"
        );
        let whole = format!("{:?}", admitted(&error(), |bytes| bytes < 3000));
        assert!(
            whole.contains("nnn") && whole.contains("wasm trap"),
            "{whole}"
        );
        assert!(whole.len() < 3000);
        let short = format!("{:?}", admitted(&error(), |_| false));
        assert!(
            !short.contains("nnn") && short.contains("wasm trap"),
            "{short}"
        );
    }
}
