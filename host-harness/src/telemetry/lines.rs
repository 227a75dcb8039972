/// The longest line that is kept whole, in bytes; a longer one is split.
pub(super) const MAX_LINE: usize = 16 * 1024;

/// Splits the bytes written to one stream into lines.
#[derive(Debug, Default)]
pub(super) struct LineSplitter {
    unfinished: Vec<u8>,
}

impl LineSplitter {
    /// Calls `emit` with every line that is complete with `bytes`, and whether its end was written.
    pub(super) fn write(&mut self, bytes: &[u8], mut emit: impl FnMut(&[u8], bool)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for part in piece.chunks(MAX_LINE) {
                if self.unfinished.len() + part.len() > MAX_LINE {
                    self.finish(&mut emit);
                }
                self.unfinished.extend_from_slice(part);
            }
            if piece.ends_with(b"\n") {
                self.unfinished.pop();
                if self.unfinished.ends_with(b"\r") {
                    self.unfinished.pop();
                }
                emit(&self.unfinished, true);
                self.unfinished.clear();
            }
        }
    }

    /// Calls `emit` with the unfinished line, if there is one.
    pub(super) fn finish(&mut self, mut emit: impl FnMut(&[u8], bool)) {
        if !self.unfinished.is_empty() {
            emit(&self.unfinished, false);
            self.unfinished.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(writes: &[&[u8]]) -> Vec<String> {
        let mut seen = Vec::new();
        let mut emit = |line: &[u8], _| seen.push(String::from_utf8_lossy(line).into_owned());
        let mut lines = LineSplitter::default();
        for write in writes {
            lines.write(write, &mut emit);
        }
        lines.finish(emit);
        seen
    }

    /// Lines are split at line ends, however they were written; the last needs no line end.
    #[test]
    fn lines_are_split_at_line_ends() {
        assert_eq!(
            lines_of(&[b"a", b"b\ncd\n\ne\r\n", b"f"]),
            ["ab", "cd", "", "e", "f"]
        );
        assert_eq!(lines_of(&[b"a\xff\n"]), ["a\u{fffd}"]);
        assert!(lines_of(&[b""]).is_empty());
    }

    /// An endless line is split, so that it is never held whole.
    #[test]
    fn endless_lines_are_split() {
        let endless = vec![b'x'; MAX_LINE];
        let lines = lines_of(&[&endless, &endless, b"y\n"]);
        let lengths: Vec<_> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [MAX_LINE, MAX_LINE, 1]);
    }
}
