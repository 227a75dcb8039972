use std::sync::Arc;

use super::{InvocationId, OutputStream, Record, RecordKind, Sink};

/// The longest line that is kept in one piece, in bytes; a longer one is cut into several.
pub(crate) const MAX_LINE: usize = 16 * 1024;

/// Cuts what is written to one stream of one invocation into lines.
pub(crate) struct Lines {
    sink: Sink,
    function: Arc<str>,
    invocation: InvocationId,
    stream: OutputStream,
    unfinished: Vec<u8>,
}

impl Lines {
    pub(crate) fn new(
        sink: Sink,
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
        (self.sink)(Record {
            function: Arc::clone(&self.function),
            invocation: self.invocation,
            kind: RecordKind::Printed {
                stream: self.stream,
                text,
            },
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
        let sink: Sink = {
            let seen = Arc::clone(&seen);
            Arc::new(move |record| match record.kind {
                RecordKind::Printed { text, .. } => seen.lock().unwrap().push(text),
                RecordKind::Logged { .. } => panic!("nothing was logged"),
            })
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
