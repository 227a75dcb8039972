//! What functions print, line by line.

use std::fmt;
use std::sync::Arc;

use crate::telemetry::InvocationId;

/// The longest line that is kept in one piece, in bytes; a longer one is cut into several.
pub(crate) const MAX_LINE: usize = 16 * 1024;

/// One line that a function printed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OutputLine {
    /// The function's name.
    pub function: Arc<str>,
    /// The invocation that printed it.
    pub invocation: InvocationId,
    /// Where it was printed to.
    pub stream: OutputStream,
    /// The line, without its end. What was not UTF-8 is replaced by U+FFFD.
    pub text: String,
}

impl fmt::Display for OutputLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "[{} {} {}] {}",
            self.function, self.invocation, self.stream, self.text
        )
    }
}

/// Where a function printed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Its standard output.
    Stdout,
    /// Its standard error, where panics go too.
    Stderr,
}

impl fmt::Display for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        })
    }
}

/// Takes every line that any function prints.
pub(crate) type OutputSink = Arc<dyn Fn(OutputLine) + Send + Sync>;

/// Writes lines to the host's standard error.
pub(crate) fn to_stderr() -> OutputSink {
    use std::io::Write as _;
    // A host without a standard error goes on without it, rather than panic.
    Arc::new(|line| drop(writeln!(std::io::stderr(), "{line}")))
}

/// Cuts what is written to one stream of one invocation into lines.
pub(crate) struct Lines {
    sink: OutputSink,
    function: Arc<str>,
    invocation: InvocationId,
    stream: OutputStream,
    unfinished: Vec<u8>,
}

impl Lines {
    pub(crate) fn new(
        sink: OutputSink,
        function: Arc<str>,
        invocation: InvocationId,
        stream: OutputStream,
    ) -> Self {
        Self {
            sink,
            function,
            invocation,
            stream,
            unfinished: Vec::new(),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for part in piece.chunks(MAX_LINE) {
                if self.unfinished.len() + part.len() > MAX_LINE {
                    self.finish();
                }
                self.unfinished.extend_from_slice(part);
            }
            if piece.ends_with(b"\n") {
                self.unfinished.pop();
                if self.unfinished.ends_with(b"\r") {
                    self.unfinished.pop();
                }
                self.emit();
            }
        }
    }

    /// Hands out what is there of a line that has no end yet.
    fn finish(&mut self) {
        if !self.unfinished.is_empty() {
            self.emit();
        }
    }

    fn emit(&mut self) {
        let text = String::from_utf8_lossy(&self.unfinished).into_owned();
        self.unfinished.clear();
        (self.sink)(OutputLine {
            function: Arc::clone(&self.function),
            invocation: self.invocation,
            stream: self.stream,
            text,
        });
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn lines_of(writes: &[&[u8]]) -> Vec<String> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink: OutputSink = {
            let seen = Arc::clone(&seen);
            Arc::new(move |line| seen.lock().unwrap().push(line.text))
        };
        let mut lines = Lines::new(sink, "f".into(), InvocationId::new(), OutputStream::Stdout);
        for write in writes {
            lines.write(write);
        }
        drop(lines);
        Arc::into_inner(seen).unwrap().into_inner().unwrap()
    }

    /// Lines are what stands between line ends, however it was written; the last needs no end.
    #[test]
    fn splits_at_line_ends() {
        assert_eq!(
            lines_of(&[b"a", b"b\ncd\n\ne\r\n", b"f"]),
            ["ab", "cd", "", "e", "f"]
        );
        assert_eq!(lines_of(&[b"a\xff\n"]), ["a\u{fffd}"]);
        assert!(lines_of(&[b""]).is_empty());
    }

    /// An endless line comes in pieces, so that it is never held whole.
    #[test]
    fn cuts_endless_lines() {
        let endless = vec![b'x'; MAX_LINE];
        let lines = lines_of(&[&endless, &endless, b"y\n"]);
        let lengths: Vec<_> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [MAX_LINE, MAX_LINE, 1]);
    }
}
