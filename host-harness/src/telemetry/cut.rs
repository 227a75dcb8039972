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
    let mut kept = KeptText::default();
    // It fails when the text is full.
    let _ = write!(kept, "{text}");
    kept.text
}

/// The error with the same causes, each cut.
pub(crate) fn cut_causes(error: &wasmtime::Error) -> wasmtime::Error {
    of_causes(error.chain().map(cut_cause).collect())
}

/// The error with the same causes, if `admit` allows their length; otherwise without its backtrace.
pub(crate) fn admitted(
    error: &wasmtime::Error,
    admit: impl FnOnce(usize) -> bool,
) -> wasmtime::Error {
    let mut causes: Vec<_> = error.chain().map(cut_cause).collect();
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

fn cut_cause(cause: impl fmt::Display) -> String {
    let text = cut(cause);
    match text.starts_with(BACKTRACE) {
        true => demangled(&text),
        false => text,
    }
}

/// The backtrace with the names of Rust's functions as in their source. Wasmtime's own feature for that also
/// expands C++ names, of which two kilobytes may stand for gigabytes.
fn demangled(backtrace: &str) -> String {
    let lines = backtrace.split('\n').map(|line| {
        let frame = line.rsplit_once('!');
        let known = frame.and_then(|(frame, name)| Some((frame, demangled_name(name)?)));
        known.map_or_else(
            || line.to_owned(),
            |(frame, name)| format!("{frame}!{name}"),
        )
    });
    cut(lines.collect::<Vec<_>>().join("\n"))
}

/// The beginning of a mangled Rust name in its readable form; `None` for other names.
fn demangled_name(name: &str) -> Option<String> {
    let name = rustc_demangle::try_demangle(name).ok()?;
    let mut start = Start::default();
    // It fails when there is more than a line takes.
    let _ = write!(start, "{name}");
    Some(start.0)
}

/// Takes a little more than a line.
#[derive(Default)]
struct Start(String);

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        match self.0.len() > MAX_LINE {
            true => Err(fmt::Error),
            false => Ok(()),
        }
    }
}

#[derive(Default)]
struct KeptText {
    text: String,
    /// The length of the last line.
    line: usize,
}

impl KeptText {
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

impl Write for KeptText {
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

    /// The names of Rust's functions are readable, and do not grow beyond a line. C++ names stay as they are.
    #[test]
    fn rust_names_are_demangled() {
        let rust = "_ZN1a5inner4deep17h4b569e4410d54929E";
        let cpp = "_ZN1a5inner4deepEv";
        // Ten tuples, each of the one before twice.
        let grows = "_RIC1aTmmETB3_B3_ETB7_B7_ETBf_Bf_ETBn_Bn_ETBv_Bv_ETBD_BD_ETBL_BL_ETBT_BT_ETB11_B11_ETB19_B19_EE";
        let backtrace = |name: &str| {
            let error = wasmtime::Error::msg("trap").context(format!(
                "{BACKTRACE}:\n    0:   0x9 - m!{name}\n    1:   0xa - m!other"
            ));
            format!("{:#}", cut_causes(&error))
        };
        let shown = backtrace(rust);
        assert!(
            shown.contains("m!a::inner::deep::h4b569e4410d54929\n"),
            "{shown}"
        );
        assert!(backtrace(cpp).contains(&format!("m!{cpp}\n")));
        let shown = backtrace(grows);
        assert!(
            shown.contains("m!a::<(u32, u32), ((u32, u32), (u32, u32))")
                && shown.contains("m!other"),
            "{shown}"
        );
        assert!(shown.len() < 2 * MAX_LINE, "{}", shown.len());
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
