//! The bytes of a JSON text, and how far they have been read.

use super::error::Error;

/// How deep lists and objects may be nested, so that no body can exhaust the stack.
const MAX_DEPTH: u8 = 127;

/// A JSON text that is read from front to back. The places that errors name are serde_json's.
pub(super) struct Source<'de> {
    pub(super) bytes: &'de [u8],
    pub(super) at: usize,
    depth: u8,
    /// Holds a string while it differs from the text, because of its escapes.
    pub(super) scratch: Vec<u8>,
}

/// A number. What does not fit is kept as it was written.
pub(super) enum Number<'de> {
    Unsigned(u64),
    Signed(i64),
    Other(&'de str),
}

impl<'de> Source<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            depth: 0,
            scratch: Vec::new(),
        }
    }

    /// Another reader of the same text, at `at`.
    pub(super) fn again(&self, at: usize) -> Self {
        Self {
            at,
            ..Self::new(self.bytes)
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'de [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte that is no white space, which is skipped.
    pub(super) fn token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// The next byte of a value, which there must be.
    pub(super) fn value(&mut self) -> Result<u8, Error> {
        match self.token() {
            Some(byte) => Ok(byte),
            None => Err(self.fail_next("EOF while parsing a value")),
        }
    }

    /// Goes one level down. The caller takes it back with [`leave`](Source::leave).
    pub(super) fn enter(&mut self) -> Result<(), Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.fail_next("recursion limit exceeded"));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// A syntax error at the last byte that was read.
    #[cold]
    pub(super) fn fail(&self, what: &'static str) -> Error {
        self.place(Error::syntax(what))
    }

    /// A syntax error at the byte that comes next.
    #[cold]
    pub(super) fn fail_next(&self, what: &'static str) -> Error {
        self.again((self.at + 1).min(self.bytes.len())).fail(what)
    }

    /// Says where an error happened, unless it knows already.
    #[cold]
    pub(super) fn place(&self, error: Error) -> Error {
        let read = self.bytes.get(..self.at).unwrap_or(self.bytes);
        let lines = read.iter().filter(|byte| **byte == b'\n').count();
        let column = read.iter().rev().take_while(|byte| **byte != b'\n').count();
        error.at(lines + 1, column)
    }

    /// The rest of `null`, `true` or `false`.
    pub(super) fn ident(&mut self, rest: &[u8]) -> Result<(), Error> {
        self.skip();
        for expected in rest {
            match self.next() {
                None => return Err(self.fail("EOF while parsing a value")),
                Some(byte) if byte != *expected => return Err(self.fail("expected ident")),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// A number, whose first byte was peeked.
    pub(super) fn number(&mut self) -> Result<Number<'de>, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.skip();
        }
        match self.next() {
            Some(b'0') => {
                if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                    return Err(self.fail_next("invalid number"));
                }
            }
            Some(b'1'..=b'9') => self.digits(),
            Some(_) => return Err(self.fail("invalid number")),
            None => return Err(self.fail("EOF while parsing a value")),
        }
        if self.peek() == Some(b'.') {
            self.skip();
            match self.peek() {
                Some(byte) if byte.is_ascii_digit() => self.digits(),
                Some(_) => return Err(self.fail_next("invalid number")),
                None => return Err(self.fail_next("EOF while parsing a value")),
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.skip();
            if let Some(b'+' | b'-') = self.peek() {
                self.skip();
            }
            match self.next() {
                Some(byte) if byte.is_ascii_digit() => self.digits(),
                Some(_) => return Err(self.fail("invalid number")),
                None => return Err(self.fail("EOF while parsing a value")),
            }
        }
        // A number is ASCII.
        let text = str::from_utf8(self.since(start)).unwrap_or_default();
        Ok(match (text.parse(), text.parse()) {
            (Ok(number), _) => Number::Unsigned(number),
            // `-0` is a float's.
            (_, Ok(number)) if number != 0 => Number::Signed(number),
            _ => Number::Other(text),
        })
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }
}
